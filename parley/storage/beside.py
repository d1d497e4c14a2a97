"""Using the database from another process than the server's, which may go on meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from parley.config import Config
from parley.errors import DatabaseUnusable, the_extra
from parley.storage.folder import NAME, database_url, require_database
from parley.storage.migrate import NEWEST, current_revision
from parley.storage.moved import require_here
from parley.storage.sqlite.database import connected

T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000
"""How long a server that writes is waited for."""


def write(config: Config, work: Callable[[sa.Connection], T]) -> T:
    """What `work` gives, which is all on the disk then, or not at all.

    Raises what `work` raises, and `DatabaseUnusable`.
    """
    if config.database_url:
        return _in_postgresql(config.database_url, work, is_writing=True)
    return _done(config.data, work, "BEGIN IMMEDIATE")


def read(config: Config, query: Callable[[sa.Connection], T]) -> T:
    """What `query` gives, as of one moment. Raises what it raises, and `DatabaseUnusable`."""
    if config.database_url:
        return _in_postgresql(config.database_url, query, is_writing=False)
    return _done(config.data, query, "BEGIN")


def where(config: Config) -> str:
    """Where the database is, in words that hold no password."""
    return "the PostgreSQL database" if config.database_url else str(config.data / NAME)


def _in_postgresql(url: str, work: Callable[[sa.Connection], T], *, is_writing: bool) -> T:
    try:
        from parley.storage.postgresql import beside as postgresql
    except ImportError as error:
        raise DatabaseUnusable(f"PostgreSQL needs {the_extra('postgres')}") from error
    return postgresql.done(url, work, is_writing=is_writing)


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
                require_here(connection)
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
