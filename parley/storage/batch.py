"""What one transaction of the writer holds: many works, of which one may fail."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import sqlalchemy as sa
import structlog

from parley.causes import current
from parley.errors import ParleyError
from parley.storage import trouble
from parley.storage.prepared import execute
from parley.storage.writer import Work

log = structlog.get_logger(__name__)


class Joint(Protocol):
    """A work that costs less together with others of its kind."""

    def __call__(self, connection: sa.Connection) -> Any:
        """Do it alone."""

    @staticmethod
    def together(connection: sa.Connection, works: Sequence[Any]) -> list[Any]:
        """Do all of these: what each gives, or the `ParleyError` that it would raise, if it changed
        nothing. Raises whatever else keeps them from being done together: then all is undone, and
        each is done alone.
        """


def run_all(
    connection: sa.Connection,
    batch: list[Work],
    begin: Callable[[sa.Connection], None],
    *,
    join: Callable[[list[Work]], list[Work]] | None = None,
    one_by_one: bool = False,
) -> list[Any]:
    """What each gives or raises, in a transaction that was begun. Most batches hold nothing that
    fails, and need no savepoints; for the others it is begun again with `begin(connection)`.

    `join(batch)` adds what was asked for meanwhile and returns it: that need not wait for this
    commit and then for one of its own.
    """
    if one_by_one:
        return [_run_in_savepoint(connection, work) for work in batch]
    try:
        outcomes = list(_together(connection, batch))
        if join is not None:
            outcomes += _together(connection, join(batch))
        return outcomes
    except Exception as error:
        if trouble.is_of_storage(error):
            raise  # the disk or the file, not this work: nothing in the batch is safe
    execute(connection, "ROLLBACK")
    begin(connection)
    return [_run_in_savepoint(connection, work) for work in batch]


def _together(connection: sa.Connection, batch: list[Work]) -> Iterator[Any]:
    """The same in one go for those of one kind that stand next to each other."""
    for together, group in itertools.groupby(
        batch, lambda work: getattr(work.run, "together", None)
    ):
        works = list(group)
        if together is None:
            for work in works:
                yield _run(connection, work)
        else:
            # What is logged then is of nobody in particular, unless it is of one.
            current.set(works[0].cause if len(works) == 1 else None)
            yield from together(connection, [work.run for work in works])


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
