"""What one transaction of the writer holds: many works, of which one may fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import structlog

from parley.causes import current
from parley.errors import ParleyError
from parley.storage import trouble
from parley.storage.prepared import execute
from parley.storage.writer import Work

log = structlog.get_logger(__name__)


def run_all(
    connection: sa.Connection,
    batch: list[Work],
    begin: Callable[[sa.Connection], None],
    *,
    one_by_one: bool = False,
) -> list[Any]:
    """What each gives or raises, in a transaction that was begun. Most batches hold nothing that
    fails, and need no savepoints; for the others it is begun again with `begin(connection)`.
    """
    if one_by_one:
        return [_run_in_savepoint(connection, work) for work in batch]
    try:
        return [_run(connection, work) for work in batch]
    except Exception as error:
        if trouble.is_of_storage(error):
            raise  # the disk or the file, not this work: nothing in the batch is safe
    execute(connection, "ROLLBACK")
    begin(connection)
    return [_run_in_savepoint(connection, work) for work in batch]


def _run(connection: sa.Connection, work: Work) -> Any:
    current.set(work.cause)  # for what is logged
    return work.run(connection)


def _run_in_savepoint(connection: sa.Connection, work: Work) -> Any:
    execute(connection, "SAVEPOINT work")
    try:
        result = _run(connection, work)
    except Exception as error:
        if trouble.is_of_storage(error):
            raise
        execute(connection, "ROLLBACK TO work")
        execute(connection, "RELEASE work")
        if not isinstance(error, ParleyError):
            log.exception("work_failed")
        return error
    execute(connection, "RELEASE work")
    return result
