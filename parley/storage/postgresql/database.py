"""PostgreSQL, which other processes write to as well.

Every transaction that writes takes a lock of ours: alone, as on SQLite, unless all of its works
lie within conversations that they name. Those share the lock, and lock these conversations' rows
in the order of their ids instead. So commits are in the order of `seq`, nobody decides by what
another is about to change, and nobody waits in a circle.

A connection that breaks before COMMIT has stored nothing, and its works are run again. Where it
breaks in COMMIT nobody guesses: each transaction has written its number to this process's row in
`writers`, which is looked at once the old transaction has ended.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from parley.errors import DatabaseUnusable, SecretDiffers
from parley.storage import facts, trouble
from parley.storage.batch import run_all
from parley.storage.database import Database
from parley.storage.folder import make_folder
from parley.storage.migrate import NEWEST, current_revision, is_old, upgrade
from parley.storage.moved import require_here
from parley.storage.postgresql import planning, tables
from parley.storage.postgresql.connections import (
    ask,
    begin_reading,
    commit,
    driver,
    drop,
    engine_of,
    has_lost,
    is_alive,
    is_broken,
)
from parley.storage.prepared import compile_all, execute
from parley.storage.reader import Reader
from parley.storage.writer import Work, Writer, tell

log = structlog.get_logger(__name__)

T = TypeVar("T")

READERS = 4
"""Here who reads mostly waits for the network."""
LOCK = 0x7061726C6579
"""`parley`: of everything that is written."""
MAKING = LOCK + 1
"""Of making the tables."""
MAKE_WITHIN_MS = 60_000
FINGERPRINT = "secret"
"""The name of the fact that tells whose servers it belongs to."""
TRIES = 4
"""How often a batch is run that has to give way, or whose connection breaks."""
MEND_WITHIN_S = 3.0
"""How long another connection is tried for while clients wait, which they do for five seconds."""
MEND_EVERY_S = 0.1
RECOVER_EVERY_S = 1.0
_PASSWORD = re.compile(r"(?<=://)[^/\s]*(?=@)|(?<=password=)[^&\s]*", re.ASCII)
_ROOM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""As we make them, and may stand in a statement as they are."""
_BEGAN = "(extract(epoch FROM {}) * 1000000)::bigint"
"""A moment as a number: how it is written is a setting of the role."""
FORGET_WRITERS_MS = 30 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class _Open:
    """A transaction whose COMMIT was sent, and not answered."""

    number: int
    pid: int
    began: int
    batch: list[Work]
    outcomes: list[Any]


class PostgresqlDatabase(Database):
    """The database with this URL; files and the secret are in the folder."""

    def __init__(self, url: str, folder: Path) -> None:
        super().__init__(folder)
        self._engine = engine_of(url)
        self._connection: sa.Connection | None = None
        self._id = secrets.randbits(62)
        self._number = 0
        self._open: _Open | None = None
        self._is_known = False
        """Whether our row in `writers` was made."""
        self._is_mending = False
        self._recovery: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        if self._writer is not None:
            return
        make_folder(self._folder)
        await asyncio.to_thread(self._prepare)
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(
            self._engine,
            threads=READERS,
            begin=begin_reading,
            is_alive=is_alive,
            is_broken=is_broken,
        )
        self._writer = Writer(self._commit, self._note)

    def _prepare(self) -> None:
        try:
            with self._engine.connect() as connection:
                require_utf8(connection)
                # Of several that start at once, one makes the tables.
                ask(
                    connection,
                    f"BEGIN; SET LOCAL lock_timeout = {MAKE_WITHIN_MS}; "
                    "SET LOCAL statement_timeout = 0; "
                    "SET LOCAL idle_in_transaction_session_timeout = 0; "
                    f"SELECT pg_advisory_xact_lock({MAKING})",
                )
                if current_revision(connection) is None:
                    tables.make(connection)
                elif is_old(connection):
                    upgrade(connection)
                    tables.order_by_bytes(connection)
                tables.list_by_slot(connection)
                compile_all(self._engine.dialect)
                require_here(connection)
                commit(connection)
        except sa.exc.DBAPIError as error:
            raise unusable(error) from error

    async def hold(self, fingerprint: str) -> None:
        def work(connection: sa.Connection) -> str:
            held = facts.get(connection, FINGERPRINT)
            if held is None:
                facts.put(connection, FINGERPRINT, fingerprint)
            return held or fingerprint

        if await self.write(work) != fingerprint:
            raise SecretDiffers(
                "The PostgreSQL database belongs to servers with another secret. Give this one the "
                "same: share their data folder, or copy their parley.secret and name it with "
                "--secret-file."
            )

    def _commit(self, batch: list[Work]) -> list[Any]:
        """In the writer's thread: each work's result or exception, once all is on disk."""
        until_s = time.monotonic() + (0 if self._is_mending else MEND_WITHIN_S)
        for tries in range(1, TRIES + 1):
            try:
                return self._committed(batch, one_by_one=tries == TRIES)
            except sa.exc.DBAPIError as error:
                if self._is_open(batch):
                    # Whether it is stored, the other end of a connection that broke knows.
                    self._drop_connection()
                    if self._found_out(until_s):
                        return self._closed().outcomes
                elif has_lost(error):
                    self._drop_connection()
                elif is_broken(error) and time.monotonic() < until_s:
                    self._drop_connection()
                    time.sleep(MEND_EVERY_S)
                else:
                    self._drop_connection()
                    raise
                if tries == TRIES:
                    raise
            except BaseException:
                self._drop_connection()
                raise
        raise AssertionError  # the last try returns or raises

    def _committed(self, batch: list[Work], *, one_by_one: bool) -> list[Any]:
        connection = self._writing()
        self._number += 1
        number = self._number
        begun: list[Any] = []

        def begin(connection: sa.Connection) -> None:
            begun[:] = self._begin(connection, batch, number)

        begin(connection)
        outcomes = run_all(connection, batch, begin, one_by_one=one_by_one)
        self._open = _Open(number, begun[0], begun[1], batch, outcomes)
        try:
            commit(connection)
        except sa.exc.DBAPIError as error:
            if not is_broken(error):
                self._open = None  # we were told that nothing is stored
            raise
        self._open = None
        driver(connection).used_s = time.monotonic()
        return outcomes

    def _begin(self, connection: sa.Connection, batch: list[Work], number: int) -> Any:
        """Begin a transaction that has its locks: who runs it in the server, and since when."""
        rows = _lock_of(batch)
        # One statement, for each costs: nobody else wants this row before our transaction ends.
        lock = (
            f"UPDATE writers SET last = {number}, at = {_now_ms()} "  # noqa: S608  # numbers
            f"WHERE id = {self._id} RETURNING pg_backend_pid(), {_BEGAN.format('now()')}, "
            f"pg_advisory_xact_lock{'_shared' if rows else ''}({LOCK})"
        )
        begin = driver(connection).begin_writing
        found = ask(connection, f"{begin}; {lock}" + (f"; {rows}" if rows else ""))
        if not found:
            raise trouble.AnotherDatabase
        return found[0]

    def _writing(self) -> sa.Connection:
        """The write connection, alive a moment ago."""
        if self._connection is not None and not is_alive(self._connection):
            self._drop_connection()
        if self._connection is None:
            connection = self._engine.connect()
            try:
                if current_revision(connection) != NEWEST:
                    raise trouble.AnotherVersion
                if self._open is not None and self._was_stored(connection, self._open):
                    closed = self._closed()
                    self._loop.call_soon_threadsafe(tell, closed.batch, closed.outcomes)
                self._open = None
                self._introduce(connection)
            except BaseException:
                drop(connection)
                raise
            self._connection = connection
        return self._connection

    def _introduce(self, connection: sa.Connection) -> None:
        """See to it that our row is in `writers`. One that went came with another database."""
        if execute(connection, "SELECT 1 FROM writers WHERE id = %s", [self._id]):
            return
        if self._is_known:
            # Who is in a conversation here may be nobody there, or somebody else.
            self._loop.call_soon_threadsafe(self.when_replaced)
        execute(connection, "INSERT INTO writers VALUES (%s, 0, %s)", [self._id, _now_ms()])
        execute(connection, "DELETE FROM writers WHERE at < %s", [_now_ms() - FORGET_WRITERS_MS])
        self._is_known = True

    def _is_open(self, batch: list[Work]) -> bool:
        return self._open is not None and self._open.batch is batch

    def _closed(self) -> _Open:
        """What was open, of which we know now."""
        found, self._open = self._open, None
        assert found is not None  # noqa: S101  # the callers' condition
        return found

    def _found_out(self, until_s: float) -> bool:
        """Whether what is open was stored; if it wasn't, it isn't open any more.

        Raises SQLAlchemy's errors where nobody could be asked in time. It stays open then, and is
        told of once that is known.
        """
        assert self._open is not None  # noqa: S101
        while True:
            try:
                with self._engine.connect() as connection:
                    was_stored = self._was_stored(connection, self._open)
            except sa.exc.DBAPIError:
                if time.monotonic() > until_s:
                    raise
                time.sleep(MEND_EVERY_S)
            else:
                log.warning("commit_looked_up", was_stored=was_stored)
                if not was_stored:
                    self._open = None
                return was_stored

    def _was_stored(self, connection: sa.Connection, open: _Open) -> bool:
        # Who still waits for our COMMIT waits for ever.
        execute(
            connection,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "  # noqa: S608  # ours
            f"WHERE pid = %s AND {_BEGAN.format('xact_start')} = %s",
            [open.pid, open.began],
        )
        # It holds this row until it has ended.
        last = f"SELECT last FROM writers WHERE id = {self._id} FOR UPDATE"  # noqa: S608  # a number
        found = ask(connection, f"{driver(connection).begin_writing}; {last}")
        commit(connection)
        return bool(found) and found[0][0] == open.number

    def _note(self, error: BaseException | None) -> None:
        self.problem = None if error is None else trouble.in_words(error)
        self._is_mending = error is not None
        if error is not None and self._recovery is None and not self._is_closed:
            self._recovery = self._loop.call_later(RECOVER_EVERY_S, self._recover)

    def _read_failed(self, error: BaseException) -> None:
        self._note(error)

    def _recover(self) -> None:
        """Whoever comes finds it mended: nothing need be stored for that."""
        self._recovery = None
        if self.problem is None or self._is_closed or self._writer is None:
            return
        if self._writer.is_idle:
            self._writer.submit(_nothing, None)
        else:
            self._recovery = self._loop.call_later(RECOVER_EVERY_S, self._recover)

    async def write_unreferenced(self, work: Callable[[sa.Connection], T]) -> T:
        # No foreign key is checked here that has no index.
        return await self.write(work)

    async def plan_anew(self) -> None:
        try:
            grown = await asyncio.to_thread(planning.plan_anew, self._engine)
        except sa.exc.DBAPIError as error:
            log.debug("not_planned_anew", error=str(error.orig))
        else:
            if grown:
                log.debug("planned_anew", tables=grown)

    async def forget_erased(self) -> None:
        """PostgreSQL overwrites nothing by itself: see docs/security.md."""

    def is_in_place(self) -> bool:
        return not self._is_mending

    async def probe(self) -> None:
        await self.write(_nothing)

    async def close(self) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        if self._recovery is not None:
            self._recovery.cancel()
        if self._writer is not None:
            await self._writer.close()
        if self._reader is not None:
            await self._reader.close()
        await asyncio.to_thread(self._leave)

    def _leave(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sa.exc.DBAPIError):
                execute(self._connection, "DELETE FROM writers WHERE id = %s", [self._id])
        self._drop_connection()
        self._engine.dispose()

    def _drop_connection(self) -> None:
        if self._connection is not None:
            drop(self._connection)
            self._connection = None


def _lock_of(batch: list[Work]) -> str:
    """A statement that locks the conversations in which all of these works lie, in the order of
    their ids; empty where they are to be alone.

    Whoever is inside comes by a link from before, too.
    """
    named = {work.conversation for work in batch}
    ids = ", ".join(str(int(each)) for each in named if isinstance(each, int))
    rooms = [each for each in named if isinstance(each, str)]
    if not named or None in named or not all(map(_ROOM_ID.fullmatch, rooms)):
        return ""
    if rooms:
        some = ", ".join(f"'{each}'" for each in rooms)
        of_rooms = (
            f"SELECT id FROM conversations WHERE room_id IN ({some}) UNION ALL "  # noqa: S608
            f"SELECT conversation_id FROM old_links WHERE room_id IN ({some})"
        )
        ids = of_rooms + (f" UNION ALL SELECT unnest(ARRAY[{ids}])" if ids else "")
    return f"SELECT id FROM conversations WHERE id IN ({ids}) ORDER BY id FOR NO KEY UPDATE"  # noqa: S608


def _nothing(connection: sa.Connection) -> None:
    pass


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def require_utf8(connection: sa.Connection) -> None:
    [(encoding,)] = execute(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise DatabaseUnusable(
            f"The PostgreSQL database keeps texts as {encoding}. Give one that was made with "
            "ENCODING 'UTF8'."
        )


def unusable(error: BaseException) -> DatabaseUnusable:
    """For who starts something on it: in PostgreSQL's own words, as only those say what to mend."""
    said = _in_one_line(getattr(error, "orig", None) or error).rstrip(".?")
    return DatabaseUnusable(f"The PostgreSQL database cannot be used: {said}.")


def _in_one_line(error: BaseException | None) -> str:
    """Without what a URL that couldn't be read holds."""
    return _PASSWORD.sub("…", " ".join(str(error).split()))
