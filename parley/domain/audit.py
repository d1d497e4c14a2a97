"""What owners did, for owners to read."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from parley.contract import ActName
from parley.domain import door
from parley.domain.context import Context
from parley.domain.door import Found
from parley.records import Act, Session
from parley.storage import audit as stored

LISTED_MAX = 200


def note(
    connection: sa.Connection, found: Found, act: ActName, *, at: datetime, about: str = ""
) -> None:
    """For use inside the transaction of what is noted."""
    who = found.person.username if found.person is not None else "The owner"
    stored.note(connection, found.id, at=at, who=who, act=act, about=about)


async def acts(context: Context, room_id: str, session: Session | None) -> tuple[Act, ...]:
    """The newest first, for an owner."""

    def query(connection: sa.Connection) -> tuple[Act, ...]:
        found = door.owned(connection, room_id, session)
        return stored.newest(connection, found.id, limit=LISTED_MAX)

    return await context.database.read(query)
