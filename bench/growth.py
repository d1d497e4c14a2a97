"""How what Parley costs grows: with connections, with the room, with messages, with the history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.crowd import Crowd, crowd
from bench.machine import Meter
from bench.paces import all_arrived, as_fast_as_they_arrive, at_rate
from bench.servers import Running
from bench.tally import clock
from bench.workloads.arriving import PEOPLE_A_ROOM, arrive
from bench.workloads.talking import steady
from bench.workloads.workload import Figures, Measure

DELIVERIES_A_SECOND = 2_000
"""The same for every size of room, so that only the size differs."""
PEOPLE = 50
SECONDS = 3.0
ARRIVE_WITHIN_S = 100.0
PAIR = 2
PAIR_RATE = 100.0
NEWCOMERS = 50
FILL_IN_FLIGHT = 64
FILL_STEP_S = 0.5


@dataclass(frozen=True)
class Series:
    """One thing that grows, while all else stays."""

    name: str
    title: str
    grows: str
    sizes: tuple[int, ...]
    quick_sizes: tuple[int, ...]
    run: Callable[[Running, int], Awaitable[Figures]]
    measures: tuple[Measure, ...]


async def _connections(server: Running, size: int) -> Figures:
    return await arrive(server, size // PEOPLE_A_ROOM, PEOPLE_A_ROOM, ARRIVE_WITHIN_S)


async def _room_size(server: Running, size: int) -> Figures:
    return await _in_one_room(server, size, DELIVERIES_A_SECOND / size)


async def _message_rate(server: Running, size: int) -> Figures:
    return await _in_one_room(server, PEOPLE, size)


async def _in_one_room(server: Running, size: int, rate: float) -> Figures:
    async with crowd() as people:
        await people.join(server.port, server.make_rooms(1), size)
        return await steady(server, people, size, size, rate, SECONDS)


async def _history(server: Running, size: int) -> Figures:
    async with crowd() as pair, crowd() as newcomers:
        room_ids = server.make_rooms(1)
        await pair.join(server.port, room_ids, PAIR)
        await _fill(pair, size)
        sending = await steady(server, pair, PAIR, PAIR, PAIR_RATE, SECONDS)
        meter = Meter(server.pid)
        began = clock()
        await newcomers.join(server.port, room_ids, NEWCOMERS)
        meter.read()
        return {
            **sending,
            "cpu_ms_a_join": 1e3 * meter.server_s / NEWCOMERS,
            "joins_s": NEWCOMERS / (clock() - began),
        }


async def _fill(pair: Crowd, messages: int) -> None:
    tally = pair.tally
    filled = 0
    while filled < messages:
        tally.reset()
        await as_fast_as_they_arrive(pair.clients, PAIR, FILL_IN_FLIGHT, FILL_STEP_S)
        await all_arrived(tally, PAIR)
        filled += tally.sent
    await at_rate(pair.clients, PAIR_RATE, FILL_STEP_S)
    await all_arrived(tally, PAIR)


SENDING = (
    Measure("cpu_us_a_delivery", "CPU a delivery, µs"),
    Measure("cpu_us_a_message", "CPU a message, µs", 0),
    Measure("p50_ms", "delivered after, median, ms", 2),
    Measure("p99_ms", "99 of 100, ms", 2),
)

SERIES = (
    Series(
        "connections",
        f"With connections, in rooms of {PEOPLE_A_ROOM}",
        "connections",
        (250, 1_000, 4_000),
        (100, 400),
        _connections,
        (
            Measure("cpu_ms_a_join", "CPU a join, ms", 2),
            Measure("kib_a_connection", "memory a connection, KiB"),
            Measure("longest_wait_ms", "longest wait for a message meanwhile, ms", 0),
        ),
    ),
    Series(
        "room",
        f"With the size of a room, at {DELIVERIES_A_SECOND:,} deliveries a second",
        "people in it",
        (10, 50, 200, 800),
        (10, 100),
        _room_size,
        SENDING,
    ),
    Series(
        "rate",
        f"With the rate of messages, in a room of {PEOPLE}",
        "messages a second",
        (5, 20, 80),
        (5, 40),
        _message_rate,
        SENDING,
    ),
    Series(
        "history",
        f"With the history of a room of {PAIR}",
        "messages in it, at least",
        (0, 1_000, 10_000),
        (0, 500),
        _history,
        (
            *SENDING,
            Measure("cpu_ms_a_join", "CPU a join, ms", 2),
            Measure("joins_s", "joins a second", 0),
        ),
    ),
)
