"""Long work on the database, in slices between which others store what they say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from parley.errors import Unavailable
from parley.storage.database import CHECKPOINT_PAGES_MAX, Database

T = TypeVar("T")

log = structlog.get_logger(__name__)

SLICE_S = 0.005
"""How long a slice may take, its commit with it: whoever speaks then waits for it.

Twice as long erases a third faster, and a busy disk takes several times as long as this.
"""
FIRST_S, LEAST_S = 0.001, 0.0005
"""How long it may work before it commits: at first, and where committing takes far too long."""
BEHIND_S = 1.0
"""The rest after a slice while another program reads: SQLite's log only grows meanwhile."""

Slice = Callable[[sa.Connection, Callable[[], bool]], T]
"""What is to be done in one: it looks now and then whether there is time left."""


class Slices:
    """One slice at a time, whoever asks, and a rest after each as long as it was."""

    def __init__(self) -> None:
        self._one = asyncio.Lock()
        self._work_s = FIRST_S
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(
        self, database: Database, work: Slice[T], then: Callable[[T], None] | None = None
    ) -> T:
        """What `work` gives, once it is stored. `then` is called as by `Database.write`."""
        async with self._one:
            timer, took_s = _Timer(self._work_s), 0.0

            def tell(result: T) -> None:
                nonlocal took_s
                took_s = database.took_s
                if then is not None:
                    then(result)

            result = await database.write(lambda connection: work(connection, timer.start()), tell)
            self._fit(took_s, is_full=timer.is_over)
            left = await database.checkpoint()
            await asyncio.sleep(took_s if left < CHECKPOINT_PAGES_MAX else BEHIND_S)
            return result

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Go on with it beside whatever else there is to do, until it is done or all stops."""
        task = asyncio.get_running_loop().create_task(_log_failure(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def stop(self) -> None:
        """After the slice that is being stored; a start goes on with what is left."""
        for task in self._tasks:
            task.cancel()

    def _fit(self, took_s: float, *, is_full: bool) -> None:
        """Work as long as leaves time for the commit: how long that takes is up to the disk."""
        by = SLICE_S / max(took_s, LEAST_S)
        if by < 1 or is_full:
            self._work_s = min(SLICE_S, max(LEAST_S, self._work_s * min(1.5, max(0.5, by))))


class _Timer:
    """Started in the writer's thread, when the work begins."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.is_over = False

    def start(self) -> Callable[[], bool]:
        end = time.perf_counter() + self._seconds

        def is_time_left() -> bool:
            self.is_over = time.perf_counter() >= end
            return not self.is_over

        return is_time_left


async def _log_failure(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Unavailable:
        log.warning("erasing_put_off")
    except Exception:
        log.exception("erasing_failed")
