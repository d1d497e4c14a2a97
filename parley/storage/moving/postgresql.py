"""PostgreSQL, as a place to move from or to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import sqlalchemy as sa

from parley.errors import MoveFailed
from parley.storage import cluster
from parley.storage.migrate import NEWEST, current_revision
from parley.storage.moving.places import FETCHED_AT_ONCE, Place, Row, numbered
from parley.storage.postgresql import tables
from parley.storage.postgresql.connections import driver, engine_of
from parley.storage.postgresql.database import LOCK, require_utf8, unusable
from parley.storage.schema import metadata

ALONE_WITHIN_S = 15.0
"""Longer than a lease."""
LOOK_EVERY_S = 0.5
_READ = "parley_move"


class Postgresql(Place):
    """A PostgreSQL database that no server runs on. None can write to it as long as this is open:
    it holds the lock of everything that is written.
    """

    name = "the PostgreSQL database"
    errors = (psycopg.Error, sa.exc.DBAPIError)
    mark = "%s"

    def __init__(self, url: str, *, is_target: bool) -> None:
        """Raises `StartupError`s."""
        self._engine = engine_of(url)
        try:
            self._connection = self._engine.connect()
            self._driver = driver(self._connection)
            self._wait_until_alone()
            self._hold()
            require_utf8(self._connection)
            if is_target and current_revision(self._connection) is None:
                self.begin()
                tables.make(self._connection)
                self.commit()
            if current_revision(self._connection) != NEWEST:
                raise MoveFailed(
                    "The PostgreSQL database holds no conversations of this version of Parley. "
                    "Bring it up to date by starting a server of this version on it once."
                )
        except (sa.exc.DBAPIError, psycopg.Error) as error:
            self._engine.dispose()
            raise unusable(error) from error
        except BaseException:
            self._engine.dispose()
            raise

    def _wait_until_alone(self) -> None:
        """A process that stopped is on the books until its lease is over."""
        if current_revision(self._connection) is None:
            return
        until_s = time.monotonic() + ALONE_WITHIN_S
        while running := cluster.others(self._connection, 0):
            if time.monotonic() > until_s:
                raise MoveFailed(
                    f"{running} of Parley's processes {'runs' if running == 1 else 'run'} on the "
                    "PostgreSQL database. Stop all of them, and try again."
                )
            time.sleep(LOOK_EVERY_S)

    def _hold(self) -> None:
        if self._driver.prepare_threshold is None:
            raise MoveFailed(
                "This is PgBouncer. Give the address of PostgreSQL itself: moving holds a lock "
                "from beginning to end, which PgBouncer does not keep."
            )
        for name in ("statement_timeout", "idle_in_transaction_session_timeout"):
            self.ask(f"SET {name} = 0")
        [(is_ours,)] = self.ask("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not is_ours:
            raise MoveFailed(
                "Something else writes to the PostgreSQL database: another `parley move-data`, or "
                "a server. Stop it, or wait for its end, and try again."
            )

    def begin(self) -> None:
        self.ask("BEGIN")

    def commit(self) -> None:
        self.ask("COMMIT")

    def roll_back(self) -> None:
        if not self._driver.closed:
            self.ask("ROLLBACK")

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        return self._driver.execute(sql, values or None).fetchall()

    def stream(self, sql: str, values: Sequence[Any]) -> Iterator[Row]:
        with (
            self._driver.transaction(),
            psycopg.ServerCursor(self._driver, _READ) as cursor,
        ):
            cursor.execute(sql, values or None)
            while rows := cursor.fetchmany(FETCHED_AT_ONCE):
                yield from rows

    def add(self, table: sa.Table, rows: Sequence[Row]) -> None:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        try:
            with (
                self._driver.cursor() as cursor,
                cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy,
            ):
                for row in rows:
                    _require_storable(table, row)
                    copy.write_row(row)
        except psycopg.DataError as error:
            raise MoveFailed(
                f"PostgreSQL can't store a row of the table {table.name}: {error}."
            ) from error

    def newest_id(self, table: sa.Table) -> int:
        [(last, is_used)] = self.ask(
            f"SELECT last_value, is_called FROM {self._sequence(table)}"  # noqa: S608
        )
        key = self.last_key(table)
        return max(int(last) if is_used else 0, 0 if key is None else int(key[0]))

    def go_on_after(self, table: sa.Table, newest_id: int) -> None:
        self.ask(
            f"SELECT setval('{self._sequence(table)}', %s, %s)",
            [max(newest_id, 1), newest_id > 0],
        )

    def _sequence(self, table: sa.Table) -> str:
        [(name,)] = self.ask(
            "SELECT pg_get_serial_sequence(%s, %s)", [f'"{table.name}"', numbered(table)]
        )
        return str(name)

    def fill(self) -> None:
        self._count_versions(is_on=False)

    def whole(self) -> None:
        self._count_versions(is_on=True)
        # Each table's size is known at once, so that the first who come are served as the others.
        for table in metadata.sorted_tables:
            self.ask(f'ANALYZE "{table.name}"')

    def _count_versions(self, *, is_on: bool) -> None:
        """Nobody listens: each row would be counted in vain."""
        for table in cluster.COUNTED:
            self.ask(f'ALTER TABLE "{table}" {"ENABLE" if is_on else "DISABLE"} TRIGGER USER')

    def close(self) -> None:
        self._connection.invalidate()
        self._engine.dispose()


def _require_storable(table: sa.Table, row: Row) -> None:
    """No text of PostgreSQL's can hold a NUL; elsewhere one that is looked for is left out."""
    for value in row:
        if isinstance(value, str) and "\0" in value:
            raise MoveFailed(
                f"PostgreSQL can't store a row of the table {table.name}: a text in it holds a NUL "
                f"character. Its key begins with {row[0]!r}."
            )
