"""Messages: what was said, by seq."""

from __future__ import annotations

import heapq
import itertools
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Answered, Message, SaidBy
from parley.storage import files, search
from parley.storage.asides import IS_ASIDE
from parley.storage.dialects import insert
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import (
    CHANGED_LATER,
    PINNED,
    mentions,
    messages,
    participants,
    reactions,
    sessions,
)

ASIDES_MAX = 200
"""So many may follow the last message that says something; further back nobody looks for one."""
BEGINS_CHARS = 300
"""How much of what it answers is read with a message."""

_answered = messages.alias("answered")
_COLUMNS = [
    *messages.c,
    _answered.c.user_id.label("answered_user_id"),
    _answered.c.username.label("answered_username"),
    sa.func.substr(_answered.c.text, 1, BEGINS_CHARS).label("answered_begins"),
    _answered.c.deleted_at.label("answered_deleted_at"),
]
_OF_ONE = (
    sa.select(*_COLUMNS)
    .join_from(
        messages,
        _answered,
        sa.and_(
            _answered.c.conversation_id == messages.c.conversation_id,
            _answered.c.seq == messages.c.reply_seq,
        ),
        isouter=True,
    )
    .where(messages.c.conversation_id == p("conversation_id"))
)
LATER = (
    "deleted_at",
    "edited_at",
    "pinned_at",
    "reactions",
)
"""Columns that a message has nothing in as it is said."""
MORE = ("reply_seq", "reply_id", "mentions", "parts", "attachments", "buttons")
"""Columns that most messages have nothing in."""
_MENTION = Prepared(
    insert(mentions)
    .values(values([each for each in mentions.c if each.name != "id"]))
    .on_conflict_do_nothing()
)
_FORGET_MENTIONS = Prepared(
    mentions.delete().where(
        mentions.c.conversation_id == p("conversation_id"),
        mentions.c.seq == p("seq"),
        mentions.c.is_reply == p("is_reply"),
    )
)
_BY_SEQ = Prepared(_OF_ONE.where(messages.c.seq == p("seq")), _COLUMNS)
_BY_CLIENT_ID = Prepared(
    _OF_ONE.where(messages.c.session_id == p("session_id"), messages.c.client_id == p("client_id")),
    _COLUMNS,
)
_NEWEST = Prepared(_OF_ONE.order_by(messages.c.seq.desc()).limit(p("limit")), _COLUMNS)
_NEWEST_BEFORE = Prepared(
    _OF_ONE.where(messages.c.seq < p("before")).order_by(messages.c.seq.desc()).limit(p("limit")),
    _COLUMNS,
)
_latest = (
    sa.select(messages.c.seq, IS_ASIDE.label("is_aside"))
    .where(messages.c.conversation_id == p("conversation_id"))
    .order_by(messages.c.seq.desc())
    .limit(p("limit"))
    .subquery()
)
_last_seq = sa.func.max(_latest.c.seq).label("seq")
_LAST_SAID = Prepared(sa.select(_last_seq).where(_latest.c.is_aside.is_(False)), [_last_seq])
_FOLLOWING = Prepared(
    _OF_ONE.where(messages.c.seq > p("after")).order_by(messages.c.seq).limit(p("limit")),
    _COLUMNS,
)
_SAID_SINCE = Prepared(
    _OF_ONE.where(
        messages.c.seq > p("since"),
        messages.c.seq <= p("through"),
        messages.c.changed_seq == messages.c.seq,
    )
    .order_by(messages.c.seq)
    .limit(p("limit")),
    _COLUMNS,
)
_CHANGED_SINCE = Prepared(
    _OF_ONE.where(
        messages.c.changed_seq > p("since"), messages.c.changed_seq <= p("through"), CHANGED_LATER
    )
    .order_by(messages.c.changed_seq)
    .limit(p("limit")),
    _COLUMNS,
)
_PINNED = Prepared(
    _OF_ONE.where(PINNED)
    .order_by(messages.c.pinned_at.desc(), messages.c.seq.desc())
    .limit(p("limit")),
    _COLUMNS,
)


def mention(connection: sa.Connection, message: Message, user_id: str, *, is_reply: bool) -> None:
    """Note that a message is meant for somebody. Once noted it is not noted again."""
    _MENTION.write(
        connection,
        conversation_id=message.conversation_id,
        seq=message.seq,
        user_id=user_id,
        is_reply=is_reply,
    )


def forget_mentions(connection: sa.Connection, message: Message) -> None:
    """Whom its text meant, it may mean no more. Whom it answers stays noted."""
    _FORGET_MENTIONS.write(
        connection, conversation_id=message.conversation_id, seq=message.seq, is_reply=False
    )


def by_id(connection: sa.Connection, conversation_id: int, id: str) -> Message | None:
    """By its id, which begins with its seq."""
    seq = id.partition("-")[0]
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        return None
    row = _BY_SEQ.first(connection, conversation_id=conversation_id, seq=int(seq))
    return None if row is None or row.id != id else _message(row)


def at_seq(connection: sa.Connection, conversation_id: int, seq: int) -> Message | None:
    row = _BY_SEQ.first(connection, conversation_id=conversation_id, seq=seq)
    return None if row is None else _message(row)


def said_by(connection: sa.Connection, message: Message) -> SaidBy:
    of_person = sessions.alias("of_person")
    query = (
        sa.select(
            messages.c.session_id,
            sessions.c.principal_id,
            of_person.c.principal_id.label("person_is"),
        )
        .outerjoin(sessions, sessions.c.id == messages.c.session_id)
        .outerjoin(
            participants,
            sa.and_(
                participants.c.conversation_id == messages.c.conversation_id,
                participants.c.user_id == messages.c.user_id,
            ),
        )
        .outerjoin(of_person, of_person.c.id == participants.c.session_id)
        .where(messages.c.conversation_id == message.conversation_id, messages.c.seq == message.seq)
    )
    row = connection.execute(query).one()
    session_id = row.principal_id or row.session_id
    return SaidBy(session_id, row.principal_id is not None or row.person_is == session_id)


def change(connection: sa.Connection, message: Message, *, seq: int, **columns: Any) -> Message:
    """Give it other values, by the names of their columns; `seq` is that of the change."""
    connection.execute(
        messages.update()
        .where(messages.c.conversation_id == message.conversation_id, messages.c.seq == message.seq)
        .values(changed_seq=seq, **columns)
    )
    row = _BY_SEQ.first(connection, conversation_id=message.conversation_id, seq=message.seq)
    return _message(row)


def delete(
    connection: sa.Connection, message: Message, *, seq: int, at: datetime, left: str = ""
) -> Message:
    """Leave only that there was one, and what is `left` of its text; `seq` is of the change."""
    files.erase_of(connection, message.conversation_id, message.seq)
    for table in (reactions, mentions):
        connection.execute(
            table.delete().where(
                table.c.conversation_id == message.conversation_id, table.c.seq == message.seq
            )
        )
    search.forget(connection, message.conversation_id, message.seq, is_still_there=False)
    gone = dict.fromkeys((*LATER, *MORE))
    return change(connection, message, seq=seq, **{**gone, "text": left, "deleted_at": at})


def as_answered(message: Message) -> Answered:
    """A message that is there, as it is read with one that answers it."""
    return Answered(
        id=message.id,
        seq=message.seq,
        user_id=message.user_id,
        username=message.username,
        begins=message.text[:BEGINS_CHARS],
        is_gone=False,
    )


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


def last_said(connection: sa.Connection, conversation_id: int) -> Message | None:
    """The last message that says something to people, of the latest `ASIDES_MAX`."""
    row = _LAST_SAID.first(connection, conversation_id=conversation_id, limit=ASIDES_MAX)
    return None if row.seq is None else at_seq(connection, conversation_id, row.seq)


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
    through: int = sys.maxsize,
    chars: int = sys.maxsize,
) -> tuple[Message, ...]:
    """The first `limit` messages that changed after `since`, up to the change `through`, in the
    order of their changes. Where most changed again later, those between are looked through.

    With `chars`, what follows the message that is too much may have gaps.
    """
    given: dict[str, Any] = {"conversation_id": conversation_id, "since": since}
    given |= {"through": through, "limit": limit}
    said = _SAID_SINCE.until(connection, _longer_than(chars), **given)
    edited = _CHANGED_SINCE.until(connection, _longer_than(chars), **given)
    found = heapq.merge(said, edited, key=lambda row: row.changed_seq)
    return tuple(_message(row) for row in itertools.islice(found, limit))


def pinned(connection: sa.Connection, conversation_id: int, *, limit: int) -> tuple[Message, ...]:
    """Those that are pinned, the one that was pinned last first."""
    found = _PINNED.run(connection, conversation_id=conversation_id, limit=limit)
    return tuple(_message(row) for row in found)


def _longer_than(chars: int) -> Callable[[Any], bool]:
    """Whether the rows that it was asked of are longer together, and two at the least."""
    counted, length = 0, 0

    def is_longer(row: Any) -> bool:
        nonlocal counted, length
        counted += 1
        length += len(row.text) + len(row.parts or "") + len(row.reactions or "")
        length += len(row.attachments or "")
        return length > chars and counted > 1

    return is_longer


def _message(row: Any) -> Message:
    # By place: msgspec takes ten times as long to find so many fields by name.
    return Message(
        row.conversation_id,
        row.seq,
        row.id,
        row.changed_seq,
        row.user_id,
        row.username,
        row.text,
        row.type,
        row.sent_at,
        row.client_id,
        ROLES[row.role],
        row.is_alike,
        row.is_unproven,
        row.deleted_at,
        row.edited_at,
        row.pinned_at,
        None if row.reply_seq is None else _answered_by(row),
        row.mentions,
        row.parts,
        row.reactions,
        row.attachments,
        row.buttons,
    )


def _answered_by(row: Any) -> Answered:
    is_gone = row.answered_user_id is None or row.answered_deleted_at is not None
    return Answered(
        id=row.reply_id,
        seq=row.reply_seq,
        user_id=row.answered_user_id or "",
        username=row.answered_username or "",
        begins=row.answered_begins or "",
        is_gone=is_gone,
    )
