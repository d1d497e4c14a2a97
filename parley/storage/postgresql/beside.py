"""Using PostgreSQL from a process that serves nobody, beside those that do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from parley.errors import DatabaseUnusable
from parley.storage.migrate import NEWEST, current_revision
from parley.storage.moved import require_here
from parley.storage.postgresql.connections import ask, begin_reading, commit, driver, engine_of
from parley.storage.postgresql.database import LOCK, unusable
from parley.storage.prepared import compile_all, execute

T = TypeVar("T")


def done(url: str, work: Callable[[sa.Connection], T], *, is_writing: bool) -> T:
    """What `work` gives; what it wrote is stored then, or none of it.

    Raises what `work` raises, and `DatabaseUnusable`.
    """
    engine = engine_of(url)
    try:
        compile_all(engine.dialect)
        with engine.connect() as connection:
            if current_revision(connection) != NEWEST:
                raise DatabaseUnusable(
                    "The PostgreSQL database is of another version of Parley. Bring it up to date "
                    "with `parley migrate`, or use that version."
                )
            require_here(connection)  # a move holds the lock for as long as it takes
            if is_writing:
                # Alone, as whatever names no conversation.
                lock = f"SELECT pg_advisory_xact_lock({LOCK})"
                ask(connection, f"{driver(connection).begin_writing}; {lock}")
            else:
                begin_reading(connection)
            try:
                require_here(connection)
                found = work(connection)
            except BaseException:
                execute(connection, "ROLLBACK")
                raise
            commit(connection)
            return found
    except sa.exc.DBAPIError as error:
        raise unusable(error) from error
    finally:
        engine.dispose()
