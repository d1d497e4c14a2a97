"""SQLite, as a place to move from or to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from parley.errors import DatabaseUnusable, DataFolderInUse, DataFolderUnusable, MoveFailed
from parley.storage.folder import NAME, close_to_others, database_url, make_folder
from parley.storage.lock import FolderLock
from parley.storage.migrate import NEWEST, current_revision, migrate
from parley.storage.moving.places import FETCHED_AT_ONCE, Place, Row
from parley.storage.sqlite.database import connected


class Sqlite(Place):
    """The database in a folder, whose server has stopped."""

    errors = (sqlite3.Error, sa.exc.DBAPIError)

    def __init__(self, folder: Path, *, is_target: bool) -> None:
        """Raises `StartupError`s."""
        self.name = str(folder / NAME)
        is_new = not (folder / NAME).is_file()
        if is_new and not is_target:
            raise DatabaseUnusable(f"There is no database in {folder.resolve()}.")
        self._lock = _taken(folder)
        self._engine = connected(database_url(folder, "rwc" if is_target else "rw"))
        try:
            if is_new:
                migrate(self._engine)
                close_to_others(folder, is_new=True)
            self._connection = self._engine.connect()
            if current_revision(self._connection) != NEWEST:
                raise MoveFailed(
                    f"{self.name} is of another version of Parley. Bring it up to date first: "
                    "parley migrate --data FOLDER"
                )
            self._driver: Any = self._connection.connection.driver_connection
        except BaseException as error:
            self._engine.dispose()
            self._lock.release()
            if isinstance(error, self.errors):
                raise DatabaseUnusable(f"{self.name} cannot be used: {_said(error)}.") from error
            raise

    def begin(self) -> None:
        self._driver.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._driver.execute("COMMIT")

    def roll_back(self) -> None:
        if self._driver.in_transaction:
            self._driver.execute("ROLLBACK")

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        found: list[Row] = self._driver.execute(sql, tuple(values)).fetchall()
        return found

    def stream(self, sql: str, values: Sequence[Any]) -> Iterator[Row]:
        cursor = self._driver.cursor()
        try:
            cursor.execute(sql, tuple(values))
            while rows := cursor.fetchmany(FETCHED_AT_ONCE):
                yield from rows
        finally:
            cursor.close()

    def add(self, table: sa.Table, rows: Sequence[Row]) -> None:
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        marks = ", ".join("?" for _ in table.columns)
        self._driver.executemany(
            f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})',  # noqa: S608
            rows,
        )

    def newest_id(self, table: sa.Table) -> int:
        kept = 0
        if table.dialect_options["sqlite"]["autoincrement"]:
            found = self.ask("SELECT seq FROM sqlite_sequence WHERE name = ?", [table.name])
            kept = int(found[0][0]) if found else 0
        key = self.last_key(table)
        return max(kept, 0 if key is None else int(key[0]))

    def go_on_after(self, table: sa.Table, newest_id: int) -> None:
        # The other tables' ids go on after the highest that is there.
        if table.dialect_options["sqlite"]["autoincrement"]:
            self.ask("DELETE FROM sqlite_sequence WHERE name = ?", [table.name])
            self.ask("INSERT INTO sqlite_sequence VALUES (?, ?)", [table.name, newest_id])

    def fill(self) -> None:
        """It does nothing with them by itself."""

    def whole(self) -> None:
        """Nor was anything stopped."""

    def close(self) -> None:
        self._connection.close()
        self._engine.dispose()
        self._lock.release()


def _taken(folder: Path) -> FolderLock:
    """The folder, which is made where there is none, and kept from others."""
    lock = FolderLock(folder)
    try:
        make_folder(folder)
        lock.take()
    except DataFolderInUse as error:
        raise MoveFailed(
            f"A Parley server, or another `parley move-data`, is using {folder}. "
            "Stop it, or wait for its end, and try again."
        ) from error
    except DataFolderUnusable as error:
        # A move is given its folders in another way.
        raise MoveFailed(str(error).replace(" with --data", "")) from error
    return lock


def _said(error: BaseException) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")
