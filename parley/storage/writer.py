"""The writer's thread: takes everything that waits at once, and tells what became of it."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from parley.errors import Unavailable

log = structlog.get_logger(__name__)

BATCH_MAX = 500
"""Works in one transaction at the most, so that a rush does not make the first wait for all."""
RETRY_AFTER_S = 2.0


@dataclass(slots=True)
class Work:
    """What is to be written: `run` in the thread, then `then` and `done` on the event loop."""

    run: Callable[[sa.Connection], Any]
    then: Callable[[Any], None] | None
    done: asyncio.Future[Any]


class Writer:
    """Runs from its making to `close()`; each hop between loop and thread takes a whole batch.

    `commit(batch)` runs in the thread and gives a result or an exception for
    each work; where it raises, everybody who waits is told `Unavailable`.
    `ended(error)` follows on the event loop, with None after a commit.
    """

    def __init__(
        self,
        commit: Callable[[list[Work]], list[Any]],
        ended: Callable[[Exception | None], None],
    ) -> None:
        self._commit = commit
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        # Nobody was promised what is not committed: a program that ends must not wait for it.
        self._thread = threading.Thread(target=self._run, name="parley-write", daemon=True)
        self._thread.start()

    def submit(
        self, run: Callable[[sa.Connection], Any], then: Callable[[Any], None] | None
    ) -> asyncio.Future[Any]:
        """Its result once it is on disk. Cancelling it does not take the work back."""
        done = self._loop.create_future()
        done.add_done_callback(_look_at_error)
        self._waiting.put(Work(run, then, done))
        return done

    async def close(self) -> None:
        """Commit what waits. Nothing may be submitted any more."""
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join)
        # What the thread told last is in the loop's queue, before this.
        await asyncio.sleep(0)

    # --- in the thread ---

    def _run(self) -> None:
        while batch := self._next_batch():
            outcomes: list[Any] | Exception
            try:
                outcomes = self._commit(batch)
            except Exception as error:
                # Who waits behind would wait as long again, or was meant for another database.
                batch += self._take_waiting()
                outcomes = error
            self._loop.call_soon_threadsafe(self._settle, batch, outcomes)

    def _next_batch(self) -> list[Work]:
        """Everything that waits, at least one; empty once the end was asked for."""
        first = self._waiting.get()
        return [] if first is None else [first, *self._take_waiting(BATCH_MAX - 1)]

    def _take_waiting(self, at_most: int | None = None) -> list[Work]:
        taken: list[Work] = []
        while (at_most is None or len(taken) < at_most) and not self._waiting.empty():
            work = self._waiting.get_nowait()
            if work is None:
                self._waiting.put(None)
                break
            taken.append(work)
        return taken

    # --- on the event loop ---

    def _settle(self, batch: list[Work], outcomes: list[Any] | Exception) -> None:
        if isinstance(outcomes, Exception):
            self._ended(outcomes)
            log.error("commit_failed", error=str(outcomes), works=len(batch))
            outcomes = [Unavailable(retry_after=RETRY_AFTER_S) for _ in batch]
        else:
            self._ended(None)
        # In the loop's next turn, as those who wait are: what one client is told of both goes
        # out in one write.
        self._loop.call_soon(_tell, batch, outcomes)
        for work, outcome in zip(batch, outcomes, strict=True):
            if work.done.done():
                pass  # who asked went away
            elif isinstance(outcome, Exception):
                work.done.set_exception(outcome)
            else:
                work.done.set_result(outcome)


def _tell(batch: list[Work], outcomes: list[Any]) -> None:
    for work, outcome in zip(batch, outcomes, strict=True):
        if work.then is None or isinstance(outcome, Exception):
            continue
        try:
            work.then(outcome)
        except Exception:
            log.exception("telling_failed")


def _look_at_error(done: asyncio.Future[Any]) -> None:
    # A caller that went away never asks; asyncio would log that as an error of its own.
    if not done.cancelled():
        done.exception()
