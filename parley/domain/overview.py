"""All that an owner decides on, at one look."""

from __future__ import annotations

import sqlalchemy as sa

from parley.contract import ACTS_PAGE_DEFAULT, LEFT_LISTED_MAX
from parley.domain import door, knocking
from parley.domain.context import Context
from parley.records import Overview, Session
from parley.storage import audit as stored_acts
from parley.storage import grants, links
from parley.storage import participants as stored_participants


async def overview(
    context: Context, room_id: str, session: Session | None, *, acts_before: int | None = None
) -> Overview:
    """For an owner, with a page of the acts. Raises `Forbidden`, or what keeps others out."""

    at = context.clock()

    def query(connection: sa.Connection) -> Overview:
        found = door.owned(connection, room_id, session)
        acts = stored_acts.newest(
            connection, found.id, limit=ACTS_PAGE_DEFAULT + 1, before=acts_before
        )
        left, left_count = stored_participants.left(connection, found.id, limit=LEFT_LISTED_MAX)
        return Overview(
            conversation=found.conversation,
            person=found.person,
            participants=stored_participants.present(connection, found.id),
            waiting=knocking.waiting(connection, found.id, at=at),
            removed=stored_participants.removed(connection, found.id),
            left=left,
            left_count=left_count,
            nameless=grants.nameless(connection, found.id),
            links=links.of(connection, found.id),
            acts=acts[:ACTS_PAGE_DEFAULT],
            has_older_acts=len(acts) > ACTS_PAGE_DEFAULT,
        )

    return await context.database.read(query)
