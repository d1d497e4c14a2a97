"""The one that writes: everything that waits at once, and then tells what became of it."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from parley import causes
from parley.errors import Unavailable
from parley.metrics.tallies import Tally
from parley.storage.threads import Threads

T = TypeVar("T")

log = structlog.get_logger(__name__)

BATCH_MAX = 500
"""Works in one transaction at the most, so that a rush does not make the first wait for all."""
RETRY_AFTER_S = 2.0
GIVES_WAY_S = 1.0
"""So long a work gives way at the most: where somebody always writes, it would never be done."""


@dataclass(slots=True)
class Work:
    """What is to be written: `run` in the thread, then `then` and `done` on the event loop."""

    run: Callable[[sa.Connection], Any]
    then: Callable[[Any], None] | None
    done: asyncio.Future[Any]
    conversation: int | str | None
    """The id or room_id of the one in which all of it lies; None where that isn't known."""
    cause: causes.Cause = None
    """For whom it is done."""


class Writer:
    """Runs from its making to `close()`: one transaction after the other.

    What is asked for in one turn of the event loop, and all that is while a
    transaction runs, makes the next: the more there is to do, the less each costs.
    What gives way is done while nobody else waits, and whoever comes meanwhile is
    written with it: they need not wait for two commits.

    `commit(batch)` runs in the thread and gives a result or an exception for
    each work; where it raises, everybody who waits is told `Unavailable`.
    `ended(error)` follows on the event loop, with None after a commit.
    """

    def __init__(
        self,
        commit: Callable[[list[Work]], list[Any]],
        ended: Callable[[BaseException | None], None],
    ) -> None:
        self._commit = commit
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._thread = Threads(1, name="parley-write")
        self._waiting: deque[Work] = deque()
        """The thread takes from it, too."""
        self._giving_way: deque[tuple[float, Work]] = deque()
        """And since when, in the event loop's time."""
        self._is_giving_way = False
        """Whether one of them is among what is written now."""
        self._running: asyncio.Future[tuple[list[Any], float]] | None = None
        """The transaction that runs."""
        self.took_s = 0.0
        """How long the transaction took in the thread whose works are told of in this turn."""
        self.commits = Tally()
        """How long transactions took, since the start."""
        self.works = 0
        """What was stored by them."""
        self.failures = 0
        self.talked_s = -math.inf
        """When somebody last asked to store what others are told of, in the event loop's time."""

    def submit(
        self,
        run: Callable[[sa.Connection], Any],
        then: Callable[[Any], None] | None,
        conversation: int | str | None = None,
        *,
        gives_way: bool = False,
    ) -> asyncio.Future[Any]:
        """Its result once it is on disk. Cancelling it does not take the work back."""
        done = self._loop.create_future()
        if self.is_idle:
            # After whatever else this turn of the loop brings.
            self._loop.call_soon(self._start)
        work = Work(run, then, done, conversation, causes.now())
        if gives_way:
            self._giving_way.append((self._loop.time(), work))
        else:
            self._waiting.append(work)
        if then is not None:
            self.talked_s = self._loop.time()
        return done

    @property
    def is_idle(self) -> bool:
        """Whether nothing is being written, or waits to be."""
        return self._running is None and not self.queue

    @property
    def queue(self) -> int:
        """How much waits to be written."""
        return len(self._waiting) + len(self._giving_way)

    @property
    def is_awaited(self) -> bool:
        """In any thread: whether something waits that gives no way."""
        return bool(self._waiting)

    async def quiet(self, within_s: float) -> None:
        """Return once it is idle, at the latest after so long."""
        until_s = self._loop.time() + within_s
        while not self.is_idle and (left_s := until_s - self._loop.time()) > 0:
            if self._running is None:
                await asyncio.sleep(0)  # it begins after this turn
            else:
                await asyncio.wait([self._running], timeout=left_s)

    def between(self, call: Callable[[], T]) -> asyncio.Future[T]:
        """Run it in the thread, between two transactions."""
        return self._thread.call(call)

    async def close(self) -> None:
        """Commit what waits. Nothing may be submitted any more."""
        self._start()
        while self._running is not None:
            await asyncio.wait([self._running])
        await self._thread.close()
        # Whoever waited is told in the loop's next turn, before this goes on.
        await asyncio.sleep(0)

    def _start(self) -> None:
        if self._running is not None or not self.queue:
            return
        batch: list[Work] = []
        self._take(batch)
        self._is_giving_way = False
        if self._giving_way:
            since_s, work = self._giving_way[0]
            if not batch or self._loop.time() - since_s >= GIVES_WAY_S:
                self._giving_way.popleft()
                self._is_giving_way = True
                batch.append(work)
        self._running = self._thread.call(lambda: self._timed(batch))
        self._running.add_done_callback(lambda ran: self._settle(batch, ran))

    def join(self, batch: list[Work]) -> list[Work]:
        """In the thread, before it commits: have what came meanwhile written with what gives way.
        Returns what came.
        """
        return self._take(batch) if self._is_giving_way else []

    def _take(self, batch: list[Work]) -> list[Work]:
        """Move what waits into the batch, as far as there is room. Returns what was moved."""
        before = len(batch)
        # One at a time: whoever asks meanwhile puts more behind.
        while self._waiting and len(batch) < BATCH_MAX:
            batch.append(self._waiting.popleft())
        return batch[before:]

    def _timed(self, batch: list[Work]) -> tuple[list[Any], float]:
        began = time.perf_counter()
        return self._commit(batch), time.perf_counter() - began

    def _settle(self, batch: list[Work], ran: asyncio.Future[tuple[list[Any], float]]) -> None:
        self._running = None
        error = ran.exception()
        outcomes: list[Any]
        if error is None:
            outcomes, self.took_s = ran.result()
            self.commits.add(self.took_s)
            self.works += len(batch)
        else:
            # Who waits behind would wait as long again, or was meant for another database.
            batch += [*self._waiting, *(work for _, work in self._giving_way)]
            self._waiting.clear()
            self._giving_way.clear()
            self.failures += 1
            log.error(
                "commit_failed",
                error=str(error),
                works=len(batch),
                requests=causes.ids_of(work.cause for work in batch),
            )
            outcomes = [Unavailable(retry_after=RETRY_AFTER_S) for _ in batch]
        self._start()
        self._ended(error)
        # In the loop's next turn, as those who wait are: what one client is told of both goes
        # out in one write.
        self._loop.call_soon(tell, batch, outcomes)
        for work, outcome in zip(batch, outcomes, strict=True):
            if work.done.done():
                pass  # who asked went away
            elif isinstance(outcome, Exception):
                work.done.set_exception(outcome)
                # Whoever asked may never look; asyncio would log that as an error of its own.
                work.done.exception()
            else:
                work.done.set_result(outcome)


def tell(batch: list[Work], outcomes: list[Any]) -> None:
    for work, outcome in zip(batch, outcomes, strict=True):
        if work.then is None or isinstance(outcome, Exception):
            continue
        try:
            work.then(outcome)
        except Exception:
            log.exception("telling_failed", request_id=causes.id_of(work.cause))
