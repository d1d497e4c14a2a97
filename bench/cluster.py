"""`python -m bench --cluster`: two processes beside one, and beside two of Node.js with Redis.

On two cores, two servers and the load that is to keep both busy do not fit: who measures the
time of that measures the load. So the CPU time is counted that each group of processes uses for a
message, while as many messages are under way as make each wait for work of its own: so many for
each process, as two that are each as busy as one alone have twice as many between them, and half as
many for each would make commits of half the size. One core has a million microseconds a second:
what one process costs says how many messages one core carries, what two cost together how many two
cores carry. The load, the database and Redis are counted apart; they have cores, or machines, of
their own where this matters.

Everybody sits at the two processes by turns, so every room is at both.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import engines, machine
from bench.crowd import Crowd, crowd
from bench.paces import all_arrived, as_fast_as_they_arrive, at_rate
from bench.servers import Missing, Node, Parley, _port_said_by
from bench.tally import spread_ms

STARTED_WITHIN_S = 120.0
SETTLE_S = 1.0


@dataclass(frozen=True)
class Load:
    name: str
    rooms: int
    people: int
    in_flight: int
    """Messages under way for each process, where it is saturated."""
    rate: float
    """Messages a second where it is not to be saturated."""


LOADS = (
    Load("200 rooms of 4", 200, 4, 100, 60.0),
    Load("4 rooms of 200", 4, 200, 16, 4.0),
)


@dataclass
class Started:
    """Servers that make one service."""

    processes: int
    ports: list[int]
    groups: dict[str, Callable[[], list[int]]]
    """The process ids of each group that is counted, as they are now."""
    make_rooms: Callable[[int], list[str]]
    database: str = ""
    """The URL of its PostgreSQL."""


@dataclass
class Figures:
    cpu_us: dict[str, float] = field(default_factory=dict)
    """A message, saturated, by group."""
    messages_s: float = 0.0
    spread: dict[str, float] = field(default_factory=dict)
    """At the fixed rate."""
    lost: int = 0

    @property
    def serving_us(self) -> float:
        return self.cpu_us["servers"]


def parley(
    workers: int, *, has_redis: bool, is_embedded: bool = False, more: str = ""
) -> Iterator[Started]:
    """`more` are lines for PostgreSQL's configuration."""
    with contextlib.ExitStack() as stack:
        url = ""
        flags = ["--workers", str(workers)] if workers > 1 else []
        groups: dict[str, Callable[[], list[int]]] = {}
        if not is_embedded:
            url, postmaster = stack.enter_context(engines.postgresql(more))
            flags += ["--database-url", url]
            groups["PostgreSQL"] = lambda: family(postmaster)
        if has_redis:
            redis_url, pid = stack.enter_context(engines.redis())
            flags += ["--redis-url", redis_url]
            groups["Redis"] = lambda: [pid]
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        kind = Parley()
        command = [*kind.command(Path(scratch)), *flags]
        process = stack.enter_context(_started(command, kind.folder(), kind.environ()))
        port = _port(process)
        top = process.pid
        if workers > 1:
            groups["supervisor"] = lambda: [top]
            groups["servers"] = lambda: children(top)
        else:
            groups["servers"] = lambda: [top]
        yield Started(workers, [port], groups, lambda count: kind.make_rooms(port, count), url)


def node(processes: int) -> Iterator[Started]:
    kind = Node()
    kind.prepare()
    with contextlib.ExitStack() as stack:
        environ = kind.environ()
        groups: dict[str, Callable[[], list[int]]] = {}
        if processes > 1:
            url, pid = stack.enter_context(engines.redis())
            environ["REDIS_URL"] = url
            groups["Redis"] = lambda: [pid]
        started = [
            stack.enter_context(_started(kind.command(Path()), kind.folder(), environ))
            for _ in range(processes)
        ]
        pids = [each.pid for each in started]
        groups["servers"] = lambda: pids
        ports = [_port(each) for each in started]
        yield Started(processes, ports, groups, lambda count: kind.make_rooms(ports[0], count))


SERVICES: dict[str, Callable[[], Iterator[Started]]] = {
    "Parley, SQLite": lambda: parley(1, has_redis=False, is_embedded=True),
    "Parley, PostgreSQL": lambda: parley(1, has_redis=False),
    "Parley, PostgreSQL and Redis": lambda: parley(1, has_redis=True),
    "2 Parley, PostgreSQL": lambda: parley(2, has_redis=False),
    "2 Parley, PostgreSQL and Redis": lambda: parley(2, has_redis=True),
    "Node.js": lambda: node(1),
    "2 Node.js, Redis": lambda: node(2),
}


@contextlib.contextmanager
def _started(
    command: Sequence[str], folder: Path, environ: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(  # our own command lines
        command,
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _port(process: subprocess.Popen[str]) -> int:
    until = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        if (port := _port_said_by(process)) is not None:
            return port
    raise Missing("A server did not start.")


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def family(pid: int) -> list[int]:
    return [pid, *children(pid)]


def used_s(pids: Sequence[int]) -> float:
    total = 0.0
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):
            total += machine.cpu_s(pid)
    return total


async def measured(
    started: Started, load: Load, seconds: float, *, is_shared: bool = False
) -> Figures:
    """With `is_shared`, all processes together have as many messages under way as one alone."""
    figures = Figures()
    async with crowd() as people:
        await people.join(started.ports, started.make_rooms(load.rooms), load.people)
        if people.refused:
            why = ", ".join(f"{count} with {what}" for what, count in people.refusals.items())
            raise Missing(f"{people.refused} people were refused: {why}.")
        senders = people.clients
        tally = people.tally
        await asyncio.sleep(SETTLE_S)
        in_flight = load.in_flight * (1 if is_shared else started.processes)
        await _saturated(people, load.people, in_flight, 1.0)  # until everything is warm
        tally.reset()
        before = {name: used_s(pids()) for name, pids in started.groups.items()}
        began = time.perf_counter()
        await _saturated(people, load.people, in_flight, seconds)
        took_s = time.perf_counter() - began
        sent = tally.sent
        figures.messages_s = sent / took_s
        for name, pids in started.groups.items():
            figures.cpu_us[name] = (used_s(pids()) - before[name]) / sent * 1e6
        figures.lost = await all_arrived(tally, load.people)
        tally.reset()
        await at_rate(senders, load.rate, seconds)
        figures.lost += await all_arrived(tally, load.people)
        figures.spread = spread_ms(tally.latencies_s)
    return figures


async def _saturated(people: Crowd, copies: int, in_flight: int, seconds: float) -> None:
    await as_fast_as_they_arrive(people.clients, copies, in_flight, seconds)
    await all_arrived(people.tally, copies)


ROUNDS, SECONDS = 3, 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--only", nargs="+", choices=list(SERVICES), default=list(SERVICES))
    parser.add_argument("--shared", action="store_true", help="so many under way for all together")
    asked = parser.parse_args()
    machine.allow_many_files()
    measure(asked.only, rounds=asked.rounds, seconds=asked.seconds, is_shared=asked.shared)


def measure(
    services: Sequence[str] = tuple(SERVICES),
    *,
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    is_shared: bool = False,
) -> None:
    """Print what each of the services costs, round by round and in all."""
    found: dict[tuple[str, str], list[Figures]] = {}
    for number in range(rounds):
        # By turns, so that whatever else the machine does meets all of them.
        for name in services:
            for load in LOADS:
                try:
                    with contextlib.contextmanager(SERVICES[name])() as started:
                        figures = asyncio.run(measured(started, load, seconds, is_shared=is_shared))
                except Missing as error:
                    print(f"{name}: {error}", file=sys.stderr)
                    continue
                found.setdefault((load.name, name), []).append(figures)
                print(f"round {number + 1}, {load.name}, {_line(name, [figures])}", flush=True)
    print(f"\n{machine.describe()}\n")
    for load in LOADS:
        print(load.name)
        for name in services:
            if figures_of := found.get((load.name, name)):
                print(f"  {_line(name, figures_of)}")
        _compare(load.name, found)


def _line(name: str, rounds: Sequence[Figures]) -> str:
    def median(of: Callable[[Figures], float]) -> float:
        return statistics.median(map(of, rounds))

    groups = ", ".join(
        f"{group} {median(lambda each, group=group: each.cpu_us.get(group, 0.0)):.0f}"  # type: ignore[misc]
        for group in sorted(rounds[0].cpu_us)
    )
    p50, p99 = (median(lambda each, key=key: each.spread[key]) for key in ("p50_ms", "p99_ms"))  # type: ignore[misc]
    return (
        f"{name:32} µs of CPU a message: {groups}; {median(lambda each: each.messages_s):.0f} a "
        f"second; unhurried p50 {p50:.1f} ms, p99 {p99:.1f} ms; "
        f"lost {sum(each.lost for each in rounds)}"
    )


def _compare(load: str, found: dict[tuple[str, str], list[Figures]]) -> None:
    def cost(name: str) -> float | None:
        rounds = found.get((load, name))
        return None if not rounds else statistics.median(each.serving_us for each in rounds)

    for two, one in (
        ("2 Parley, PostgreSQL", "Parley, PostgreSQL"),
        ("2 Parley, PostgreSQL and Redis", "Parley, PostgreSQL and Redis"),
        ("2 Node.js, Redis", "Node.js"),
    ):
        alone, both = cost(one), cost(two)
        if alone and both:
            print(f"  two cores carry {2 * alone / both:.2f} × what one does: {two}")
    for ours in ("2 Parley, PostgreSQL and Redis", "2 Parley, PostgreSQL"):
        mine, theirs = cost(ours), cost("2 Node.js, Redis")
        if mine and theirs:
            print(f"  and {theirs / mine:.2f} × what 2 Node.js with Redis do: {ours}")
    embedded = cost("Parley, SQLite")
    for ours in ("Parley, PostgreSQL", "Parley, PostgreSQL and Redis"):
        if embedded and (figures_of := found.get((load, ours))):
            whole = statistics.median(sum(_served(each)) for each in figures_of)
            print(f"  a message costs {whole / embedded:.2f} × the embedded one's CPU: {ours}")
    for ours in ("2 Parley, PostgreSQL", "2 Parley, PostgreSQL and Redis"):
        across, within = found.get((load, ours)), found.get((load, ours.removeprefix("2 ")))
        if across and within:
            ratio = _p99(across) / _p99(within)
            print(f"  p99 across processes {ratio:.2f} × that within one: {ours}")


def _served(figures: Figures) -> Iterator[float]:
    """Of all servers that it takes: ours, the database's, Redis."""
    return (cost for group, cost in figures.cpu_us.items() if group != "the load")


def _p99(rounds: Sequence[Figures]) -> float:
    return statistics.median(each.spread["p99_ms"] for each in rounds)


if __name__ == "__main__":
    main()
