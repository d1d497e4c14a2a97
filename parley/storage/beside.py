"""Using the database from another process than the server's, which may go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from parley.errors import DatabaseUnusable
from parley.storage.folder import database_url, require_database
from parley.storage.migrate import NEWEST, current_revision
from parley.storage.sqlite.database import connected

T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000
"""How long a server that writes is waited for."""


def write(folder: Path, work: Callable[[sa.Connection], T]) -> T:
    """What `work` gives, which is all on the disk then, or not at all.

    Raises what `work` raises, and `DatabaseUnusable`.
    """
    return _done(folder, work, "BEGIN IMMEDIATE")


def read(folder: Path, query: Callable[[sa.Connection], T]) -> T:
    """What `query` gives, as of one moment. Raises what it raises, and `DatabaseUnusable`."""
    return _done(folder, query, "BEGIN")


def _done(folder: Path, work: Callable[[sa.Connection], T], begin: str) -> T:
    require_database(folder)
    # What its log holds is left to the server to put into the database.
    engine = connected(
        database_url(folder, "rw"),
        "PRAGMA wal_autocheckpoint = 0",
        f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    )
    try:
        with engine.connect() as connection:
            if current_revision(connection) != NEWEST:
                raise DatabaseUnusable(
                    f"The database in {folder} is of another version of Parley. "
                    "Bring it up to date with `parley migrate`, or use that version."
                )
            connection.exec_driver_sql(begin)
            try:
                done = work(connection)
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")
            return done
    except sa.exc.DBAPIError as error:
        raise DatabaseUnusable(f"The database in {folder} cannot be used: {error.orig}.") from error
    finally:
        engine.dispose()
