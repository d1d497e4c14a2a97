"""The database, whichever it is: reads side by side, and the one writer of this process.

A single thread commits everything that waits in one transaction (group commit);
where a piece of it fails, each is run in a savepoint of its own, so that one
failure hurts no other. Work is plain functions over an SQLAlchemy connection:
one hop to the thread for a whole batch, none for each statement.

When the database fails, everything that waits is refused as `Unavailable`,
`problem` says why, reads go on where they can, and the next write that succeeds
ends it.
"""

from __future__ import annotations

import abc
import asyncio
import math
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import sqlalchemy as sa
import structlog

from parley.errors import Unavailable
from parley.storage import trouble
from parley.storage.folder import sizes
from parley.storage.reader import Reader
from parley.storage.writer import RETRY_AFTER_S, Writer

log = structlog.get_logger(__name__)

T = TypeVar("T")
P = ParamSpec("P")

CHECKPOINT_PAGES_MAX = 4_000
"""Where somebody always writes, a log of so many pages begins anew between two commits."""


class Database(abc.ABC):
    """`open()` it before use; end with `close()`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._reader: Reader | None = None
        self._writer: Writer | None = None
        self._is_closed = False
        self.problem: str | None = None
        """Why nothing can be stored now, as a sentence; None while all is well."""
        self.when_replaced: Callable[[], None] = _nothing
        """Called on the event loop when it is another database than before."""

    @abc.abstractmethod
    async def open(self) -> None:
        """Make the tables, or bring them up to date. A second call does nothing.

        Raises `StartupError`s.
        """

    async def hold(self, fingerprint: str) -> None:
        """Keep what tells the servers' secret from others, where several use it.

        Raises `SecretDiffers` where it belongs to servers with another.
        """
        return

    async def read(
        self, query: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `query(connection, …)` gives, on a connection that cannot write."""
        return await self._read(
            Reader.submit, lambda connection: query(connection, *args, **kwargs)
        )

    async def search(
        self, query: Callable[Concatenate[sa.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """The same, for what may take long."""
        return await self._read(
            Reader.search, lambda connection: query(connection, *args, **kwargs)
        )

    async def _read(
        self,
        submit: Callable[[Reader, Callable[[sa.Connection], T]], asyncio.Future[T]],
        query: Callable[[sa.Connection], T],
    ) -> T:
        if self._is_closed or self._reader is None:
            raise Unavailable(retry_after=RETRY_AFTER_S)
        try:
            return await submit(self._reader, query)
        except sa.exc.DatabaseError as error:
            if not trouble.is_of_storage(error):
                raise
            log.error("read_failed", error=str(error.orig))
            self._read_failed(error)
            raise Unavailable(retry_after=RETRY_AFTER_S) from error

    def _read_failed(self, error: BaseException) -> None:
        """On the event loop: nothing could be read."""
        return

    def write(
        self,
        work: Callable[[sa.Connection], T],
        then: Callable[[T], None] | None = None,
        *,
        conversation: int | str | None = None,
        gives_way: bool = False,
    ) -> asyncio.Future[T]:
        """Run `work` in the writer; its result once it is on disk.

        `then(result)` is called on the event loop right after the commit, in
        commit order, even when the caller is cancelled meanwhile: what is
        stored is also told. The future raises what `work` raises, and
        `Unavailable` when nothing could be stored. A `work` whose batch holds
        one that fails is run a second time, the first undone.

        `conversation` names the one, by its id or a room_id, in which all lies that the work
        changes, and all it decides by that others with one change: where many processes write,
        those for other conversations need not wait for it then. Without it the work is alone.

        What `gives_way` is done while nobody else waits, and should end early where it
        `is_awaited`.
        """
        if self._is_closed or self._writer is None:
            raise Unavailable(retry_after=RETRY_AFTER_S)
        return self._writer.submit(work, then, conversation, gives_way=gives_way)

    async def quiet(self, within_s: float) -> None:
        """For whoever has time: return once nobody waits for the writer, at the latest after so
        long.
        """
        if self._writer is not None:
            await self._writer.quiet(within_s)

    @property
    def writer(self) -> Writer | None:
        """The one that writes, to look at; None before `open`."""
        return self._writer

    def sizes(self) -> dict[str, int]:
        """Bytes of the files it has, by what they are."""
        return sizes(self._folder)

    @property
    def is_awaited(self) -> bool:
        """In the writer's thread: whether others wait for the work that is done now."""
        return self._writer is not None and self._writer.is_awaited

    @property
    def talked_s(self) -> float:
        """When somebody last asked to store what others are told of, in the event loop's time."""
        return -math.inf if self._writer is None else self._writer.talked_s

    @property
    def took_s(self) -> float:
        """How long the transaction took that is told of now, in the writer's thread."""
        return 0.0 if self._writer is None else self._writer.took_s

    @abc.abstractmethod
    async def write_unreferenced(self, work: Callable[[sa.Connection], T]) -> T:
        """The same as `write` for deleting what nothing refers to, as its caller knows."""

    def wrote(self, pages: int) -> None:
        """For a work that changes many more pages than most do, in the writer's thread."""
        return

    async def plan_anew(self) -> None:
        """Have it think again how to find what it is asked for, where much has come."""
        return

    @abc.abstractmethod
    async def forget_erased(self) -> None:
        """Have what was erased overwritten, where the database has kept it."""

    async def checkpoint(self) -> int:
        """Have what was written put in its place, while others go on writing.

        How many pages are left.
        """
        return 0

    @abc.abstractmethod
    def is_in_place(self) -> bool:
        """Whether it is the database that was written to last."""

    @abc.abstractmethod
    async def probe(self) -> None:
        """Store what means nothing, to learn whether that works. Raises `Unavailable`."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Commit what waits, then close every connection. A second call does nothing."""


def _nothing() -> None:
    pass
