"""Turns at work that goes on in a thread, whoever waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def in_turn(
    turn: asyncio.Lock | asyncio.Semaphore, work: Callable[[], Coroutine[Any, Any, T]]
) -> T:
    """What `work` gives, once it has its turn.

    A client that hangs up cancels whoever waits, but no thread. So the turn is held until the work
    is done: else hanging up would let one client start as much of it as it likes.
    """
    await turn.acquire()
    task = asyncio.ensure_future(work())

    def done(task: asyncio.Task[T]) -> None:
        turn.release()
        if not task.cancelled():
            task.exception()  # nobody may be left to hear of it

    task.add_done_callback(done)
    await asyncio.wait([task])  # cancels nothing it waits for
    return task.result()
