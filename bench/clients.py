"""`parley.client` beside python-socketio's, in the same run: what is sent, acknowledged and heard.

python -m bench --client             within three minutes
python -m bench --client --quick     a look
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import socketio
import uvloop

from bench import machine
from bench.machine import Cores
from bench.servers import Parley, Running
from bench.tally import WORDS
from parley.client import Client

AT_LEAST_A_SECOND = 5_000
CLIENTS = 50
"""In one process, each in a conversation of its own: of one client the server stores one message
after the other.
"""
IN_FLIGHT = 20
"""Messages of each that were sent and not acknowledged yet."""
COUNT, ROUNDS = 30_000, 5
QUICK_COUNT, QUICK_ROUNDS = 8_000, 2
WITHIN_S = 120.0

Say = Callable[[int], Awaitable[object]]


def measure(checkout: Path, cores: Cores, *, is_quick: bool) -> str:
    """As lines to print: messages a second that each sent, had acknowledged and heard."""
    count, rounds = (QUICK_COUNT, QUICK_ROUNDS) if is_quick else (COUNT, ROUNDS)
    rates: dict[str, list[float]] = {"parley.client": [], "python-socketio": []}
    cpu: dict[str, list[float]] = {name: [] for name in rates}
    with (
        Parley(checkout).running(cores.server) as server,
        machine.pinned(cores.load),
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        for turn in range(rounds):
            kinds = [("parley.client", _ours), ("python-socketio", _theirs)]
            for name, talk in kinds[:: 1 if turn % 2 else -1]:
                counted = runner.run(talk(server, count))
                rates[name].append(count / counted.wall_s)
                cpu[name].append(1e6 * counted.cpu_s / count)
    best = {name: statistics.median(found) for name, found in rates.items()}
    verdict = "reached" if best["parley.client"] >= AT_LEAST_A_SECOND else "MISSED"
    return "\n".join(
        (
            f"{count:,} messages of {CLIENTS} clients, {rounds} rounds each, all on one core",
            *(
                f"{name:16} {rate:8,.0f} a second, "
                f"{statistics.median(cpu[name]):6.0f} µs of CPU each"
                for name, rate in best.items()
            ),
            f"({verdict}: at least {AT_LEAST_A_SECOND:,} a second)",
        )
    )


async def _ours(server: Running, count: int) -> Counted:
    base = f"http://127.0.0.1:{server.port}/conversation/"
    async with contextlib.AsyncExitStack() as stack:
        talks = [
            await stack.enter_async_context(Client(base + room_id, name="Ada"))
            for room_id in server.make_rooms(CLIENTS)
        ]
        with _counted() as counted:
            await asyncio.gather(*(_ours_talks(talk, count // CLIENTS) for talk in talks))
    return counted


async def _ours_talks(talk: Client, count: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        heard = asyncio.create_task(_heard(talk, count))
        await _say_all(lambda number: talk.send(f"{number} {WORDS}"), count)
        await heard


async def _heard(talk: Client, count: int) -> None:
    async for _ in talk.messages():
        count -= 1
        if not count:
            return


async def _theirs(server: Running, count: int) -> Counted:
    talks = [_Theirs(room_id) for room_id in server.make_rooms(CLIENTS)]
    for talk in talks:
        await talk.joins(server.port)
    try:
        with _counted() as counted:
            await asyncio.gather(*(talk.talks(count // CLIENTS) for talk in talks))
    finally:
        for talk in talks:
            await talk.client.disconnect()
    return counted


class _Theirs:
    """The same by python-socketio."""

    def __init__(self, room_id: str) -> None:
        self.room_id = room_id
        self.client = socketio.AsyncClient(handle_sigint=False)
        self.left = 0
        self.is_all = asyncio.Event()
        self.client.on("new_message", self._hear)

    async def joins(self, port: int) -> None:
        await self.client.connect(
            f"http://127.0.0.1:{port}", transports=["websocket"], wait_timeout=30
        )
        joining = {"room_id": self.room_id, "username": "Ada"}
        assert (await self.client.call("join_room", joining))["ok"]

    async def talks(self, count: int) -> None:
        self.left = count
        async with asyncio.timeout(WITHIN_S):
            await _say_all(self._say, count)
            await self.is_all.wait()

    async def _say(self, number: int) -> None:
        said = {
            "room_id": self.room_id,
            "message": f"{number} {WORDS}",
            "client_id": f"{number}",
        }
        answer = await self.client.call("send_message", said)
        assert answer["ok"], answer

    def _hear(self, _message: object) -> None:
        self.left -= 1
        if not self.left:
            self.is_all.set()


async def _say_all(say: Say, count: int) -> None:
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await say(number)

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))


@dataclass
class Counted:
    """What it took."""

    wall_s: float = 0.0
    cpu_s: float = 0.0


@contextlib.contextmanager
def _counted() -> Iterator[Counted]:
    counted = Counted(-time.perf_counter(), -time.process_time())
    yield counted
    counted.wall_s += time.perf_counter()
    counted.cpu_s += time.process_time()
