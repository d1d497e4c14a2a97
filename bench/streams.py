"""What a stream costs beside a socket that reads along: an event, and its memory.

python -m bench --stream             within ten minutes
python -m bench --stream --quick     a look, within a minute
"""

from __future__ import annotations

import asyncio
import statistics
from dataclasses import dataclass
from pathlib import Path

import uvloop

from bench import machine
from bench.client import JOIN_ID, NEW_MESSAGE, Client
from bench.machine import Cores, Meter
from bench.servers import Parley, Running
from bench.tally import Tally
from bench.workloads.talking import until_idle

EVENT_AT_MOST, MEMORY_AT_MOST_BYTES = 1.1, 10 * 1024
RATE = 40.0
AT_ONCE = 50
WAITS = 600
"""Tenths of a second for what is on its way."""
KINDS = ("socket", "stream")


@dataclass(frozen=True)
class Size:
    people: int
    turns: int
    turn_s: float


STANDARD = Size(people=1_000, turns=8, turn_s=15)
QUICK = Size(people=500, turns=2, turn_s=5)


class Watcher(Client):
    """Somebody who reads along by a socket."""

    def __init__(self, tally: Tally) -> None:
        super().__init__(tally, "")

    async def watch(self, port: int, room_id: str) -> None:
        await self.connect(port)
        self._waiting = seated = asyncio.get_running_loop().create_future()
        self._emit(JOIN_ID, "watch_room", {"room_id": room_id})
        await seated

    def receive(self, payload: bytes, now: float) -> None:
        if payload.startswith(NEW_MESSAGE):
            self.tally.frames += 1
        else:
            super().receive(payload, now)


class Hearer(asyncio.Protocol):
    """And by a stream."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._transport: asyncio.Transport | None = None
        self._begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rest = b""

    async def watch(self, port: int, room_id: str) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, "127.0.0.1", port)
        asked = (
            f"GET /api/conversations/{room_id}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"
        )
        self._transport.write(asked.encode())
        await self._begun

    def data_received(self, data: bytes) -> None:
        if not self._begun.done():
            self._rest += data
            if b"event: conversation_state" in self._rest and self._rest.endswith(b"\n\n"):
                self._rest = b""
                self._begun.set_result(None)
            return
        # Taken apart, as whoever watches does: how soon a reader sleeps again changes what it
        # costs to write to it.
        *events, self._rest = (self._rest + data).split(b"\n\n")
        for event in events:
            fields = dict(line.split(b": ", 1) for line in event.split(b"\n") if b": " in line)
            if fields.get(b"event") == b"new_message":
                self._tally.frames += 1

    def connection_lost(self, error: Exception | None) -> None:
        if not self._begun.done():
            self._begun.set_exception(ConnectionError(self._rest[:200]))

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def measure(checkout: Path, cores: Cores, *, is_quick: bool) -> str:
    """As lines to print, each figure with its aim."""
    size = QUICK if is_quick else STANDARD
    machine.allow_many_files()
    costs: dict[str, list[float]] = {kind: [] for kind in KINDS}
    memory: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for turn in range(size.turns):
            for kind in KINDS[:: 1 if turn % 2 else -1]:
                with Parley(checkout).running(cores.server) as server:
                    cost_us, bytes_each = runner.run(_turn(server, kind, size))
                costs[kind].append(cost_us)
                memory[kind].append(bytes_each)
    cost = {kind: statistics.median(found) for kind, found in costs.items()}
    ratio = statistics.median(
        stream / socket for stream, socket in zip(costs["stream"], costs["socket"], strict=True)
    )
    kib = {kind: statistics.median(found) / 1024 for kind, found in memory.items()}
    most = MEMORY_AT_MOST_BYTES / 1024
    return "\n".join(
        (
            f"to {size.people:,}, {RATE:.0f} messages a second, {size.turns} turns each",
            f"an event to a socket {cost['socket']:.2f} µs, to a stream {cost['stream']:.2f} µs: "
            f"{ratio:.2f} × ({_verdict(ratio <= EVENT_AT_MOST)}: at most {EVENT_AT_MOST:g} ×)",
            f"memory of a socket {kib['socket']:.1f} KiB, of a stream {kib['stream']:.1f} KiB "
            f"({_verdict(kib['stream'] <= most)}: at most {most:.0f} KiB)",
        )
    )


async def _turn(server: Running, kind: str, size: Size) -> tuple[float, float]:
    """Microseconds of CPU a delivery; and the memory of each who hears, in bytes."""
    tally = Tally()
    [room_id] = server.make_rooms(1)
    speaker = Client(Tally(), "Ada")
    await speaker.connect(server.port)
    await speaker.join(room_id)
    hearers: list[Watcher | Hearer] = [
        Watcher(tally) if kind == "socket" else Hearer(tally) for _ in range(size.people)
    ]
    try:
        # The first few have it load what it needs.
        await _all_watch(hearers[:AT_ONCE], server.port, room_id)
        await until_idle(server)
        before = machine.memory_bytes(server.pid)
        await _all_watch(hearers[AT_ONCE:], server.port, room_id)
        await until_idle(server)
        grew = (machine.memory_bytes(server.pid) - before) / (size.people - AT_ONCE)
        tally.frames = 0
        count = int(RATE * size.turn_s)
        meter, loop = Meter(server.pid), asyncio.get_running_loop()
        began = loop.time()
        for number in range(count):
            if (early := began + number / RATE - loop.time()) > 0:
                await asyncio.sleep(early)
            speaker.say()
        for _ in range(WAITS):
            if tally.frames >= count * size.people:
                break
            await asyncio.sleep(0.1)
        await until_idle(server)
        meter.read()
        if tally.frames < count * size.people:
            raise RuntimeError(f"{tally.frames} of {count * size.people} deliveries came")
        return 1e6 * meter.server_s / (count * size.people), grew
    finally:
        for each in (speaker, *hearers):
            each.abort()


async def _all_watch(hearers: list[Watcher | Hearer], port: int, room_id: str) -> None:
    for start in range(0, len(hearers), AT_ONCE):
        await asyncio.gather(
            *(each.watch(port, room_id) for each in hearers[start : start + AT_ONCE])
        )


def _verdict(is_reached: bool) -> str:
    return "reached" if is_reached else "MISSED"
