"""What somebody takes part in: the conversations they come back for."""

from __future__ import annotations

import sqlalchemy as sa

from parley.domain import access
from parley.domain.context import Context
from parley.domain.door import Found
from parley.records import Session, Standing
from parley.storage import participation as stored

SHOWN_MAX = 20
"""A first look, by the latest activity: who wants an older one has its link."""

_INSIDE = (Standing.OWNER, Standing.MEMBER, Standing.READER)


async def latest(context: Context, session: Session | None) -> list[Found]:
    """Those that a session owns, has joined or was let into, with the latest activity first.

    Not those it was removed from, nor what anybody with the link could read.
    """
    if session is None:
        return []
    mine = session

    def query(connection: sa.Connection) -> list[Found]:
        parts = stored.latest(connection, mine.id, limit=SHOWN_MAX)
        return [found for part in parts if (found := _found(part, mine)).standing in _INSIDE]

    return await context.database.read(query)


def _found(part: stored.Part, session: Session) -> Found:
    standing = access.standing(part.conversation, session, person=part.person, granted=part.granted)
    is_founder = part.conversation.owner_session_id == session.id
    return Found(part.conversation, standing, part.person, is_founder)
