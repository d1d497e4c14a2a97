"""What webhooks cost those who talk: servers that tell none, that only queue, and that send, loaded
by turns.

    python -m bench --hooks             within a quarter of an hour
    python -m bench --hooks --quick     a look, within two minutes
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import json
import socket
import sqlite3
import statistics
import subprocess
import sys
import urllib.request
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvloop

from bench import machine
from bench.crowd import Crowd, crowd
from bench.machine import Cores, Meter
from bench.paces import all_arrived, at_rate
from bench.servers import ROOT, Parley, Running
from bench.tally import percentile
from parley.storage.folder import NAME

ROOMS, PEOPLE = 20, 10
WEBHOOKS = 10
"""Of each room: all it may have."""
RATE = 100.0
"""Messages a second, in all: so many times the webhooks are queued."""
TURN_S = 10.0
TURNS, QUICK_TURNS = 15, 3
WARM_UP_S = 3.0
WITHIN_S = 10.0
P99_AT_MOST, QUEUED_AT_LEAST = 1.1, 1000.0


class _WithWebhooks(Parley):
    data = Path()

    def command(self, scratch: Path) -> list[str]:
        self.data = scratch / "data"
        return [*super().command(scratch), "--hook-networks", "127.0.0.0/8"]

    def queued(self) -> int:
        """What was, in all: each message once for each webhook."""
        address = f"file:{self.data / NAME}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as connection:
            [(count,)] = connection.execute("SELECT sum(through_seq) FROM webhooks")
        return int(count)


def measure(checkout: Path, cores: Cores, *, is_quick: bool) -> str:
    """As lines to print: each figure with its aim."""
    turns = QUICK_TURNS if is_quick else TURNS
    gc.disable()
    queueing, sending = _WithWebhooks(checkout), _WithWebhooks(checkout)
    with (
        Parley(checkout).running(cores.server) as without,
        queueing.running(cores.server) as refused,
        sending.running(cores.server) as taken,
        _receiving(cores) as port,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        sides = (
            _Side("told to nobody", without, without.make_rooms(ROOMS)),
            # Once each was refused it is left alone for longer and longer.
            _Side("queued", refused, _rooms_that_tell(refused, _port_of_nobody()), queueing),
            _Side("queued and sent", taken, _rooms_that_tell(taken, port), sending),
        )
        runner.run(_take(sides, turns, port))
    return "\n".join(_lines(sides))


class _Side:
    """One server, and what was measured of it, a figure for each turn."""

    def __init__(
        self, name: str, server: Running, rooms: list[str], kind: _WithWebhooks | None = None
    ) -> None:
        self.name, self.server, self.rooms, self.kind = name, server, rooms, kind
        self.p99_s: list[float] = []
        self.cpu_s: list[float] = []
        self.queued: list[float] = []
        self.sent: list[float] = []

    async def talk(self, people: Crowd, for_s: float) -> None:
        await at_rate(people.clients, RATE, for_s)
        await all_arrived(people.tally, PEOPLE)

    async def turn(self, people: Crowd, port: int) -> None:
        people.tally.reset()
        gc.collect()
        before, taken = self.kind.queued() if self.kind else 0, await _taken(port)
        meter = Meter(self.server.pid)
        await self.talk(people, TURN_S)
        meter.read()
        now = self.kind.queued() if self.kind else 0
        self.queued.append((now - before) / TURN_S)
        self.sent.append((await _taken(port) - taken) / TURN_S)
        self.p99_s.append(percentile(sorted(array("d", people.tally.latencies_s)), 0.99))
        self.cpu_s.append(meter.server_s / TURN_S)
        await _until_all_went(port)


async def _take(sides: Sequence[_Side], turns: int, port: int) -> None:
    async with contextlib.AsyncExitStack() as stack:
        crowds = [await stack.enter_async_context(crowd()) for _ in sides]
        for side, people in zip(sides, crowds, strict=True):
            await people.join(side.server.port, side.rooms, PEOPLE)
            await side.talk(people, WARM_UP_S)
        for number in range(turns):
            both = list(zip(sides, crowds, strict=True))
            for side, people in both if number % 2 else reversed(both):
                await side.turn(people, port)
            print(f"{number + 1}/{turns}", file=sys.stderr, flush=True)


async def _until_all_went(port: int) -> None:
    """The others have the machine for themselves."""
    last = -1
    while (now := await _taken(port)) != last:
        last = now
        await asyncio.sleep(1.0)


def _lines(sides: Sequence[_Side]) -> Iterator[str]:
    plain = sides[0]
    yield (
        f"{len(plain.p99_s)} turns of {TURN_S:g} s each, {RATE:g} messages a second in "
        f"{ROOMS} rooms of {PEOPLE} people. Each is"
    )
    for side in sides:
        ratio = statistics.median(
            one / other for one, other in zip(side.p99_s, plain.p99_s, strict=True)
        )
        p99_s, cpu_s, queued, sent = (
            statistics.median(each) for each in (side.p99_s, side.cpu_s, side.queued, side.sent)
        )
        yield (
            f"  {side.name:16} p99 {1e3 * p99_s:6.2f} ms, {ratio:5.3f} ×; queued {queued:5.0f} and "
            f"sent {sent:5.0f} a second; CPU {100 * cpu_s:4.1f} % of a core"
        )
    yield f"Aims: {QUEUED_AT_LEAST:g} queued a second, p99 at most {P99_AT_MOST} ×."


def _rooms_that_tell(server: Running, port: int) -> list[str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=WITHIN_S)
    rooms = []
    with contextlib.closing(connection):
        for _ in range(ROOMS):
            made = _asked(connection, "/api/conversations/create", {})
            path = f"/api/conversations/{made['room_id']}/webhooks"
            for number in range(WEBHOOKS):
                body = {"url": f"http://127.0.0.1:{port}/{number}"}
                _asked(connection, path, body, token=str(made["token"]))
            rooms.append(str(made["room_id"]))
    return rooms


def _asked(
    connection: http.client.HTTPConnection, path: str, body: object, *, token: str = ""
) -> dict[str, object]:
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request("POST", path, json.dumps(body), headers)
    answer = connection.getresponse()
    found: dict[str, object] = json.loads(answer.read())
    if answer.status >= 300:
        raise RuntimeError(f"{path}: {found}")
    return found


@contextlib.contextmanager
def _receiving(cores: Cores) -> Iterator[int]:
    """The port of an address that takes everything."""
    with machine.pinned(cores.load):
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.peers.receiver"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def _port_of_nobody() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _taken(port: int) -> int:
    return await asyncio.to_thread(_read_taken, port)


def _read_taken(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=WITHIN_S) as answer:
        return int(answer.read())
