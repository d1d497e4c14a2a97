"""apsw as SQLAlchemy's driver for SQLite: as much of DB-API as Parley's storage uses."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import apsw

Row = tuple[Any, ...]


class Cursor:
    arraysize = 1

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._cursor = connection.raw.cursor()
        # Asked for before the first step: of a statement without rows it is gone afterwards.
        self._cursor.exec_trace = self._describe
        self.description: tuple[Row, ...] | None = None
        self._rows: deque[Row] = deque()
        self.rowcount, self.lastrowid = -1, 0

    def _describe(self, cursor: apsw.Cursor, _sql: str, _bindings: object) -> bool:
        columns = cursor.get_description()
        self.description = tuple((name, *[None] * 6) for name, *_ in columns) or None
        return True

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        # All rows at once: a statement that is still under way would keep others from beginning.
        rows = self._cursor.execute(self._connection.driver.spoken(sql), tuple(parameters))
        self._rows = deque(rows.fetchall())
        raw = self._connection.raw
        self.rowcount, self.lastrowid = raw.changes(), raw.last_insert_rowid()
        return self

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> Cursor:
        self.rowcount = sum(self.execute(sql, row).rowcount for row in rows)
        return self

    def fetchone(self) -> Row | None:
        return self._rows.popleft() if self._rows else None

    def fetchall(self) -> list[Row]:
        return self.fetchmany(len(self._rows))

    def fetchmany(self, size: int = 1) -> list[Row]:
        return [self._rows.popleft() for _ in range(min(size, len(self._rows)))]

    def close(self) -> None:
        self._cursor.close()


class Connection:
    # What SQLAlchemy sets for AUTOCOMMIT, and apsw knows no other: BEGIN and COMMIT are ours.
    isolation_level: str | None = None

    def __init__(self, driver: Driver, raw: apsw.Connection) -> None:
        self.driver = driver
        self.raw = raw

    def cursor(self) -> Cursor:
        return Cursor(self)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> Cursor:
        return self.cursor().execute(sql, parameters)

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> Cursor:
        return self.cursor().executemany(sql, rows)

    def create_function(
        self, name: str, number: int, function: Callable[..., Any], *, deterministic: bool
    ) -> None:
        self.raw.create_scalar_function(name, function, number, deterministic=deterministic)

    def commit(self) -> None:
        if self.raw.in_transaction:
            self.raw.execute("COMMIT")

    def rollback(self) -> None:
        if self.raw.in_transaction:
            self.raw.execute("ROLLBACK")

    def close(self) -> None:
        self.raw.close()


class Driver:
    """For `create_engine(module=…)`: opens files through the VFS of that name.

    `instead` replaces statements, to show what their absence does.
    """

    paramstyle = "qmark"
    sqlite_version = apsw.sqlite_lib_version()
    sqlite_version_info = tuple(int(part) for part in sqlite_version.split("."))
    Binary = bytes
    PARSE_DECLTYPES, PARSE_COLNAMES = sqlite3.PARSE_DECLTYPES, sqlite3.PARSE_COLNAMES
    Error = DatabaseError = OperationalError = IntegrityError = ProgrammingError = apsw.Error

    def __init__(self, vfs: str, *, instead: Mapping[str, str] | None = None) -> None:
        self._vfs = vfs
        self._instead = instead or {}
        self.replaced = 0
        self.checkpoints = 0
        """How many were asked for; those within a commit come on top."""

    def connect(self, address: str, **_options: object) -> Connection:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
        raw = apsw.Connection(address, flags, self._vfs)
        return Connection(self, raw)

    def spoken(self, sql: str) -> str:
        self.replaced += sql in self._instead
        self.checkpoints += sql.startswith("PRAGMA wal_checkpoint")
        return self._instead.get(sql, sql)
