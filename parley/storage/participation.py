"""What a session takes part in, in whichever conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from parley.records import Conversation, ListPosition, Participant, Role
from parley.storage import conversations as stored
from parley.storage import grants as stored_grants
from parley.storage.participants import ROLES, by_session, participant
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import (
    PROVEN,
    Instant,
    conversations,
    grants,
    participants,
    pinned_conversations,
)

LOOKED_AT_MAX = 200
"""Of each kind those begun last: a program that is everywhere must cost no more."""

KINDS = 3
"""What it joined, what it started, what it was let into."""


class Part(Struct, frozen=True):
    """A conversation, whom the session is there, and the role a link or an owner gave it."""

    conversation: Conversation
    person: Participant | None
    granted: Role | None
    is_founder: bool
    """By what a founder gave it."""


def _latest(id: sa.ColumnElement[int], *conditions: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """The ids, the newest first: they rise with time."""
    found = sa.select(id.label("id")).where(*conditions).order_by(id.desc()).limit(p("looked_at"))
    return sa.select(found.subquery().c.id)


_THIS = p("session_id", sa.BigInteger)
_PINNED_IDS = sa.select(pinned_conversations.c.conversation_id.label("id")).where(
    pinned_conversations.c.session_id == _THIS
)
# Whoever shows a token or a cookie is proven everywhere by that.
_ITS = sa.union(
    _latest(participants.c.conversation_id, participants.c.session_id == _THIS, PROVEN),
    _latest(conversations.c.id, conversations.c.owner_session_id == _THIS),
    _latest(grants.c.conversation_id, grants.c.session_id == _THIS),
).subquery("its")
_COLUMNS = [*stored.COLUMNS, *participants.c, grants.c.role.label("granted"), grants.c.is_founder]


def _of(its: sa.Subquery) -> sa.Select[Any]:
    """What a session is in each of these conversations, but those that it is no more in."""
    return (
        sa.select(*_COLUMNS)
        .select_from(its)
        .join(conversations, conversations.c.id == its.c.id)
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
        .where(
            conversations.c.deleted_at.is_(None),
            participants.c.removed_at.is_(None),
            # What somebody owns stays theirs to decide about.
            sa.or_(
                participants.c.left_for_good.is_not(True),
                conversations.c.owner_session_id == _THIS,
                grants.c.role == Role.OWNER.value,
            ),
        )
        .order_by(conversations.c.last_activity_at.desc(), conversations.c.id.desc())
    )


_JOINED = _of(_ITS).limit(p("limit"))
_LATEST = Prepared(_JOINED, _COLUMNS)
_ROOM_ID_COLUMNS = [conversations.c.id, conversations.c.room_id]
_ROOM_IDS = Prepared(_JOINED.with_only_columns(*_ROOM_ID_COLUMNS), _ROOM_ID_COLUMNS)
_PINNED = Prepared(_of(_PINNED_IDS.subquery("pinned")), _COLUMNS)
_UNPINNED = _JOINED.where(conversations.c.id.not_in(_PINNED_IDS))
_LISTED = Prepared(_UNPINNED, _COLUMNS)
_LISTED_AFTER = Prepared(
    _UNPINNED.where(
        sa.tuple_(conversations.c.last_activity_at, conversations.c.id)
        < sa.tuple_(p("at", Instant), p("id", sa.BigInteger))
    ),
    _COLUMNS,
)
_PIN_COLUMNS = [pinned_conversations.c.conversation_id]
_PINS = Prepared(
    sa.select(*_PIN_COLUMNS)
    .where(pinned_conversations.c.session_id == p("session_id"))
    .order_by(pinned_conversations.c.pinned_at, pinned_conversations.c.conversation_id),
    _PIN_COLUMNS,
)
_PIN = Prepared(pinned_conversations.insert().values(values(pinned_conversations.c)))
_UNPIN = Prepared(
    pinned_conversations.delete().where(
        pinned_conversations.c.conversation_id == p("conversation_id"),
        pinned_conversations.c.session_id == p("session_id"),
    )
)


def latest(connection: sa.Connection, session_id: int, *, limit: int) -> list[Part]:
    """Those with the latest activity, of the last that it joined, started or was let into."""
    rows = _LATEST.run(connection, session_id=session_id, looked_at=LOOKED_AT_MAX, limit=limit)
    return [_part(row) for row in rows]


def listed(
    connection: sa.Connection, session_id: int, *, limit: int, after: ListPosition | None = None
) -> list[Part]:
    """The same without what it pinned; or those that come after a place among them."""
    given = {"session_id": session_id, "looked_at": LOOKED_AT_MAX, "limit": limit}
    if after is None:
        rows = _LISTED.run(connection, **given)
    else:
        rows = _LISTED_AFTER.run(connection, at=after.last_activity_at, id=after.id, **given)
    return [_part(row) for row in rows]


def pinned(connection: sa.Connection, session_id: int) -> list[Part]:
    """What it pinned, however long ago it joined, the latest activity first."""
    return [_part(row) for row in _PINNED.run(connection, session_id=session_id)]


def pins(connection: sa.Connection, session_id: int) -> list[int]:
    """The ids of all that it pinned, the earliest pinned first."""
    return [row.conversation_id for row in _PINS.run(connection, session_id=session_id)]


def pin(connection: sa.Connection, session_id: int, conversation_id: int, *, at: datetime) -> None:
    _PIN.write(connection, conversation_id=conversation_id, session_id=session_id, pinned_at=at)


def unpin(connection: sa.Connection, session_id: int, conversation_id: int) -> bool:
    """Whether it was pinned."""
    return _UNPIN.write(connection, conversation_id=conversation_id, session_id=session_id) > 0


def room_ids(connection: sa.Connection, session_id: int) -> dict[int, str]:
    """Of all of them, by the ids of the conversations."""
    rows = _ROOM_IDS.run(
        connection, session_id=session_id, looked_at=LOOKED_AT_MAX, limit=KINDS * LOOKED_AT_MAX
    )
    return {row.id: row.room_id for row in rows}


def one(connection: sa.Connection, session_id: int, conversation_id: int) -> Part | None:
    """What it is to this conversation; None where there is none any more."""
    conversation = stored.by_id(connection, conversation_id)
    if conversation is None:
        return None
    held = stored_grants.held(connection, conversation_id, session_id)
    return Part(
        conversation,
        by_session(connection, conversation_id, session_id),
        None if held is None else held.role,
        held is not None and held.is_founder,
    )


def _part(row: Any) -> Part:
    return Part(
        stored.conversation(row),
        None if row.user_id is None else participant(row),
        None if row.granted is None else ROLES[row.granted],
        bool(row.is_founder),
    )
