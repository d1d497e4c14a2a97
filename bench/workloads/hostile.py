"""One address does its worst while people at another talk: how long do they wait for a message?"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from bench.crowd import Crowd, crowd
from bench.hostile.parts import PARTS, Part
from bench.machine import Meter, memory_bytes, peak_memory_bytes
from bench.paces import all_arrived, at_rate
from bench.scale import Scale
from bench.servers import ROOT, Running
from bench.tally import spread_ms
from bench.workloads.workload import Figures, Measure, Workload

GROUP = "hostile"
PEOPLE = 20
RATE = 25.0
"""Messages a second; more of one address, or in one room, would be refused."""
LONGER_S = 30.0
"""How much longer than it is measured a hostile process lives, should nobody end it."""
END_WITHIN_S = 10.0


async def _beside(part: Part, server: Running, scale: Scale) -> Figures:
    room_id = await asyncio.to_thread(part.prepare, server.port, scale)
    async with crowd() as people:
        await people.join(server.port, server.make_rooms(1), PEOPLE)
        await at_rate(people.clients, RATE, scale.warm_up_s)
        await all_arrived(people.tally, PEOPLE)
        memory = memory_bytes(server.pid)
        alone = await _p99_ms(people, scale.hostile_window_s)
        async with _acting(part, server, room_id, scale) as acted:
            await asyncio.sleep(scale.warm_up_s)
            meter = Meter(server.pid)
            beside = await _p99_ms(people, scale.hostile_window_s)
            meter.read()
        return {
            "p99_without_ms": alone,
            "p99_with_ms": beside,
            **({"ratio": beside / alone} if alone and beside else {}),
            "lost": people.tally.sent * PEOPLE - people.tally.delivered,
            "done": acted.times,
            "busy_percent": meter.server_percent,
            "grew_mib": (peak_memory_bytes(server.pid) - memory) / 2**20,
            "peak_mib": peak_memory_bytes(server.pid) / 2**20,
        }


async def _p99_ms(people: Crowd, seconds: float) -> float:
    people.tally.reset()
    await at_rate(people.clients, RATE, seconds)
    await all_arrived(people.tally, PEOPLE)
    return spread_ms(people.tally.latencies_s)["p99_ms"]


@dataclass
class _Acted:
    times: int = 0
    """How often it was done; known at the end."""


@contextlib.asynccontextmanager
async def _acting(part: Part, server: Running, room_id: str, scale: Scale) -> AsyncIterator[_Acted]:
    """The hostile address at work."""
    acted = _Acted()
    seconds = scale.warm_up_s + scale.hostile_window_s + LONGER_S
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.hostile", part.name),
        *(str(server.port), room_id, str(seconds)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        await process.stdout.readline()
        yield acted
        process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_WITHIN_S):
                acted.times = int(await process.stdout.readline() or 0)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _workload(part: Part) -> Workload:
    return Workload(
        name=f"{GROUP}-{part.name}",
        title=part.title,
        group=GROUP,
        group_title="One hostile address",
        text=lambda scale: (
            f"{PEOPLE} people at one address talk, {RATE:.0f} messages a second, with the limits "
            "that `parley serve` has by default. Another address does its worst: each line is a "
            f"server of its own, {scale.hostile_window_s:g} seconds without and then as long with "
            "it, round after round."
        ),
        run=lambda server, scale: _beside(part, server, scale),
        measures=(
            Measure("p99_without_ms", "delivered after, 99 of 100, ms", 1),
            Measure("p99_with_ms", "beside it, ms", 1),
            Measure("ratio", "ratio", 1, absent="nothing came"),
            Measure("lost", "not delivered in 10 s", 0),
            Measure("done", "times it was done", 0),
            Measure("busy_percent", "the server's core is busy, %", 0),
            Measure("grew_mib", "memory grew by, MiB", 0),
            Measure("peak_mib", "memory at most, MiB", 0),
        ),
        headline="ratio",
        servers=("parley",),
        environ={"PARLEY_RATE_LIMITS": "on"},
        within_s=100.0,
    )


HOSTILE = tuple(_workload(part) for part in PARTS)
