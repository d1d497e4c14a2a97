"""Work on the disk, in threads."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Given = TypeVarTuple("Given")


async def in_thread(work: Callable[[Unpack[Given]], T], *given: *Given) -> T:
    """What `work` gives. Whoever is cancelled meanwhile goes on once it is done.

    Else they would close a file that is being written to: its number may be another's by then.
    """
    return await to_its_end(asyncio.get_running_loop().run_in_executor(None, work, *given))


async def to_its_end(future: asyncio.Future[T]) -> T:
    """What it gives. Whoever is cancelled meanwhile goes on once it is done."""
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        while not future.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([future])
        if not future.cancelled():
            future.exception()  # nobody is left to hear of it
        raise
