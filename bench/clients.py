"""`parley.client` beside python-socketio's, in the same run: what is sent, acknowledged and heard.

python -m bench --client             within three minutes
python -m bench --client --quick     a look
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import socketio
import uvloop

from bench import machine
from bench.machine import Cores
from bench.servers import Parley, Running
from bench.tally import WORDS
from parley.client import Client

AT_LEAST_A_SECOND = 5_000
IN_FLIGHT = 200
"""Messages that were sent and not acknowledged yet, as of a program that does not wait for each."""
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
                began_s, began_cpu_s = time.perf_counter(), time.process_time()
                runner.run(talk(server, count))
                rates[name].append(count / (time.perf_counter() - began_s))
                cpu[name].append(1e6 * (time.process_time() - began_cpu_s) / count)
    best = {name: statistics.median(found) for name, found in rates.items()}
    verdict = "reached" if best["parley.client"] >= AT_LEAST_A_SECOND else "MISSED"
    return "\n".join(
        (
            f"{count:,} messages, {IN_FLIGHT} in flight, {rounds} rounds each, on one core",
            *(
                f"{name:16} {rate:8,.0f} a second, "
                f"{statistics.median(cpu[name]):6.0f} µs of CPU each"
                for name, rate in best.items()
            ),
            f"({verdict}: at least {AT_LEAST_A_SECOND:,} a second)",
        )
    )


async def _ours(server: Running, count: int) -> None:
    [room_id] = server.make_rooms(1)
    link = f"http://127.0.0.1:{server.port}/conversation/{room_id}"
    async with Client(link, name="Ada") as talk, asyncio.timeout(WITHIN_S):
        heard = asyncio.create_task(_heard(talk, count))
        await _say_all(lambda number: talk.send(f"{number} {WORDS}"), count)
        await heard


async def _heard(talk: Client, count: int) -> None:
    async for _ in talk.messages():
        count -= 1
        if not count:
            return


async def _theirs(server: Running, count: int) -> None:
    [room_id] = server.make_rooms(1)
    client = socketio.AsyncClient(handle_sigint=False)
    left, is_all = count, asyncio.Event()

    @client.on("new_message")  # type: ignore[untyped-decorator]
    def hear(_message: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            is_all.set()

    await client.connect(f"http://127.0.0.1:{server.port}", transports=["websocket"])
    await client.call("join_room", {"room_id": room_id, "username": "Ada"})

    async def say(number: int) -> None:
        said = {"room_id": room_id, "message": f"{number} {WORDS}", "client_id": f"{number}"}
        answer = await client.call("send_message", said)
        assert answer["ok"], answer

    try:
        async with asyncio.timeout(WITHIN_S):
            await _say_all(say, count)
            await is_all.wait()
    finally:
        await client.disconnect()


async def _say_all(say: Say, count: int) -> None:
    numbers = iter(range(count))

    async def work() -> None:
        for number in numbers:
            await say(number)

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
