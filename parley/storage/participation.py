"""What a session takes part in, in whichever conversation."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from parley.records import Conversation, Participant, Role
from parley.storage import conversations as stored
from parley.storage.participants import ROLES, participant
from parley.storage.prepared import Prepared, p
from parley.storage.schema import PROVEN, conversations, grants, participants

LOOKED_AT_MAX = 200
"""Of each kind those begun last: a program that is everywhere must cost no more."""


class Part(Struct, frozen=True):
    """A conversation, whom the session is there, and the role a link or an owner gave it."""

    conversation: Conversation
    person: Participant | None
    granted: Role | None


def _latest(id: sa.ColumnElement[int], *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The ids, the newest first: they rise with time."""
    found = sa.select(id.label("id")).where(*conditions).order_by(id.desc()).limit(p("looked_at"))
    return sa.select(found.subquery().c.id)


_THIS = p("session_id", sa.BigInteger)
# Whoever shows a token or a cookie is proven everywhere by that.
_ITS = sa.union(
    _latest(participants.c.conversation_id, participants.c.session_id == _THIS, PROVEN),
    _latest(conversations.c.id, conversations.c.owner_session_id == _THIS),
    _latest(grants.c.conversation_id, grants.c.session_id == _THIS),
).subquery("its")
_COLUMNS = [*stored.COLUMNS, *participants.c, grants.c.role.label("granted")]
_LATEST = Prepared(
    sa.select(*_COLUMNS)
    .select_from(_ITS)
    .join(conversations, conversations.c.id == _ITS.c.id)
    .outerjoin(
        participants,
        sa.and_(
            participants.c.conversation_id == conversations.c.id,
            participants.c.session_id == _THIS,
        ),
    )
    .outerjoin(
        grants,
        sa.and_(grants.c.conversation_id == conversations.c.id, grants.c.session_id == _THIS),
    )
    .where(conversations.c.deleted_at.is_(None), participants.c.removed_at.is_(None))
    .order_by(conversations.c.last_activity_at.desc(), conversations.c.id.desc())
    .limit(p("limit")),
    _COLUMNS,
)


def latest(connection: sa.Connection, session_id: int, *, limit: int) -> list[Part]:
    """Those with the latest activity, of the last that it joined, started or was let into."""
    rows = _LATEST.run(connection, session_id=session_id, looked_at=LOOKED_AT_MAX, limit=limit)
    return [
        Part(
            stored.conversation(row),
            None if row.user_id is None else participant(row),
            None if row.granted is None else ROLES[row.granted],
        )
        for row in rows
    ]
