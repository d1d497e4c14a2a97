"""Messages: what was said, by seq."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Message
from parley.storage.schema import messages


def insert(
    connection: sa.Connection,
    *,
    conversation_id: int,
    seq: int,
    id: str,
    session_id: int,
    user_id: str,
    username: str,
    text: str,
    type: str,
    client_id: str | None,
    at: datetime,
) -> Message:
    connection.execute(
        messages.insert().values(
            conversation_id=conversation_id,
            seq=seq,
            id=id,
            changed_seq=seq,
            session_id=session_id,
            user_id=user_id,
            username=username,
            text=text,
            type=type,
            sent_at=at,
            client_id=client_id,
        )
    )
    return Message(
        conversation_id=conversation_id,
        seq=seq,
        id=id,
        changed_seq=seq,
        user_id=user_id,
        username=username,
        text=text,
        type=type,
        sent_at=at,
        client_id=client_id,
    )


def by_client_id(
    connection: sa.Connection, conversation_id: int, session_id: int, client_id: str
) -> Message | None:
    row = connection.execute(
        sa.select(messages).where(
            messages.c.conversation_id == conversation_id,
            messages.c.session_id == session_id,
            messages.c.client_id == client_id,
        )
    ).one_or_none()
    return None if row is None else _message(row)


def newest(
    connection: sa.Connection, conversation_id: int, *, limit: int, before: int | None = None
) -> tuple[Message, ...]:
    """The last `limit` messages, or the last with a seq below `before`; oldest first."""
    query = (
        sa.select(messages)
        .where(messages.c.conversation_id == conversation_id)
        .order_by(messages.c.seq.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(messages.c.seq < before)
    return tuple(_message(row) for row in connection.execute(query).all()[::-1])


def following(
    connection: sa.Connection, conversation_id: int, *, after: int, limit: int
) -> tuple[Message, ...]:
    """The first `limit` messages with a seq above `after`; oldest first."""
    query = (
        sa.select(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.seq > after)
        .order_by(messages.c.seq)
        .limit(limit)
    )
    return tuple(_message(row) for row in connection.execute(query))


def changed(
    connection: sa.Connection, conversation_id: int, *, since: int, limit: int
) -> tuple[Message, ...]:
    """The first `limit` messages that changed after `since`, in the order of their changes."""
    query = (
        sa.select(messages)
        .where(messages.c.conversation_id == conversation_id, messages.c.changed_seq > since)
        .order_by(messages.c.changed_seq)
        .limit(limit)
    )
    return tuple(_message(row) for row in connection.execute(query))


def _message(row: sa.Row[Any]) -> Message:
    return Message(
        conversation_id=row.conversation_id,
        seq=row.seq,
        id=row.id,
        changed_seq=row.changed_seq,
        user_id=row.user_id,
        username=row.username,
        text=row.text,
        type=row.type,
        sent_at=row.sent_at,
        client_id=row.client_id,
    )
