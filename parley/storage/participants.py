"""Participants: one person in one conversation."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Participant, PeoplePosition, Role
from parley.storage.dialects import position
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import (
    PRESENT_OWNERS,
    TAKEN_UP,
    Instant,
    conversations,
    participants,
)

ROLES = {role.value: role for role in Role}
"""What Role itself does, ten times as fast: once for each person in each state."""
PRESENT = participants.c.left_at.is_(None)
OF_ONE = participants.c.conversation_id == p("conversation_id")
ALL = sa.select(participants).where(OF_ONE)
_NEW = participants.insert().values(
    values(
        participants.c,
        left_at=None,
        removed_at=None,
        is_alike=False,
        has_spoken=False,
        first_session_id=None,
        left_for_good=False,
        is_imported=False,
        called_at=None,
    )
)
_INSERT = Prepared(_NEW.returning(*participants.c), participants.c)
_INSERT_ALL = Prepared(_NEW)
_BY_USER = Prepared(ALL.where(participants.c.user_id == p("user_id")), participants.c)
_BY_SESSION = Prepared(ALL.where(participants.c.session_id == p("session_id")), participants.c)
_TAKEN_FROM = Prepared(
    sa.select(participants).where(
        participants.c.first_session_id == p("session_id"),
        TAKEN_UP,
        sa.exists().where(
            conversations.c.id == participants.c.conversation_id,
            conversations.c.deleted_at.is_(None),
        ),
    ),
    participants.c,
)
_NOTE_SPOKEN = Prepared(
    participants.update()
    .where(OF_ONE, participants.c.user_id == p("user_id"))
    .values(has_spoken=True)
)
_IN_ORDER = (participants.c.joined_at, participants.c.user_id)
_PRESENT = Prepared(
    ALL.where(PRESENT).order_by(*_IN_ORDER).limit(p("limit")),
    participants.c,
)
_PRESENT_AFTER = Prepared(
    ALL.where(
        PRESENT, sa.tuple_(*_IN_ORDER) > sa.tuple_(p("joined_at", Instant), p("user_id", sa.Text))
    )
    .order_by(*_IN_ORDER)
    .limit(p("limit")),
    participants.c,
)
_OWNERS = Prepared(
    ALL.where(PRESENT_OWNERS).order_by(participants.c.joined_at).limit(p("limit")),
    participants.c,
)


def insert(
    connection: sa.Connection,
    *,
    conversation_id: int,
    user_id: str,
    username: str,
    session_id: int,
    role: Role,
    at: datetime,
    visits: int,
    name_key: str,
    named_at: datetime,
    unproven_from: str | None,
) -> Participant:
    return participant(
        _INSERT.first(
            connection,
            conversation_id=conversation_id,
            user_id=user_id,
            username=username,
            session_id=session_id,
            role=role.value,
            joined_at=at,
            visits=visits,
            name_key=name_key,
            named_at=named_at,
            unproven_from=unproven_from,
        )
    )


def insert_all(connection: sa.Connection, people: Iterable[tuple[Participant, str]]) -> None:
    """Store these, who were never there before, each with the key of their name."""
    _INSERT_ALL.write_many(
        connection,
        [
            {
                "conversation_id": person.conversation_id,
                "user_id": person.user_id,
                "username": person.username,
                "session_id": person.session_id,
                "role": person.role.value,
                "joined_at": person.joined_at,
                "visits": person.visits,
                "name_key": key,
                "named_at": person.named_at,
                "unproven_from": person.unproven_from,
            }
            for person, key in people
        ],
    )


def note_spoken(connection: sa.Connection, conversation_id: int, user_id: str) -> None:
    """They have said something under their name."""
    _NOTE_SPOKEN.write(connection, conversation_id=conversation_id, user_id=user_id)


def by_user(connection: sa.Connection, conversation_id: int, user_id: str) -> Participant | None:
    row = _BY_USER.first(connection, conversation_id=conversation_id, user_id=user_id)
    return None if row is None else participant(row)


def by_session(
    connection: sa.Connection, conversation_id: int, session_id: int
) -> Participant | None:
    row = _BY_SESSION.first(connection, conversation_id=conversation_id, session_id=session_id)
    return None if row is None else participant(row)


def taken_from(connection: sa.Connection, session_id: int) -> tuple[Participant, ...]:
    """Whom this session was, wherever another took that up and the conversation is still there."""
    return tuple(participant(row) for row in _TAKEN_FROM.run(connection, session_id=session_id))


def present(
    connection: sa.Connection,
    conversation_id: int,
    *,
    limit: int,
    after: PeoplePosition | None = None,
) -> tuple[Participant, ...]:
    """The first `limit` who joined and have not left, in the order of joining, or those after."""
    given = {"conversation_id": conversation_id, "limit": limit}
    if after is None:
        rows = _PRESENT.run(connection, **given)
    else:
        rows = _PRESENT_AFTER.run(
            connection, joined_at=after.joined_at, user_id=after.user_id, **given
        )
    return tuple(participant(row) for row in rows)


def present_owners(
    connection: sa.Connection, conversation_id: int, *, limit: int
) -> tuple[Participant, ...]:
    """The same of those who own the conversation."""
    rows = _OWNERS.run(connection, conversation_id=conversation_id, limit=limit)
    return tuple(participant(row) for row in rows)


def owners(
    connection: sa.Connection, conversation_id: int, *, limit: int
) -> tuple[Participant, ...]:
    """Those who own the conversation, here or gone, in the order of joining."""
    rows = connection.execute(
        sa.select(participants)
        .where(
            participants.c.conversation_id == conversation_id,
            participants.c.role == Role.OWNER.value,
            participants.c.removed_at.is_(None),
        )
        .order_by(*_IN_ORDER)
        .limit(limit)
    )
    return tuple(participant(row) for row in rows)


def named(
    connection: sa.Connection,
    conversation_id: int,
    key: str,
    *,
    limit: int,
    is_heard: bool = False,
    are_here: bool = False,
) -> tuple[Participant, ...]:
    """Those whose names hold one with this key, here or gone, but for who was removed; with
    `is_heard`, of those who are gone only who has spoken; with `are_here`, none of them.
    """
    heard = [sa.or_(PRESENT, participants.c.has_spoken)] if is_heard else []
    if are_here:
        heard.append(PRESENT)
    rows = connection.execute(
        sa.select(participants)
        .where(
            participants.c.conversation_id == conversation_id,
            participants.c.removed_at.is_(None),
            position(participants.c.name_key, key) > 0,
            *heard,
        )
        .order_by(participants.c.joined_at, participants.c.user_id)
        .limit(limit)
    )
    return tuple(participant(row) for row in rows)


def removed(connection: sa.Connection, conversation_id: int) -> tuple[Participant, ...]:
    """Those an owner put out, the latest first."""
    rows = connection.execute(
        sa.select(participants)
        .where(
            participants.c.conversation_id == conversation_id,
            participants.c.removed_at.is_not(None),
        )
        .order_by(participants.c.removed_at.desc())
    )
    return tuple(participant(row) for row in rows)


def left(
    connection: sa.Connection, conversation_id: int, *, limit: int
) -> tuple[tuple[Participant, ...], int]:
    """Those who left by themselves: the latest, and how many there are in all. Hooks, which never
    came, are none of them.
    """
    gone = sa.and_(
        participants.c.conversation_id == conversation_id,
        participants.c.left_at.is_not(None),
        participants.c.removed_at.is_(None),
        participants.c.role != Role.BOT.value,
    )
    count = connection.execute(sa.select(sa.func.count()).where(gone)).scalar_one()
    rows = connection.execute(
        sa.select(participants)
        .where(gone)
        .order_by(participants.c.left_at.desc(), participants.c.user_id)
        .limit(limit)
    )
    return tuple(participant(row) for row in rows), count


def change(connection: sa.Connection, person: Participant, **changes: Any) -> Participant:
    """The participant with `changes` in its columns."""
    row = _change(tuple(changes)).first(
        connection,
        conversation_id=person.conversation_id,
        user_id=person.user_id,
        **{f"new_{name}": value for name, value in changes.items()},
    )
    return participant(row)


# A bot stays where an owner put it, on a socket or not.
_ON_SOCKETS = sa.and_(
    PRESENT, participants.c.visits > 0, participants.c.role != sa.literal_column("'bot'")
)
_count_on_sockets = sa.func.count().label("gone")
_COUNT_ON_SOCKETS = Prepared(
    sa.select(participants.c.conversation_id, _count_on_sockets)
    .where(_ON_SOCKETS)
    .group_by(participants.c.conversation_id),
    (participants.c.conversation_id, _count_on_sockets),
)
_COUNT_LESS = Prepared(
    conversations.update()
    .where(conversations.c.id == p("conversation_id"))
    .values(participant_count=conversations.c.participant_count - p("gone"))
)
_LEFT = Prepared(participants.update().where(_ON_SOCKETS).values(left_at=p("at")))


def forget_sockets(connection: sa.Connection, *, at: datetime) -> None:
    """Count everyone who was on a socket as having left: after a start there are no sockets."""
    for conversation_id, gone in _COUNT_ON_SOCKETS.run(connection):
        _COUNT_LESS.write(connection, conversation_id=conversation_id, gone=gone)
    _LEFT.write(connection, at=at)


@functools.cache
def _change(names: tuple[str, ...]) -> Prepared:
    """The change of these columns: there are few sets of them."""
    return Prepared(
        participants.update()
        .where(OF_ONE, participants.c.user_id == p("user_id"))
        .values({name: p(f"new_{name}") for name in names})
        .returning(*participants.c),
        participants.c,
    )


def participant(row: Any) -> Participant:
    """Of a row with every column."""
    # By place: msgspec takes ten times as long to find so many fields by name.
    return Participant(
        row.conversation_id,
        row.user_id,
        row.username,
        row.session_id,
        ROLES[row.role],
        row.joined_at,
        row.left_at,
        row.visits,
        row.named_at,
        row.removed_at,
        row.is_alike,
        row.has_spoken,
        row.unproven_from,
        row.first_session_id,
        row.left_for_good,
        row.is_imported,
    )
