"""Messages: what was said, by seq."""

from __future__ import annotations

import heapq
import itertools
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from parley.records import Message, Role
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, p
from parley.storage.schema import CHANGED_LATER, conversations, messages

_OF_ONE = sa.select(messages).where(messages.c.conversation_id == p("conversation_id"))
# One statement, for it is run for every message: the next seq, unless the conversation has
# ended; nothing, where the session said it before.
_SEQ = conversations.c.seq + 1
_SAY = Prepared(
    insert(messages)
    .from_select(
        [column.name for column in messages.c],
        sa.select(
            *(
                {
                    messages.c.seq: _SEQ,
                    messages.c.changed_seq: _SEQ,
                    messages.c.id: sa.cast(_SEQ, sa.Text) + "-" + p("key"),
                }.get(column, p(column.name, column.type))
                for column in messages.c
            )
        ).where(
            conversations.c.id == p("conversation_id"),
            conversations.c.ended_at.is_(None),
            sa.or_(~conversations.c.is_read_only, p("role", sa.Text) == Role.OWNER.value),
        ),
    )
    .on_conflict_do_nothing(
        index_elements=[messages.c.conversation_id, messages.c.session_id, messages.c.client_id],
        index_where=messages.c.client_id.is_not(None),
    )
    .returning(messages.c.seq),
    [messages.c.seq],
)
_BY_SEQ = Prepared(_OF_ONE.where(messages.c.seq == p("seq")), messages.c)
_BY_CLIENT_ID = Prepared(
    _OF_ONE.where(messages.c.session_id == p("session_id"), messages.c.client_id == p("client_id")),
    messages.c,
)
_NEWEST = Prepared(_OF_ONE.order_by(messages.c.seq.desc()).limit(p("limit")), messages.c)
_NEWEST_BEFORE = Prepared(
    _OF_ONE.where(messages.c.seq < p("before")).order_by(messages.c.seq.desc()).limit(p("limit")),
    messages.c,
)
_FOLLOWING = Prepared(
    _OF_ONE.where(messages.c.seq > p("after")).order_by(messages.c.seq).limit(p("limit")),
    messages.c,
)
_SAID_SINCE = Prepared(
    _OF_ONE.where(messages.c.seq > p("since"), messages.c.changed_seq == messages.c.seq)
    .order_by(messages.c.seq)
    .limit(p("limit")),
    messages.c,
)
_CHANGED_SINCE = Prepared(
    _OF_ONE.where(messages.c.changed_seq > p("since"), CHANGED_LATER)
    .order_by(messages.c.changed_seq)
    .limit(p("limit")),
    messages.c,
)


def say(
    connection: sa.Connection,
    *,
    conversation_id: int,
    key: str,
    session_id: int,
    user_id: str,
    username: str,
    text: str,
    type: str,
    client_id: str | None,
    role: Role,
    is_alike: bool,
    at: datetime,
) -> Message | None:
    """Store it as the next in the log. None where the conversation has ended or is not theirs
    to speak in, or the session said something under this client_id before. `key` is what
    nobody can guess of its id.

    Whoever calls counts the change of the conversation.
    """
    row = _SAY.first(
        connection,
        conversation_id=conversation_id,
        key=key,
        session_id=session_id,
        user_id=user_id,
        username=username,
        text=text,
        type=type,
        sent_at=at,
        client_id=client_id,
        deleted_at=None,
        role=role.value,
        is_alike=is_alike,
    )
    if row is None:
        return None
    seq: int = row.seq
    return Message(
        conversation_id=conversation_id,
        seq=seq,
        id=f"{seq}-{key}",
        changed_seq=seq,
        user_id=user_id,
        username=username,
        text=text,
        type=type,
        sent_at=at,
        client_id=client_id,
        role=role,
        is_alike=is_alike,
    )


def by_id(connection: sa.Connection, conversation_id: int, id: str) -> Message | None:
    """By its id, which begins with its seq."""
    seq = id.partition("-")[0]
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        return None
    row = _BY_SEQ.first(connection, conversation_id=conversation_id, seq=int(seq))
    return None if row is None or row.id != id else _message(row)


def delete(connection: sa.Connection, message: Message, *, seq: int, at: datetime) -> Message:
    """Leave only that there was one; `seq` is that of the change."""
    row = connection.execute(
        messages.update()
        .where(messages.c.conversation_id == message.conversation_id, messages.c.seq == message.seq)
        .values(text="", deleted_at=at, changed_seq=seq)
        .returning(*messages.c)
    ).one()
    return _message(row)


def last_before(connection: sa.Connection, conversation_id: int, at: datetime) -> int | None:
    """The seq of the newest message that was sent before; None where there is none."""
    seq: int | None = connection.execute(
        sa.select(sa.func.max(messages.c.seq)).where(
            messages.c.conversation_id == conversation_id, messages.c.sent_at < at
        )
    ).scalar()
    return seq


def erase_through(connection: sa.Connection, conversation_id: int, seq: int) -> int:
    """Erase all up to this seq; how many."""
    return connection.execute(
        messages.delete().where(
            messages.c.conversation_id == conversation_id, messages.c.seq <= seq
        )
    ).rowcount


def by_client_id(
    connection: sa.Connection, conversation_id: int, session_id: int, client_id: str
) -> Message | None:
    row = _BY_CLIENT_ID.first(
        connection,
        conversation_id=conversation_id,
        session_id=session_id,
        client_id=client_id,
    )
    return None if row is None else _message(row)


def newest(
    connection: sa.Connection, conversation_id: int, *, limit: int, before: int | None = None
) -> tuple[Message, ...]:
    """The last `limit` messages, or the last with a seq below `before`; oldest first."""
    if before is None:
        found = _NEWEST.run(connection, conversation_id=conversation_id, limit=limit)
    else:
        found = _NEWEST_BEFORE.run(
            connection, conversation_id=conversation_id, limit=limit, before=before
        )
    return tuple(_message(row) for row in reversed(found))


def following(
    connection: sa.Connection, conversation_id: int, *, after: int, limit: int
) -> tuple[Message, ...]:
    """The first `limit` messages with a seq above `after`; oldest first."""
    found = _FOLLOWING.run(connection, conversation_id=conversation_id, after=after, limit=limit)
    return tuple(_message(row) for row in found)


def changed(
    connection: sa.Connection, conversation_id: int, *, since: int, limit: int
) -> tuple[Message, ...]:
    """The first `limit` messages that changed after `since`, in the order of their changes."""
    given = {"conversation_id": conversation_id, "since": since, "limit": limit}
    said, edited = _SAID_SINCE.run(connection, **given), _CHANGED_SINCE.run(connection, **given)
    found = heapq.merge(said, edited, key=lambda row: row.changed_seq)
    return tuple(_message(row) for row in itertools.islice(found, limit))


def _message(row: Any) -> Message:
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
        role=ROLES[row.role],
        is_alike=row.is_alike,
        deleted_at=row.deleted_at,
    )
