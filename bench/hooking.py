"""What webhooks cost those who talk: one server that tells some and one that tells none, loaded by
turns.

    python -m bench --hooks             within ten minutes
    python -m bench --hooks --quick     a look, within two
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import json
import statistics
import subprocess
import sys
import urllib.request
from array import array
from collections.abc import Iterator
from pathlib import Path

import uvloop

from bench import machine
from bench.crowd import Crowd, crowd
from bench.machine import Cores, Meter
from bench.paces import all_arrived, at_rate
from bench.servers import ROOT, Parley, Running
from bench.tally import percentile

ROOMS, PEOPLE = 20, 10
WEBHOOKS = 10
"""Of each room: all it may have."""
RATE = 100.0
"""Messages a second, in all: so many times the webhooks are queued."""
TURN_S = 10.0
PAIRS, QUICK_PAIRS = 15, 3
WARM_UP_S = 3.0
WITHIN_S = 10.0
P99_AT_MOST, QUEUED_AT_LEAST = 1.1, 1000.0


class _WithWebhooks(Parley):
    def command(self, scratch: Path) -> list[str]:
        return [*super().command(scratch), "--hook-networks", "127.0.0.0/8"]


def measure(checkout: Path, cores: Cores, *, is_quick: bool) -> str:
    """As lines to print: each figure with its aim."""
    pairs = QUICK_PAIRS if is_quick else PAIRS
    gc.disable()
    with (
        Parley(checkout).running(cores.server) as without,
        _WithWebhooks(checkout).running(cores.server) as having,
        _receiving(cores) as port,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        turns = _Turns(without, having, port)
        runner.run(turns.take(pairs))
    return "\n".join(turns.lines())


class _Turns:
    """Both sides, and what was measured of them."""

    def __init__(self, without: Running, having: Running, port: int) -> None:
        self._sides = (without, having)
        self._port = port
        self._p99_s: tuple[list[float], list[float]] = ([], [])
        self._cpu_s: tuple[list[float], list[float]] = ([], [])
        self._queued: list[float] = []
        self._sent: list[float] = []

    async def take(self, pairs: int) -> None:
        without, having = self._sides
        async with crowd() as some, crowd() as others:
            rooms = without.make_rooms(ROOMS), _rooms_that_tell(having, self._port)
            for side, people in enumerate((some, others)):
                await people.join(self._sides[side].port, rooms[side], PEOPLE)
                await self._talk(people, WARM_UP_S)
            for number in range(pairs):
                for side in (0, 1) if number % 2 else (1, 0):
                    await self._turn(side, (some, others)[side])
                print(f"{number + 1}/{pairs}", file=sys.stderr, flush=True)

    async def _talk(self, people: Crowd, for_s: float) -> None:
        await at_rate(people.clients, RATE, for_s)
        await all_arrived(people.tally, PEOPLE)

    async def _turn(self, side: int, people: Crowd) -> None:
        people.tally.reset()
        gc.collect()
        before = await asyncio.to_thread(_taken, self._port)
        meter = Meter(self._sides[side].pid)
        await self._talk(people, TURN_S)
        meter.read()
        self._p99_s[side].append(percentile(sorted(array("d", people.tally.latencies_s)), 0.99))
        self._cpu_s[side].append(meter.server_s / TURN_S)
        if side == 1:
            self._queued.append(people.tally.sent * WEBHOOKS / TURN_S)
            self._sent.append((await asyncio.to_thread(_taken, self._port) - before) / TURN_S)
            await self._until_all_went()

    async def _until_all_went(self) -> None:
        """The other side has the machine for itself, and the next turn too."""
        last = -1
        while (now := await asyncio.to_thread(_taken, self._port)) != last:
            last = now
            await asyncio.sleep(1.0)

    def lines(self) -> list[str]:
        plain, hooked = (statistics.median(each) for each in self._p99_s)
        ratios = [one / other for one, other in zip(self._p99_s[1], self._p99_s[0], strict=True)]
        cpu = [100 * statistics.median(each) for each in self._cpu_s]
        return [
            f"{len(ratios)} turns of {TURN_S:g} s each, {RATE:g} messages a second in "
            f"{ROOMS} rooms of {PEOPLE} people:",
            f"  queued            {statistics.median(self._queued):7.0f} a second "
            f"(aim {QUEUED_AT_LEAST:g})",
            f"  sent meanwhile    {statistics.median(self._sent):7.0f} a second",
            f"  p99 without       {1e3 * plain:7.2f} ms",
            f"  p99 with          {1e3 * hooked:7.2f} ms",
            f"  with / without    {statistics.median(ratios):7.3f} (aim {P99_AT_MOST})",
            f"  CPU of the server {cpu[0]:7.1f} % of a core without, {cpu[1]:.1f} % with",
        ]


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


def _taken(port: int) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=WITHIN_S) as answer:
        return int(answer.read())
