"""Desks, and the conversations that visitors started there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Conversation, Desk
from parley.storage import conversations as stored_conversations
from parley.storage.schema import conversations, desk_conversations, desks


def insert(connection: sa.Connection, desk: Desk) -> None:
    connection.execute(
        desks.insert().values(
            id=desk.id,
            session_id=desk.session_id,
            title=desk.title,
            username=desk.username,
            greeting=desk.greeting,
            is_open=desk.is_open,
            made_at=desk.made_at,
        )
    )


def by_id(connection: sa.Connection, id: str) -> Desk | None:
    row = connection.execute(sa.select(desks).where(desks.c.id == id)).one_or_none()
    return None if row is None else _desk(row)


def of(connection: sa.Connection, session_id: int) -> list[Desk]:
    """Somebody's, the newest first."""
    rows = connection.execute(
        sa.select(desks)
        .where(desks.c.session_id == session_id)
        .order_by(desks.c.made_at.desc(), desks.c.id)
    )
    return [_desk(row) for row in rows]


def change(connection: sa.Connection, id: str, changes: dict[str, Any]) -> Desk:
    row = connection.execute(
        desks.update().where(desks.c.id == id).values(**changes).returning(*desks.c)
    ).one()
    return _desk(row)


def remove(connection: sa.Connection, id: str) -> None:
    """The conversations that were started there stay."""
    connection.execute(desk_conversations.delete().where(desk_conversations.c.desk_id == id))
    connection.execute(desks.delete().where(desks.c.id == id))


def remove_of(connection: sa.Connection, session_id: int) -> None:
    """All that are somebody's."""
    for desk in of(connection, session_id):
        remove(connection, desk.id)


def become(connection: sa.Connection, before: int, now: int) -> None:
    """Whoever was one session is another."""
    for table in (desks, desk_conversations):
        connection.execute(
            table.update().where(table.c.session_id == before).values(session_id=now)
        )


# --- what was started there ---


def note_started(
    connection: sa.Connection, conversation_id: int, desk_id: str, session_id: int, *, at: datetime
) -> None:
    connection.execute(
        desk_conversations.insert().values(
            conversation_id=conversation_id, desk_id=desk_id, session_id=session_id, started_at=at
        )
    )


def started_since(
    connection: sa.Connection, desk_id: str, *, since: datetime, limit: int
) -> list[datetime]:
    """When conversations were started there, the latest first."""
    rows = connection.execute(
        sa.select(desk_conversations.c.started_at)
        .where(desk_conversations.c.desk_id == desk_id, desk_conversations.c.started_at >= since)
        .order_by(desk_conversations.c.started_at.desc())
        .limit(limit)
    )
    return [row.started_at for row in rows]


def latest_of(connection: sa.Connection, desk_id: str, session_id: int) -> Conversation | None:
    """The one that a visitor started there last, if it goes on."""
    row = connection.execute(
        sa.select(*stored_conversations.COLUMNS)
        .join(desk_conversations, desk_conversations.c.conversation_id == conversations.c.id)
        .where(
            desk_conversations.c.desk_id == desk_id,
            desk_conversations.c.session_id == session_id,
            conversations.c.deleted_at.is_(None),
            conversations.c.ended_at.is_(None),
        )
        .order_by(desk_conversations.c.started_at.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else stored_conversations.conversation(row)


def _desk(row: Any) -> Desk:
    return Desk(
        row.id, row.session_id, row.title, row.username, row.greeting, row.is_open, row.made_at
    )
