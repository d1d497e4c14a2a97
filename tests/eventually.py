"""Waiting for what comes true by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.people import PATIENCE_S

LOOK_EVERY_S = 0.005


async def until(
    holds: Callable[[], bool], within_s: float = PATIENCE_S, every_s: float = LOOK_EVERY_S
) -> None:
    """Return once it holds, looking every so often. Raises `TimeoutError`."""
    loop, held = asyncio.get_running_loop(), asyncio.Event()

    def look() -> None:
        if holds():
            held.set()
        else:
            loop.call_later(every_s, look)

    look()
    async with asyncio.timeout(within_s):
        await held.wait()
