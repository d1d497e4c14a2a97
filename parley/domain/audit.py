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

LIGHT: frozenset[ActName] = frozenset({"changed_title", "changed_description"})
"""What anybody may do again and again, and nobody has to answer for."""
HOST = "The host"
SERVER = "The server"
"""Who did what nobody asked for."""
LIGHT_KEPT = 100
"""So many of those are kept of each conversation; everything else for good."""


def note(
    connection: sa.Connection, found: Found, act: ActName, *, at: datetime, about: str = ""
) -> None:
    """For use inside the transaction of what is noted."""
    stored.note(connection, found.id, at=at, who=_called(found), act=act, about=about)
    if act in LIGHT:
        stored.forget_light(connection, found.id, but=LIGHT_KEPT)


def note_of_host(
    connection: sa.Connection, found: Found, act: ActName, *, at: datetime, about: str = ""
) -> None:
    """The same of what whoever runs the server did, at its command line."""
    stored.note(connection, found.id, at=at, who=HOST, act=act, about=about)


def note_of_server(
    connection: sa.Connection, conversation_id: int, act: ActName, *, at: datetime, about: str
) -> None:
    """The same of what it did by itself."""
    stored.note(connection, conversation_id, at=at, who=SERVER, act=act, about=about)


def _called(found: Found) -> str:
    """What an owner is called in the list, with or without a name."""
    if found.person is not None:
        return found.person.username
    return "The owner" if found.is_founder else "Another owner (no name yet)"


async def acts(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    limit: int,
    before: int | None = None,
) -> tuple[tuple[Act, ...], bool]:
    """A page, the newest first, for an owner; and whether there are older ones."""

    def query(connection: sa.Connection) -> tuple[Act, ...]:
        found = door.owned(connection, room_id, session)
        return stored.newest(connection, found.id, limit=limit + 1, before=before)

    found = await context.database.read(query)
    return found[:limit], len(found) > limit
