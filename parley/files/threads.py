"""Work on the disk, in threads that step back for the conversation."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Given = TypeVarTuple("Given")
STEP_BACK = 5
"""So much nicer than the rest of the server. On one core, a message waits no more for a turn of
whatever hashes and writes a large file meanwhile; much nicer, and it would wait for that thread to
get one, where it was interrupted while it held Python's lock.
"""


def _step_back() -> None:
    if sys.platform == "linux":  # where each thread has a priority of its own: sched(7)
        # Without it files go on all the same.
        with contextlib.suppress(OSError):
            nice = os.getpriority(os.PRIO_PROCESS, 0)
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice + STEP_BACK)


_threads = ThreadPoolExecutor(thread_name_prefix="files", initializer=_step_back)


async def in_thread(work: Callable[[Unpack[Given]], T], *given: *Given) -> T:
    """What `work` gives. Whoever is cancelled meanwhile goes on once it is done.

    Else they would close a file that is being written to: its number may be another's by then.
    """
    return await to_its_end(asyncio.get_running_loop().run_in_executor(_threads, work, *given))


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
