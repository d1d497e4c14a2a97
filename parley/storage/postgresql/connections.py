"""Connections to PostgreSQL that neither hang nor need anything of a session.

What a transaction needs it sets itself, with SET LOCAL, and its locks end with it: so PgBouncer
may hand each to another connection of its own.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg import errors
from psycopg.types.numeric import Int8Dumper

from parley.storage.prepared import as_sqlalchemy

CONNECT_WITHIN_S = 4
"""Clients wait five seconds for an answer."""
ANSWER_WITHIN_S = 20.0
"""How long an answer is waited for, however the server or the network is."""
STATEMENT_WITHIN_MS = 15_000
LOCK_WITHIN_MS = 4_000
IDLE_WITHIN_MS = 10_000
"""A process that stands still in a transaction keeps the others waiting no longer than this."""
ASK_AFTER_S = 30.0
"""A connection that lay idle for longer is asked for a sign of life: a firewall may have forgotten
it without a word."""
PREPARED_MAX = 500
"""More than Parley has."""

_SETTINGS = {
    "statement_timeout": STATEMENT_WITHIN_MS,
    "lock_timeout": LOCK_WITHIN_MS,
    "idle_in_transaction_session_timeout": IDLE_WITHIN_MS,
    "standard_conforming_strings": "on",
}
"""Whatever the role or the database have."""
_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

_BROKEN = ("57P01", "57P02", "57P03", "57P05", "25P03", "08")
"""Its states where the connection has ended: a stop, a crash, time that was over."""

_NEVER_STORED = "\uffff"
"""A noncharacter, for the NUL that PostgreSQL knows not: what has one is looked for, and is not
there. To store one is refused before."""
_names = itertools.count()


class _TextDumper(psycopg.adapt.Dumper):
    def dump(self, obj: str) -> bytes:
        return (obj.replace("\0", _NEVER_STORED) if "\0" in obj else obj).encode()


class _Cursor(psycopg.Cursor[Any]):
    def execute(self, query: Any, params: Any = None, **options: Any) -> _Cursor:
        try:
            super().execute(query, params, **options)
        except psycopg.DataError as error:
            # No text here has U+0000, so whoever asks for one finds nothing, as with SQLite. The
            # driver refuses it before it sends anything.
            if error.sqlstate is not None or not isinstance(params, Sequence):
                raise
            super().execute(query, _without_nul(params), **options)
        return self

    def fetchall(self) -> list[Any]:
        """As other drivers do: nothing, where a statement gives no rows."""
        return super().fetchall() if self.description else []


class Connection(psycopg.Connection[Any]):
    """With what `prepared` asks of a driver's connection."""

    used_s = 0.0
    begin_writing = _BEGIN
    begin_reading = _BEGIN_READING

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> psycopg.Cursor[Any]:
        cursor = self.cursor()
        cursor.executemany(sql, rows)
        return cursor

    def reading(self, sql: str, values: Sequence[Any]) -> Any:
        """A cursor whose rows come by and by. Inside a transaction only."""
        cursor = self.cursor(f"parley_{next(_names)}")
        return cursor.execute(sql, values)

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Raises `OperationalError` where no answer comes in time."""
        try:
            return super().wait(gen, interval, ANSWER_WITHIN_S if timeout is None else timeout)
        except errors._WaitTimeout as error:
            # What it asked for may still be done: the connection is in no state that we know.
            self.pgconn.finish()
            raise psycopg.OperationalError("the server gives no answer") from error


def engine_of(url: str) -> sa.Engine:
    """Connections to the database with this URL. Each is made when it is asked for."""

    def connect() -> Connection:
        connection: Connection = Connection.connect(
            url,
            autocommit=True,
            cursor_factory=_Cursor,
            connect_timeout=CONNECT_WITHIN_S,
            application_name="parley",
            client_encoding="UTF8",
            # A partner that is gone without a word is found out.
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=10_000,
        )
        # Else each size of number would make a prepared statement of its own.
        connection.adapters.register_dumper(int, Int8Dumper)
        connection.adapters.register_dumper(str, _TextDumper)
        connection.prepared_max = PREPARED_MAX
        if is_pooled(connection):
            # It hands the next transaction to another of its own connections.
            connection.prepare_threshold = None
            more = "".join(f"; SET LOCAL {name} = {value}" for name, value in _SETTINGS.items())
            connection.begin_writing += more
            connection.begin_reading += more
        else:
            connection.execute(
                "; ".join(f"SET {name} = {value}" for name, value in _SETTINGS.items())
            )
        connection.used_s = time.monotonic()
        return connection

    return sa.create_engine(
        "postgresql+psycopg://",
        creator=connect,
        # Places in order, as SQLite's.
        paramstyle="format",
        poolclass=sa.NullPool,
        isolation_level="AUTOCOMMIT",
        # An error's text goes into the log; what people say does not.
        hide_parameters=True,
    )


def is_pooled(connection: psycopg.Connection[Any]) -> bool:
    """Whether PgBouncer answers in the server's place."""
    pid = connection.execute("SELECT pg_backend_pid()").fetchone()
    return pid is None or pid[0] != connection.info.backend_pid


def begin_reading(connection: sa.Connection) -> None:
    """Begin a transaction that sees one moment and writes nothing."""
    ask(connection, driver(connection).begin_reading)


def ask(connection: sa.Connection, sql: str) -> list[Any]:
    """What the first of these statements gives that gives rows. Raises SQLAlchemy's errors."""
    try:
        cursor = driver(connection).execute(sql, prepare=False)
        while not cursor.description and cursor.nextset():
            pass
        rows: list[Any] = cursor.fetchall()
    except psycopg.Error as error:
        raise as_sqlalchemy(connection, sql, error) from error
    return rows


def commit(connection: sa.Connection) -> None:
    """Raises SQLAlchemy's errors: `InternalError` where a work hid that it had failed."""
    try:
        cursor = driver(connection).execute("COMMIT", prepare=False)
        if cursor.statusmessage != "COMMIT":
            raise psycopg.InternalError("the transaction had failed")
    except psycopg.Error as error:
        raise as_sqlalchemy(connection, "COMMIT", error) from error


def drop(connection: sa.Connection) -> None:
    """Close it, whatever state it is in."""
    connection.invalidate()
    connection.close()


def driver(connection: sa.Connection) -> Connection:
    found: Connection = connection.connection.driver_connection  # type: ignore[assignment]
    return found


def is_alive(connection: sa.Connection) -> bool:
    """Whether it can be used: a server that stopped has said goodbye on it."""
    own = driver(connection)
    if own.closed:
        return False
    now_s = time.monotonic()
    try:
        # The first may find the server's last words, the second that it hung up after them.
        own.pgconn.consume_input()
        own.pgconn.consume_input()
        if now_s - own.used_s > ASK_AFTER_S:
            own.execute("")
    except psycopg.Error:
        return False
    own.used_s = now_s
    return True


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    return [_without_nul(each) for each in value] if isinstance(value, list | tuple) else value


def is_broken(error: BaseException | None) -> bool:
    """Whether the connection has ended, and another may do."""
    orig = getattr(error, "orig", error)
    if not isinstance(orig, psycopg.Error):
        return False
    if orig.sqlstate is None:
        return isinstance(orig, psycopg.OperationalError)
    return orig.sqlstate.startswith(_BROKEN)


def has_lost(error: BaseException) -> bool:
    """Whether it had to give way to another transaction, and would succeed if run again."""
    return getattr(getattr(error, "orig", None), "sqlstate", None) in ("40001", "40P01")
