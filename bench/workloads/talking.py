"""People talk: in one big room, and in many small ones."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass, replace

from bench.crowd import Crowd, crowd
from bench.machine import Meter
from bench.paces import all_arrived, as_fast_as_they_arrive, at_rate
from bench.scale import Scale
from bench.servers import Running
from bench.tally import spread_ms
from bench.workloads.workload import SHARES, Figures, Measure, Workload

BIG_ROOM_RATE = 20.0
BIG_ROOM_SENDERS = 4
SMALL_ROOM_PEOPLE = 4
SMALL_ROOMS_RATE = 200.0
BIG_ROOM_IN_FLIGHT = 16
SMALL_ROOMS_IN_FLIGHT = 100
"""Messages under way when saturating: enough that the server never waits for us."""
SETTLE_S = 0.2
LONG_TALK_PEOPLE = 2
LONG_TALK_IN_FLIGHT = 64
LONG_TALK_STEP_S = 0.5
LONG_TALK_IDLE_PERCENT, LONG_TALK_IDLE_WITHIN_S = 2.0, 30

MEASURES = (
    Measure("cpu_us_a_delivery", "CPU a delivery, µs"),
    Measure("cpu_us_a_message", "CPU a message, µs", 0),
    Measure("p50_ms", "delivered after, median, ms", 2),
    Measure("p99_ms", "delivered after, 99 of 100, ms", 2),
    Measure("max_ms", "delivered after, the last, ms", 1),
    Measure("ack_p50_ms", "acknowledged after, median, ms", 2),
    Measure("ack_p99_ms", "acknowledged after, 99 of 100, ms", 2),
    Measure("bytes_a_delivery", "bytes a delivery", 0),
    Measure("lost", "deliveries lost", 0, is_compared=False),
    *SHARES,
    Measure("full_deliveries_s", "saturated: deliveries a second", 0),
    Measure("full_cpu_us_a_delivery", "saturated: CPU a delivery, µs"),
    Measure("full_p50_ms", "saturated: delivered after, median, ms", 1),
    Measure("full_p99_ms", "saturated: delivered after, 99 of 100, ms", 1),
    *(
        replace(share, key=f"full_{share.key}", title=f"saturated: {share.title}")
        for share in SHARES
    ),
)


async def steady(
    server: Running, people: Crowd, senders: int, copies: int, rate: float, seconds: float
) -> Figures:
    """What messages at a fixed rate cost, and how late they are."""
    tally = people.tally
    tally.reset()
    await _settle()
    bytes_before = people.bytes_received
    meter = Meter(server.pid)
    await at_rate(people.clients[:senders], rate, seconds)
    lost = await all_arrived(tally, copies)
    meter.read()
    delivered = max(1, tally.delivered)
    return {
        "cpu_us_a_delivery": 1e6 * meter.server_s / delivered,
        "cpu_us_a_message": 1e6 * meter.server_s / tally.sent,
        **spread_ms(tally.latencies_s),
        **spread_ms(tally.acks_s, "ack_"),
        "bytes_a_delivery": (people.bytes_received - bytes_before) / delivered,
        "lost": lost,
        **meter.shares,
    }


async def saturated(
    server: Running, people: Crowd, senders: int, copies: int, in_flight: int, seconds: float
) -> Figures:
    """How many deliveries go through, and what each costs then."""
    tally = people.tally
    tally.reset()
    await _settle()
    meter = Meter(server.pid)
    await as_fast_as_they_arrive(people.clients[:senders], copies, in_flight, seconds)
    meter.read()
    figures = {
        "full_deliveries_s": tally.delivered / meter.wall_s,
        "full_cpu_us_a_delivery": 1e6 * meter.server_s / max(1, tally.delivered),
        **spread_ms(tally.latencies_s, "full_"),
        **{f"full_{key}": share for key, share in meter.shares.items()},
    }
    await all_arrived(tally, copies)
    return figures


@dataclass(frozen=True)
class Talk:
    """Who says how much to how many."""

    rooms: int
    copies: int
    """People a room."""
    senders: int
    rate: float
    in_flight: int


async def _one_big_room(server: Running, scale: Scale) -> Figures:
    copies = scale.big_room_people
    talk = Talk(1, copies, BIG_ROOM_SENDERS, BIG_ROOM_RATE, BIG_ROOM_IN_FLIGHT)
    return await _talk(server, scale, talk)


async def _many_small_rooms(server: Running, scale: Scale) -> Figures:
    everybody = scale.small_rooms * SMALL_ROOM_PEOPLE
    talk = Talk(
        scale.small_rooms, SMALL_ROOM_PEOPLE, everybody, SMALL_ROOMS_RATE, SMALL_ROOMS_IN_FLIGHT
    )
    return await _talk(server, scale, talk)


async def _talk(server: Running, scale: Scale, talk: Talk) -> Figures:
    """At a rate that saturates nobody, then as fast as it goes."""
    senders, copies = talk.senders, talk.copies
    async with crowd() as people:
        await people.join(server.port, server.make_rooms(talk.rooms), copies)
        await at_rate(people.clients[:senders], talk.rate, scale.warm_up_s)
        await all_arrived(people.tally, copies)
        calm = await steady(server, people, senders, copies, talk.rate, scale.window_s)
        full = await saturated(server, people, senders, copies, talk.in_flight, scale.window_s)
        return {**calm, **full}


async def _long_talk(server: Running, scale: Scale) -> Figures:
    """As fast as it goes, and until the server has nothing more to do: what it does with messages
    later counts with them.
    """
    async with crowd() as people:
        await people.join(server.port, server.make_rooms(1), LONG_TALK_PEOPLE)
        tally = people.tally
        tally.reset()
        await _settle()
        meter, sent = Meter(server.pid), 0
        while sent < scale.talk_messages:
            tally.reset()
            await as_fast_as_they_arrive(
                people.clients, LONG_TALK_PEOPLE, LONG_TALK_IN_FLIGHT, LONG_TALK_STEP_S
            )
            await all_arrived(tally, LONG_TALK_PEOPLE)
            sent += tally.sent
        await until_idle(server)
        meter.read()
        return {
            "cpu_us_a_message": 1e6 * meter.server_s / sent,
            **spread_ms(tally.latencies_s),
            **spread_ms(tally.acks_s, "ack_"),
            **meter.shares,
        }


async def until_idle(server: Running) -> None:
    """Returns once the server has nothing more to do, or half a minute later."""
    for _ in range(LONG_TALK_IDLE_WITHIN_S):
        meter = Meter(server.pid)
        await asyncio.sleep(1.0)
        meter.read()
        if meter.server_percent < LONG_TALK_IDLE_PERCENT:
            return


async def _settle() -> None:
    """Let the garbage of setting up be collected now, not while we measure."""
    gc.collect()
    await asyncio.sleep(SETTLE_S)


BIG_ROOM = Workload(
    name="big-room",
    title="One big room",
    text=lambda scale: (
        f"{scale.big_room_people} people in one room, {BIG_ROOM_RATE:.0f} messages a second "
        f"from {BIG_ROOM_SENDERS} of them; then as many as go through."
    ),
    run=_one_big_room,
    measures=MEASURES,
    headline="full_cpu_us_a_delivery",
)
SMALL_ROOMS = Workload(
    name="small-rooms",
    title="Many small rooms",
    text=lambda scale: (
        f"{scale.small_rooms} rooms of {SMALL_ROOM_PEOPLE} people, {SMALL_ROOMS_RATE:.0f} messages "
        "a second over all of them; then as many as go through."
    ),
    run=_many_small_rooms,
    measures=MEASURES,
    headline="full_cpu_us_a_delivery",
)
LONG_TALK = Workload(
    name="long-talk",
    title="Two people, a long talk",
    text=lambda scale: (
        f"{scale.talk_messages:,} messages between two people, as fast as they arrive, with all "
        "that the server does with them until it is idle."
    ),
    run=_long_talk,
    measures=(
        Measure("cpu_us_a_message", "CPU a message, µs", 0),
        Measure("p50_ms", "delivered after, median, ms", 2),
        Measure("p99_ms", "delivered after, 99 of 100, ms", 2),
        Measure("ack_p50_ms", "acknowledged after, median, ms", 2),
        Measure("ack_p99_ms", "acknowledged after, 99 of 100, ms", 2),
        *SHARES,
    ),
    headline="cpu_us_a_message",
    servers=("parley",),
)
