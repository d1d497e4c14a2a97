"""Long pages: one at a time and in slices, so that nobody who talks has to wait for them.

A thread would not help: Python runs one at a time.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from quart import g, render_template

from parley import web

SLICE_S = 0.002
"""After so long others have their turn. One message can take half as much again."""
REST_S = 0.002
"""And for so long: a message needs several turns of the event loop on its way."""


async def render_long(template: str, **context: Any) -> str:
    """A page whose length others decide, with `pause()` between its parts."""
    async with web.site().rendering:
        g.slice_ends_at = time.perf_counter() + SLICE_S
        return await render_template(template, **context)


async def pause() -> str:
    """For templates, in a loop: let the others have their turn, if it is time."""
    if time.perf_counter() >= g.get("slice_ends_at", 0.0):
        await asyncio.sleep(REST_S)
        g.slice_ends_at = time.perf_counter() + SLICE_S
    return ""
