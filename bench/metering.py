"""What metrics cost: one server with them and one without, side by side, loaded by turns.

What the machine does meanwhile changes a figure by more than metrics do. So neither is started
anew in between, each turn is short, and each is held against the one just before or after it.
"""

from __future__ import annotations

import asyncio
import gc
import random
import socket
import statistics
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import uvloop

from bench.crowd import Crowd, crowd
from bench.machine import Cores, Meter
from bench.paces import all_arrived, as_fast_as_they_arrive, at_rate
from bench.servers import Parley, Running
from bench.workloads.talking import SMALL_ROOM_PEOPLE, SMALL_ROOMS_IN_FLIGHT

ROOMS = 50
TURN_S = 1.5
PAIRS, QUICK_PAIRS = 60, 4
WARM_UP_S = 3.0
RATE = 200.0
SCRAPES = 200
SCRAPED_EVERY_S = 15.0
"""As Prometheus does unless told otherwise."""
DRAWS = 2_000
SCRAPE_WITHIN_S = 30.0


class _WithMetrics(Parley):
    name, title, short = "parley-metrics", "Parley with metrics", "With metrics"

    def __init__(self, checkout: Path) -> None:
        super().__init__(checkout)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.metrics_port: int = free.getsockname()[1]

    def command(self, scratch: Path) -> list[str]:
        listen = f"127.0.0.1:{self.metrics_port}"
        return [*super().command(scratch), "--metrics", "on", "--metrics-listen", listen]


def measure(checkout: Path, cores: Cores, *, is_quick: bool) -> str:
    """As lines to print."""
    kind = _WithMetrics(checkout)
    pairs = QUICK_PAIRS if is_quick else PAIRS
    gc.disable()
    with Parley(checkout).running(cores.server) as without, kind.running(cores.server) as having:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            plain, counted = runner.run(_alternate(without, having, pairs))
        scrape_s, size = _scrape(having, kind.metrics_port, SCRAPES // (10 if is_quick else 1))
    ratios = [one / other for one, other in zip(counted, plain, strict=True)]
    low, high = _interval(ratios)
    return "\n".join(
        (
            f"{pairs} turns of {TURN_S} s each, {ROOMS} rooms of {SMALL_ROOM_PEOPLE}, saturated:",
            f"  without metrics   {statistics.median(plain):7.1f} µs of CPU a message",
            f"  with metrics      {statistics.median(counted):7.1f} µs",
            f"  with / without    {statistics.median(ratios):7.3f} (95 %: {low:.3f} to {high:.3f})",
            f"  one scrape        {1e3 * scrape_s:7.2f} ms of CPU, {size / 1000:.1f} kB; every "
            f"{SCRAPED_EVERY_S:.0f} s that is {scrape_s / SCRAPED_EVERY_S:.3%} of a core",
        )
    )


async def _alternate(
    without: Running, having: Running, pairs: int
) -> tuple[list[float], list[float]]:
    """CPU a message in each turn, in µs."""
    plain: list[float] = []
    counted: list[float] = []
    async with crowd() as some, crowd() as others:
        sides = ((without, some, plain), (having, others, counted))
        for server, people, _ in sides:
            await people.join(server.port, server.make_rooms(ROOMS), SMALL_ROOM_PEOPLE)
            await at_rate(people.clients, RATE, WARM_UP_S)
            await all_arrived(people.tally, SMALL_ROOM_PEOPLE)
        for number in range(pairs):
            for server, people, costs in sides if number % 2 else reversed(sides):
                costs.append(await _turn(server, people))
            if number % 10 == 9:
                print(f"{number + 1}/{pairs}", file=sys.stderr, flush=True)
    return plain, counted


async def _turn(server: Running, people: Crowd) -> float:
    people.tally.reset()
    gc.collect()
    meter = Meter(server.pid)
    await as_fast_as_they_arrive(people.clients, SMALL_ROOM_PEOPLE, SMALL_ROOMS_IN_FLIGHT, TURN_S)
    await all_arrived(people.tally, SMALL_ROOM_PEOPLE)
    meter.read()
    return 1e6 * meter.server_s / people.tally.sent


def _scrape(server: Running, port: int, times: int) -> tuple[float, int]:
    """CPU of the server for one, in seconds, and how many bytes it answers."""

    def once() -> int:
        url = f"http://127.0.0.1:{port}/metrics"
        with urllib.request.urlopen(url, timeout=SCRAPE_WITHIN_S) as answer:
            return len(answer.read())

    size = once()
    meter = Meter(server.pid)
    for _ in range(times):
        once()
    meter.read()
    return meter.server_s / times, size


def _interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Between what 95 of 100 medians lie that are drawn from these again (bootstrap)."""
    drawn = random.Random(1)
    medians = sorted(statistics.median(drawn.choices(ratios, k=len(ratios))) for _ in range(DRAWS))
    return medians[DRAWS // 40], medians[-DRAWS // 40]
