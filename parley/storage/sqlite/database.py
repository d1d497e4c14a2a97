"""SQLite in the data folder: WAL, `synchronous=FULL`, and checkpoints while the writer goes on.

When the disk or the file fails, nothing is lost that was acknowledged: each commit looks whether
the file is still the one in the folder.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from parley.errors import DatabaseUnusable, Unavailable
from parley.storage import trouble
from parley.storage.batch import run_all
from parley.storage.database import CHECKPOINT_PAGES_MAX, Database
from parley.storage.folder import NAME, Files, close_to_others, database_url, make_folder
from parley.storage.lock import FolderLock
from parley.storage.migrate import NEWEST, current_revision, migrate
from parley.storage.moved import require_here
from parley.storage.prepared import compile_all, execute
from parley.storage.reader import Reader
from parley.storage.writer import RETRY_AFTER_S, Work, Writer

log = structlog.get_logger(__name__)

T = TypeVar("T")

BUSY_TIMEOUT_MS = 2_000
"""How long another program's lock is waited for: clients wait five seconds for their answer."""
FORGET_WITHIN_MS = 20
"""How long who reads is waited for when the log is to be emptied: nobody can write meanwhile."""
FORGET_AGAIN_S = 5.0
"""Then it is tried again after this."""
CHECKPOINT_PAGES = 1_000
"""After so many pages written to the log, it is put into the database beside the writer."""
CHECKPOINT_AFTER_S = 0.01
"""What was stored is told first."""
LOG_PAGES_MAX = 100_000
"""So many are put into the database within the commit that finds them: 400 MB, whatever it takes.

Less has failed then, or another program has read for hours.
"""
PAGES_A_COMMIT, PAGES_A_WORK = 2, 2
"""What each adds to the log, about."""


class SqliteDatabase(Database):
    """The database in a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._lock = FolderLock(folder)
        # Both open only what is there: a file that was removed must not come back empty.
        self._reads = connected(database_url(folder, "rw"), "PRAGMA query_only = ON")
        self._writes = connected(
            database_url(folder, "rw"), f"PRAGMA wal_autocheckpoint = {LOG_PAGES_MAX}"
        )
        self._connection: sa.Connection | None = None
        self._files: Files | None = None
        self._forgetting: asyncio.Task[None] | None = None
        self._forget_later: asyncio.TimerHandle | None = None
        """Set while somebody reads what is to be forgotten."""
        self._one_forgets = asyncio.Lock()
        self._pages = 0
        """About what was added to SQLite's log since a checkpoint began."""
        self._log_pages = 0
        """How many it held at the last one."""
        self._checkpointing: asyncio.Task[int] | None = None
        self._checkpoint_is_due = False
        self._one_checkpoint = asyncio.Lock()

    async def open(self) -> None:
        """Make the folder and the tables, or bring them up to date. A second call does nothing.

        Raises `StartupError`s: an unusable folder or file, a newer database, a server
        that runs on it already.
        """
        if self._writer is not None:
            return
        make_folder(self._folder)
        self._lock.take()
        try:
            await asyncio.to_thread(self._prepare)
        except BaseException:
            self._lock.release()
            raise
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(self._reads)
        self._writer = writer = Writer(
            lambda batch: self._commit(batch, join=writer.join), self._note
        )

    def _prepare(self) -> None:
        engine = connected(database_url(self._folder, "rwc"))
        is_new = not (self._folder / NAME).exists()
        try:
            migrate(engine)
            compile_all(engine.dialect)
            with engine.connect() as connection:
                require_here(connection)
            close_to_others(self._folder, is_new=is_new)
        except sa.exc.DBAPIError as error:
            raise DatabaseUnusable(
                f"The database in {self._folder} cannot be used: {error.orig}."
            ) from error
        finally:
            engine.dispose()

    async def write_unreferenced(self, work: Callable[[sa.Connection], T]) -> T:
        """The same for deleting what nothing refers to, as its caller knows: SQLite would look
        for that itself, and where no index leads there, read whole tables for each row.
        """
        if self._is_closed or self._writer is None:
            raise Unavailable(retry_after=RETRY_AFTER_S)
        alone = Work(work, None, self._loop.create_future(), None)
        try:
            outcome: T | Exception = await self._writer.between(lambda: self._unreferenced(alone))
        except (sa.exc.DBAPIError, OSError, trouble.FileGone) as error:
            log.error("commit_failed", error=str(error), works=1)
            raise Unavailable(retry_after=RETRY_AFTER_S) from error
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _unreferenced(self, work: Work) -> Any:
        # It is no part of a transaction, where SQLite would not hear of it.
        execute(self._writing(), "PRAGMA foreign_keys = OFF")
        try:
            return self._commit([work])[0]
        finally:
            if self._connection is not None:
                execute(self._connection, "PRAGMA foreign_keys = ON")

    def wrote(self, pages: int) -> None:
        """For a work that adds many more pages to SQLite's log than most do, in the writer's
        thread: they are put into the database the sooner, while nobody waits for it.
        """
        self._pages += pages

    async def forget_erased(self) -> None:
        """Empty SQLite's log, in which what was erased still stands.

        While somebody reads what is in it, another program perhaps, it stays; then this is
        tried again until it succeeds, once for all who asked. A start empties it too.
        """
        async with self._one_forgets:
            if self._writer is None or self._is_closed or self._forget_later is not None:
                return
            # The writer stands still while it is emptied: little may be left to do then.
            is_empty = await self._checkpoint_beside() < CHECKPOINT_PAGES
            if is_empty and not self._is_closed:
                is_empty = await self._writer.between(self._empty_log)
            if not is_empty and not self._is_closed:
                self._forget_later = self._loop.call_later(FORGET_AGAIN_S, self._forget_again)

    def _forget_again(self) -> None:
        self._forget_later = None
        if not self._is_closed:
            self._forgetting = self._loop.create_task(self.forget_erased())

    async def checkpoint(self) -> int:
        """Put what is in SQLite's log into the database, while others go on writing.

        How many pages could not be put there: somebody still reads what was before them.
        """
        self._checkpoint_is_due = False
        left = await self._checkpoint_beside()
        if self._is_closed or self._writer is None or left >= CHECKPOINT_PAGES:
            return left
        if self._writer.is_idle or self._log_pages >= CHECKPOINT_PAGES_MAX:
            # What came meanwhile is left to the writer: a log begins anew where nothing is left.
            self._writer.between(self._checkpoint)
        return left

    async def _checkpoint_beside(self) -> int:
        async with self._one_checkpoint:
            self._pages = 0
            if self._reader is None or self._is_closed:
                return 0
            try:
                rows = await self._reader.apart(_put_into_database)
            except sa.exc.DBAPIError as error:
                log.warning("checkpoint_failed", error=trouble.in_words(error))
                return CHECKPOINT_PAGES
        [(is_busy, self._log_pages, done)] = rows
        return CHECKPOINT_PAGES if is_busy else self._log_pages - done

    def _empty_log(self) -> bool:
        """In the writer's thread: whether nothing is left in it."""
        return self._begin_log_anew("TRUNCATE")

    def _begin_log_anew(self, how: str) -> bool:
        """In the writer's thread, on the connection as it is: whether nobody reads in it any more.

        Whoever begins to read meanwhile reads from the database. So the writer waits only for those
        who had begun: where somebody always reads, the log would grow without end otherwise.
        """
        connection = self._connection
        if connection is None:
            return False
        try:
            execute(connection, f"PRAGMA busy_timeout = {FORGET_WITHIN_MS}")
            [(is_busy, _, _)] = execute(connection, f"PRAGMA wal_checkpoint({how})")
            execute(connection, f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        except sa.exc.DBAPIError as error:
            log.warning("checkpoint_failed", error=trouble.in_words(error))
            self._drop_connection()
            return False
        return not is_busy

    def is_in_place(self) -> bool:
        """Whether the files that were written last still lie where they lay."""
        try:
            return self._files is None or Files.of(self._folder) == self._files
        except OSError:
            return False

    async def probe(self) -> None:
        """Store what means nothing, to learn whether that works. Raises `Unavailable`."""

        def work(connection: sa.Connection) -> None:
            connection.exec_driver_sql("PRAGMA user_version = 0").close()

        try:
            await self.write(work)
        except Unavailable:
            if self._files is not None or self._is_closed:
                raise
            await self.write(work)  # what kept it was the last of other files

    async def close(self) -> None:
        """Commit what waits, then close every connection. A second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._writer is not None:
            await self._writer.close()
        if self._reader is not None:
            await self._reader.close()
        # The last to close: SQLite then puts what its log holds into the database.
        await asyncio.to_thread(self._close_connection)
        self._lock.release()

    def _close_connection(self) -> None:
        self._drop_connection()
        self._writes.dispose()

    def _note(self, error: BaseException | None) -> None:
        self.problem = None if error is None else trouble.in_words(error)
        if self._pages >= CHECKPOINT_PAGES and not self._checkpoint_is_due:
            self._checkpoint_is_due = True
            self._loop.call_later(CHECKPOINT_AFTER_S, self._begin_checkpoint)

    def _begin_checkpoint(self) -> None:
        if not self._is_closed:
            self._checkpointing = self._loop.create_task(self.checkpoint())

    def _checkpoint(self) -> None:
        """In the writer's thread: let SQLite's log begin anew."""
        # Whether its files are still in their place, and what becomes of those who wait if they are
        # not, is found out with the next write.
        self._begin_log_anew("RESTART")

    def _commit(
        self, batch: list[Work], join: Callable[[list[Work]], list[Work]] | None = None
    ) -> list[Any]:
        """In the writer's thread: each work's result or exception, once all is on disk."""
        try:
            self._lock.keep()
            connection = self._writing()
            _begin(connection)
            outcomes = run_all(connection, batch, _begin, join=join)
            execute(connection, "COMMIT")
            self._pages += PAGES_A_COMMIT + PAGES_A_WORK * len(batch)
            if Files.of(self._folder) != self._files:
                raise trouble.FileGone(f"{NAME} went away during a commit")
        except BaseException:
            # A connection that failed mid-way may be in any state: take a new one next time.
            self._drop_connection()
            raise
        return outcomes

    def _writing(self) -> sa.Connection:
        """The write connection, to the file that lies in the folder now.

        SQLite would go on writing to a file that was removed or replaced, which
        no restart finds again: nothing acknowledged may go there.
        """
        files = Files.of(self._folder)
        if self._files is not None and files != self._files:
            self._change_files(self._files.database != files.database)
        if self._connection is None:
            connection = self._writes.connect()
            if current_revision(connection) != NEWEST:
                connection.close()
                raise trouble.FileGone(f"{NAME} is another database")
            self._connection, self._files = connection, Files.of(self._folder)
        return self._connection

    def _change_files(self, is_another: bool) -> None:
        """Let go of the files that were open, so that what lies in the folder is opened anew.

        The last connection to close writes what a log that was removed still
        holds into the database: none may stay open meanwhile.
        """
        self._files = None
        with self._reader.nobody() if self._reader else contextlib.nullcontext():
            self._drop_connection()
        if is_another:
            # Who is in a conversation here may be nobody there, or somebody else.
            self._loop.call_soon_threadsafe(self.when_replaced)
            raise trouble.FileGone(f"{NAME} was replaced")

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _begin(connection: sa.Connection) -> None:
    execute(connection, "BEGIN IMMEDIATE")


def _put_into_database(connection: sa.Connection) -> list[Any]:
    """Whether somebody else was at it, how many pages its log holds, how many are there now."""
    return execute(connection, "PRAGMA wal_checkpoint(PASSIVE)")


def connected(url: str, *pragmas: str) -> sa.Engine:
    """Connections to the database at this address, all set as they must be, and by `pragmas`."""
    # AUTOCOMMIT hands BEGIN and COMMIT to us: sqlite3's own would come too late and too weak.
    engine = sa.create_engine(
        url,
        isolation_level="AUTOCOMMIT",
        # An error's text goes into the log; what people say does not.
        hide_parameters=True,
    )

    @sa.event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        for pragma in (
            # On macOS a plain sync leaves it to the drive when to write; elsewhere this is nothing.
            # First, since the next makes a new file a database, and syncs that.
            "PRAGMA fullfsync = ON",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            # What is deleted is overwritten: it must not be found in the file afterwards.
            "PRAGMA secure_delete = ON",
            f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
            *pragmas,
        ):
            connection.execute(pragma)

    return engine
