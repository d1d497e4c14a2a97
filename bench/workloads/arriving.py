"""Many people arrive in many rooms, and then only stay; and everybody joins one room at once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any

from bench.client import Client
from bench.crowd import Crowd, crowd
from bench.machine import Meter, memory_bytes
from bench.paces import all_arrived, at_rate
from bench.scale import Scale
from bench.servers import Running
from bench.tally import clock, spread_ms
from bench.websocket import Refused
from bench.workloads.workload import SHARES, Figures, Measure, Workload

PEOPLE_A_ROOM = 10
PROBES_A_SECOND = 20.0
SETTLE_S = 1.0
NOT_IN_TIME = "not while watched"
SAID, SAYING_S = 100, 2.0
"""Messages in the room to which many come back, and how long it took to say them."""
MISSED_MAX = 20
"""Of these one missed none, one the last, one the last two …"""
QUIET_S = 0.5
"""With no frame for so long, the storm is over."""


async def arrive(server: Running, rooms: int, people_a_room: int, within_s: float) -> Figures:
    """What joining costs, for how long the server is away, and what a connection weighs."""
    probe_room, *room_ids = server.make_rooms(rooms + 1)
    async with crowd() as probes, crowd() as people:
        await probes.join(server.port, [probe_room], 1)
        memory_before = memory_bytes(server.pid)
        probing = asyncio.create_task(at_rate(probes.clients, PROBES_A_SECOND, within_s))
        meter = Meter(server.pid)
        try:
            await people.join(server.port, room_ids, people_a_room)
            meter.read()
        finally:
            probing.cancel()
        lost = await all_arrived(probes.tally, 1)
        await asyncio.sleep(SETTLE_S)
        joined = max(1, len(people.clients))
        return {
            "refused": people.refused,
            "cpu_ms_a_join": 1e3 * meter.server_s / joined,
            "joins_s": joined / meter.wall_s,
            "longest_wait_ms": spread_ms(probes.tally.latencies_s)["max_ms"],
            "probes_lost": lost,
            "kib_a_connection": (memory_bytes(server.pid) - memory_before) / joined / 1024,
            **meter.shares,
        }


async def _arrive(server: Running, scale: Scale) -> Figures:
    return await arrive(server, scale.busy_rooms, PEOPLE_A_ROOM, ARRIVALS.within_s)


async def _storm(server: Running, scale: Scale) -> Figures:
    (room_id,) = server.make_rooms(1)
    async with crowd() as people:
        await people.connect(server.port, scale.storm_people)
        joins = [_join(client, room_id) for client in people.clients]
        return await _all_at_once(server, people, joins, scale.storm_within_s)


async def _return(server: Running, scale: Scale) -> Figures:
    """They left, so that for the server they come back as after a restart, when nobody is here."""
    (room_id,) = server.make_rooms(1)
    async with crowd() as speakers, crowd() as people:
        await speakers.join(server.port, [room_id], 1)
        await at_rate(speakers.clients, SAID / SAYING_S, SAYING_S)
        await people.join(server.port, [room_id], scale.return_people)
        await asyncio.gather(*(each.leave() for each in people.clients))
        known = [SAID - number % MISSED_MAX for number in range(len(people.clients))]
        joins = [
            _join(client, room_id, since)
            for client, since in zip(people.clients, known, strict=True)
        ]
        return await _all_at_once(server, people, joins, scale.return_within_s)


async def _all_at_once(
    server: Running, people: Crowd, joins: list[Coroutine[Any, Any, None]], within_s: float
) -> Figures:
    """What it costs that all these join in the same instant."""
    people.tally.reset()
    for client in people.clients:
        client.state_at = 0.0
    bytes_before = people.bytes_received
    meter = Meter(server.pid)
    began = clock()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await asyncio.gather(*joins)
            await _quiet(people)
    meter.read()
    states = [client.state_at - began for client in people.clients if client.state_at]
    missing, half = len(joins) - len(states), len(joins) // 2
    return {
        **({} if missing else {"all_have_state_s": max(states)}),
        **({"half_have_state_s": sorted(states)[half]} if len(states) > half else {}),
        "missing": missing,
        "frames": people.tally.frames,
        "megabytes": (people.bytes_received - bytes_before) / 1e6,
        "cpu_ms_a_join": 1e3 * meter.server_s / max(1, len(states)),
        **meter.shares,
    }


async def _join(client: Client, room_id: str, since: int | None = None) -> None:
    # Whoever is refused is missing in the end.
    with contextlib.suppress(Refused):
        await client.join(room_id, since)


async def _quiet(people: Crowd) -> None:
    frames = -1
    while frames != people.tally.frames:
        frames = people.tally.frames
        await asyncio.sleep(QUIET_S)


ARRIVALS = Workload(
    name="arrivals",
    title="Many connections",
    text=lambda scale: (
        f"{scale.busy_rooms * PEOPLE_A_ROOM:,} people arrive in {scale.busy_rooms} rooms, 50 at a "
        "time, and stay. Meanwhile one person says something to themselves every 50 ms. "
        "Memory a connection is what the server grew by, divided by the connections."
    ),
    run=_arrive,
    measures=(
        Measure("refused", "refused", 0, is_compared=False),
        Measure("cpu_ms_a_join", "CPU a join, ms", 2),
        Measure("joins_s", "joins a second", 0),
        Measure("longest_wait_ms", "longest wait for a message meanwhile, ms", 0),
        Measure("kib_a_connection", "memory a connection, KiB"),
        *SHARES,
    ),
    headline="cpu_ms_a_join",
    within_s=120.0,
)
STORM_MEASURES = (
    Measure("missing", "people without the state in the end", 0, is_compared=False),
    Measure("half_have_state_s", "half have the state after, s", 2, absent=NOT_IN_TIME),
    Measure("all_have_state_s", "all have the state after, s", 2, absent=NOT_IN_TIME),
    Measure("frames", "frames sent", 0),
    Measure("megabytes", "megabytes sent", 0),
    Measure("cpu_ms_a_join", "CPU a join, ms", 2),
    *SHARES,
)
STORM = Workload(
    name="storm",
    title="All at once",
    text=lambda scale: (
        f"{scale.storm_people:,} people are connected and join one room in the same instant. "
        f"It is watched for {scale.storm_within_s:.0f} seconds at most."
    ),
    run=_storm,
    measures=STORM_MEASURES,
    headline="cpu_ms_a_join",
    within_s=120.0,
)
RETURN = Workload(
    name="return",
    title="Back at once",
    text=lambda scale: (
        f"{scale.return_people:,} people who were in one room are connected again, and come back "
        "to it in the same instant, each with what they know already: a twentieth of them "
        f"missed nothing, others up to {MISSED_MAX - 1} messages. "
        f"It is watched for {scale.return_within_s:.0f} seconds at most."
    ),
    run=_return,
    measures=STORM_MEASURES,
    headline="cpu_ms_a_join",
    servers=("parley",),
    within_s=240.0,
)
