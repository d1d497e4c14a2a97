"""Counting how long something takes, for next to nothing."""

from __future__ import annotations

import asyncio
from bisect import bisect_left

from msgspec import Struct, field

BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
LAG_EVERY_S = 0.25


class Tally(Struct):
    """How often something took how long, in seconds: `counts` has one more than `BOUNDS_S`, each of
    what took longer than the bound before and no longer than its own.
    """

    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    sum_s: float = 0.0

    def add(self, took_s: float) -> None:
        self.counts[bisect_left(BOUNDS_S, took_s)] += 1
        self.sum_s += took_s

    @property
    def count(self) -> int:
        return sum(self.counts)


class Lag:
    """How late the event loop is for what is due: so long everybody waits besides."""

    def __init__(self) -> None:
        self.tally = Tally()

    async def run(self) -> None:
        """Look every quarter of a second, until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_EVERY_S
            await asyncio.sleep(LAG_EVERY_S)
            self.tally.add(max(0.0, loop.time() - due))
