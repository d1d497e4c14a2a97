"""How much waits in the database to be done, and how many files there are."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from parley.domain.context import Context
from parley.storage import file_sums, mail, notices

COUNTED_MAX = 10_000
"""More than so many are not counted: who looks every few seconds must cost nothing."""


class Backlog(Struct, frozen=True):
    """Counts, and bytes of files."""

    files: int
    files_bytes: int
    notifications: int
    """Due by now, at most `COUNTED_MAX`."""
    mails: int
    """Addresses that are still to be asked for their word, likewise."""


async def look(context: Context) -> Backlog:
    """Raises `Unavailable`."""
    at = context.clock()

    def query(connection: sa.Connection) -> Backlog:
        size, count = file_sums.total(connection)
        return Backlog(
            count,
            size,
            notices.count_due(connection, at=at, most=COUNTED_MAX),
            mail.count_due(connection, most=COUNTED_MAX),
        )

    return await context.database.search(query)
