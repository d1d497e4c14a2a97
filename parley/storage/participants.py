"""Participants: one person in one conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Participant, Role
from parley.storage.schema import conversations, participants

PRESENT = participants.c.left_at.is_(None)


def insert(
    connection: sa.Connection,
    *,
    conversation_id: int,
    user_id: str,
    username: str,
    session_id: int,
    role: Role,
    at: datetime,
) -> Participant:
    row = connection.execute(
        participants.insert()
        .values(
            conversation_id=conversation_id,
            user_id=user_id,
            username=username,
            session_id=session_id,
            role=role.value,
            joined_at=at,
            visits=0,
        )
        .returning(*participants.c)
    ).one()
    return _participant(row)


def by_user(connection: sa.Connection, conversation_id: int, user_id: str) -> Participant | None:
    return _one(connection, conversation_id, participants.c.user_id == user_id)


def by_session(
    connection: sa.Connection, conversation_id: int, session_id: int
) -> Participant | None:
    return _one(connection, conversation_id, participants.c.session_id == session_id)


def present(connection: sa.Connection, conversation_id: int) -> tuple[Participant, ...]:
    """Those who joined and have not left, in the order of joining."""
    rows = connection.execute(
        sa.select(participants)
        .where(participants.c.conversation_id == conversation_id, PRESENT)
        .order_by(participants.c.joined_at, participants.c.user_id)
    )
    return tuple(_participant(row) for row in rows)


def change(connection: sa.Connection, person: Participant, **values: Any) -> Participant:
    """The participant with `values` in its columns."""
    row = connection.execute(
        participants.update()
        .where(
            participants.c.conversation_id == person.conversation_id,
            participants.c.user_id == person.user_id,
        )
        .values(**values)
        .returning(*participants.c)
    ).one()
    return _participant(row)


def forget_sockets(connection: sa.Connection, *, at: datetime) -> None:
    """Count everyone who was on a socket as having left: after a start there are no sockets."""
    gone = sa.and_(PRESENT, participants.c.visits > 0)
    counts = (
        sa.select(participants.c.conversation_id, sa.func.count().label("gone"))
        .where(gone)
        .group_by(participants.c.conversation_id)
    )
    for conversation_id, left in connection.execute(counts).all():
        connection.execute(
            conversations.update()
            .where(conversations.c.id == conversation_id)
            .values(participant_count=conversations.c.participant_count - left)
        )
    connection.execute(participants.update().where(gone).values(left_at=at))


def _one(
    connection: sa.Connection, conversation_id: int, which: sa.ColumnElement[bool]
) -> Participant | None:
    row = connection.execute(
        sa.select(participants).where(participants.c.conversation_id == conversation_id, which)
    ).one_or_none()
    return None if row is None else _participant(row)


def _participant(row: sa.Row[Any]) -> Participant:
    return Participant(
        conversation_id=row.conversation_id,
        user_id=row.user_id,
        username=row.username,
        session_id=row.session_id,
        role=Role(row.role),
        joined_at=row.joined_at,
        left_at=row.left_at,
        visits=row.visits,
    )
