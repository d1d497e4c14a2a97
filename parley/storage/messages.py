"""Messages: what was said, by seq."""

from __future__ import annotations

import heapq
import itertools
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from parley.records import Message
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import CHANGED_LATER, messages

_OF_ONE = sa.select(messages).where(messages.c.conversation_id == p("conversation_id"))
_SAY = Prepared(
    insert(messages)
    .values(values(messages.c, deleted_at=sa.null()))
    .on_conflict_do_nothing(
        index_elements=[messages.c.conversation_id, messages.c.session_id, messages.c.client_id],
        index_where=messages.c.client_id.is_not(None),
    )
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


def say(connection: sa.Connection, message: Message, *, session_id: int) -> Message | None:
    """Store what this session said; or nothing, where it said something under this client_id
    before, which is given then.

    Whoever calls counts the change of the conversation.
    """
    written = _SAY.write(
        connection,
        conversation_id=message.conversation_id,
        seq=message.seq,
        id=message.id,
        changed_seq=message.changed_seq,
        session_id=session_id,
        user_id=message.user_id,
        username=message.username,
        text=message.text,
        type=message.type,
        sent_at=message.sent_at,
        client_id=message.client_id,
        role=message.role.value,
        is_alike=message.is_alike,
        is_unproven=message.is_unproven,
    )
    if written:
        return None
    return by_client_id(connection, message.conversation_id, session_id, message.client_id)


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


def by_client_id(
    connection: sa.Connection, conversation_id: int, session_id: int, client_id: str | None
) -> Message | None:
    row = _BY_CLIENT_ID.first(
        connection,
        conversation_id=conversation_id,
        session_id=session_id,
        client_id=client_id,
    )
    return None if row is None else _message(row)


def newest(
    connection: sa.Connection,
    conversation_id: int,
    *,
    limit: int,
    before: int | None = None,
    chars: int = sys.maxsize,
) -> tuple[Message, ...]:
    """The last `limit` messages, or the last with a seq below `before`; oldest first.

    Here and below no more is read than the first message with which they have more than `chars`
    characters of text together: two, at the least.
    """
    if before is None:
        found = _NEWEST.until(
            connection, _longer_than(chars), conversation_id=conversation_id, limit=limit
        )
    else:
        found = _NEWEST_BEFORE.until(
            connection,
            _longer_than(chars),
            conversation_id=conversation_id,
            limit=limit,
            before=before,
        )
    return tuple(_message(row) for row in reversed(found))


def following(
    connection: sa.Connection,
    conversation_id: int,
    *,
    after: int,
    limit: int,
    chars: int = sys.maxsize,
) -> tuple[Message, ...]:
    """The first `limit` messages with a seq above `after`; oldest first."""
    found = _FOLLOWING.until(
        connection,
        _longer_than(chars),
        conversation_id=conversation_id,
        after=after,
        limit=limit,
    )
    return tuple(_message(row) for row in found)


def changed(
    connection: sa.Connection,
    conversation_id: int,
    *,
    since: int,
    limit: int,
    chars: int = sys.maxsize,
) -> tuple[Message, ...]:
    """The first `limit` messages that changed after `since`, in the order of their changes.

    With `chars`, what follows the message that is too much may have gaps.
    """
    given = {"conversation_id": conversation_id, "since": since, "limit": limit}
    said = _SAID_SINCE.until(connection, _longer_than(chars), **given)
    edited = _CHANGED_SINCE.until(connection, _longer_than(chars), **given)
    found = heapq.merge(said, edited, key=lambda row: row.changed_seq)
    return tuple(_message(row) for row in itertools.islice(found, limit))


def _longer_than(chars: int) -> Callable[[Any], bool]:
    """Whether the rows that it was asked of are longer together, and two at the least."""
    counted, length = 0, 0

    def is_longer(row: Any) -> bool:
        nonlocal counted, length
        counted += 1
        length += len(row.text)
        return length > chars and counted > 1

    return is_longer


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
        is_unproven=row.is_unproven,
        deleted_at=row.deleted_at,
    )
