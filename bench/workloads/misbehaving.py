"""Somebody stops reading, and somebody sends a message that never ends."""

from __future__ import annotations

import asyncio
import socket

from bench.client import Client
from bench.crowd import crowd
from bench.machine import Descriptor, descriptor, memory_bytes, peak_memory_bytes
from bench.paces import at_rate
from bench.scale import Scale
from bench.servers import Running
from bench.tally import Tally, clock, spread_ms
from bench.websocket import CONTINUATION, TEXT, frame
from bench.workloads.workload import Figures, Measure, Workload

PEOPLE = 20
STOP = 4
"""Of them, one after the other."""
RATE = 50.0
CHARACTERS = 4_000
"""Long, and not to be compressed, so that what the reader leaves lying grows fast."""
SMALL_BUFFER_BYTES = 4_096
ARRIVE_S = 0.5
LOOK_EACH_S = 0.1
FRAGMENT_BYTES = 65_536
MAY_WAIT_BYTES = 1_048_576


async def _stopped_reader(server: Running, scale: Scale) -> Figures:
    async with crowd() as people:
        await people.join(server.port, server.make_rooms(1), PEOPLE)
        readers, others = people.clients[:STOP], people.clients[STOP:]
        await at_rate(others, RATE, scale.warm_up_s, CHARACTERS)
        before: list[float] = []
        during: list[float] = []
        memory = memory_bytes(server.pid)
        cut_after = []
        # In turns, for the same disk and the same machine: both change from second to second.
        for reader in readers:
            before += await _latencies_s(people.tally, others, scale.window_s)
            held = descriptor(server.pid, server.port, reader.port)
            _stop_reading(reader)
            stopped_at = clock()
            gone = asyncio.create_task(_until_closed(held, scale.reader_within_s))
            during += await _latencies_s(people.tally, others, scale.window_s)
            while not gone.done():
                await at_rate(others, RATE, LOOK_EACH_S, CHARACTERS)
            if not await gone:
                break  # nor would the next be
            cut_after.append(clock() - stopped_at)
        figures = {"cut_after_s": max(cut_after)} if cut_after else {}
        return {
            **figures,
            "p99_before_ms": spread_ms(before)["p99_ms"],
            "p99_during_ms": spread_ms(during)["p99_ms"],
            "memory_mib": (peak_memory_bytes(server.pid) - memory) / 2**20,
        }


async def _latencies_s(tally: Tally, senders: list[Client], seconds: float) -> list[float]:
    await asyncio.sleep(ARRIVE_S)
    tally.reset()
    await at_rate(senders, RATE, seconds, CHARACTERS)
    await asyncio.sleep(ARRIVE_S)
    return list(tally.latencies_s)


def _stop_reading(client: Client) -> None:
    """From now on it takes nothing in."""
    client.transport.pause_reading()
    plug: socket.socket = client.transport.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)


async def _until_closed(held: Descriptor, within_s: float) -> bool:
    """Whether the server let go of the connection in that time."""
    for _ in range(int(within_s / LOOK_EACH_S)):
        if not held.is_open:
            return True
        await asyncio.sleep(LOOK_EACH_S)
    return False


async def _endless_message(server: Running, scale: Scale) -> Figures:
    async with crowd() as people:
        await people.connect(server.port, 1)
        (mallory,) = people.clients
        memory = memory_bytes(server.pid)
        began = clock()
        sent = await _send_fragments(mallory, scale.fragment_mib * 2**20)
        await asyncio.sleep(LOOK_EACH_S)
        figures = {} if mallory.is_open else {"cut_after_mib": sent / 2**20}
        return {
            **figures,
            "took_s": clock() - began,
            "memory_mib": (peak_memory_bytes(server.pid) - memory) / 2**20,
        }


async def _send_fragments(client: Client, most_bytes: int) -> int:
    """So many bytes of one message, unless the server hangs up before; how many it was."""
    first = frame(b"x" * FRAGMENT_BYTES, first=TEXT)
    next_one = frame(b"x" * FRAGMENT_BYTES, first=CONTINUATION)
    sent = 0
    while sent < most_bytes and client.is_open:
        if client.transport.get_write_buffer_size() < MAY_WAIT_BYTES:
            client.transport.write(next_one if sent else first)
            sent += FRAGMENT_BYTES
        await asyncio.sleep(0)
    return sent


STOPPED_READER = Workload(
    name="stopped-reader",
    title="A reader that stops reading",
    text=lambda scale: (
        f"{PEOPLE} people in a room get {RATE:.0f} messages a second of {CHARACTERS:,} characters; "
        "one of them stops reading and stays connected; where that one is disconnected, another, "
        f"{STOP} in all. Each is watched for {scale.reader_within_s:.0f} seconds at most."
    ),
    run=_stopped_reader,
    measures=(
        Measure("p99_before_ms", "delivered after, 99 of 100, all reading, ms", 2),
        Measure("p99_during_ms", "the same for the others, one not reading, ms", 2),
        Measure(
            "cut_after_s", "it was disconnected after, at the most, s", absent="not while watched"
        ),
        Measure("memory_mib", "memory grew meanwhile by, MiB"),
    ),
    headline="p99_during_ms",
    servers=("parley", "node", "flask"),
    within_s=120.0,
)
ENDLESS_MESSAGE = Workload(
    name="endless-message",
    title="A message that never ends",
    text=lambda scale: (
        f"Somebody sends one message of up to {scale.fragment_mib} MiB in fragments, "
        "none of which is the last."
    ),
    run=_endless_message,
    measures=(
        Measure("cut_after_mib", "was disconnected after, MiB", 1, absent="never"),
        Measure("memory_mib", "memory grew by, MiB"),
        Measure("took_s", "took, s", 2, is_compared=False),
    ),
    headline="cut_after_mib",
    servers=("parley",),
)
