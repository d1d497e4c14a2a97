"""What messages are found by: segments of conversations, and what is in none yet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from parley.search import segments
from parley.search.segments import Segment
from parley.storage.dialects import greatest, insert
from parley.storage.prepared import Prepared, execute, p, values
from parley.storage.schema import (
    conversations,
    messages,
    reactions,
    search_loose,
    search_segments,
    search_states,
)


class State(Struct, frozen=True):
    """How far a conversation is indexed."""

    through: int
    version: int
    """Another one whenever something that is indexed changed."""


class Head(Struct, frozen=True):
    """A segment without its postings."""

    first: int
    last: int
    docs: int
    dictionary: bytes


class Said(Struct, frozen=True):
    """What of a message is indexed."""

    seq: int
    text: str
    username: str
    user_id: str
    sent_at: Any
    attachments: str | None
    is_deleted: bool


_OF_SEGMENT = search_segments.c.conversation_id == p("conversation_id")
_STATE = Prepared(
    sa.select(search_states.c.through_seq, search_states.c.version).where(
        search_states.c.conversation_id == p("conversation_id")
    ),
    [search_states.c.through_seq, search_states.c.version],
)
_HEAD_COLUMNS = [
    search_segments.c.first_seq,
    search_segments.c.last_seq,
    search_segments.c.docs,
    search_segments.c.dictionary,
]
_HEAD_BEFORE = Prepared(
    sa.select(*_HEAD_COLUMNS)
    .where(_OF_SEGMENT, search_segments.c.first_seq < p("before"))
    .order_by(search_segments.c.first_seq.desc())
    .limit(1),
    _HEAD_COLUMNS,
)
_POSTINGS = Prepared(
    sa.select(search_segments.c.postings).where(
        _OF_SEGMENT, search_segments.c.first_seq == p("first_seq")
    ),
    [search_segments.c.postings],
)
_SIZES = Prepared(
    sa.select(search_segments.c.first_seq, search_segments.c.docs)
    .where(_OF_SEGMENT)
    .order_by(search_segments.c.first_seq),
    [search_segments.c.first_seq, search_segments.c.docs],
)
_PUT = Prepared(insert(search_segments).values(values(search_segments.c)))
_DROP = Prepared(
    search_segments.delete().where(
        _OF_SEGMENT,
        search_segments.c.first_seq >= p("first_seq"),
        search_segments.c.last_seq <= p("last_seq"),
    )
)
_TOUCH = Prepared(
    search_states.update()
    .where(search_states.c.conversation_id == p("conversation_id"))
    .values(version=search_states.c.version + 1)
)
_BEGIN = Prepared(insert(search_states).values(values(search_states.c)).on_conflict_do_nothing())
_GO_ON = Prepared(
    search_states.update()
    .where(
        search_states.c.conversation_id == p("conversation_id"),
        search_states.c.version == p("version"),
    )
    .values(
        version=search_states.c.version + 1,
        through_seq=greatest(search_states.c.through_seq, p("through_seq", sa.BigInteger)),
    )
)
_LOOSE = Prepared(
    sa.select(search_loose.c.seq)
    .where(
        search_loose.c.conversation_id == p("conversation_id"),
        search_loose.c.seq >= p("first_seq"),
        search_loose.c.seq <= p("last_seq"),
    )
    .order_by(search_loose.c.seq.desc()),
    [search_loose.c.seq],
)
_LOOSEN = Prepared(insert(search_loose).values(values(search_loose.c)).on_conflict_do_nothing())
_FORGET_LOOSE = Prepared(
    search_loose.delete().where(
        search_loose.c.conversation_id == p("conversation_id"),
        search_loose.c.seq >= p("first_seq"),
        search_loose.c.seq <= p("last_seq"),
    )
)
_SAID_COLUMNS = [
    messages.c.seq,
    messages.c.text,
    messages.c.username,
    messages.c.user_id,
    messages.c.sent_at,
    messages.c.attachments,
    messages.c.deleted_at,
]
_SAID = Prepared(
    sa.select(*_SAID_COLUMNS)
    .where(
        messages.c.conversation_id == p("conversation_id"),
        messages.c.seq > p("after"),
        messages.c.seq <= p("through"),
    )
    .order_by(messages.c.seq)
    .limit(p("limit")),
    _SAID_COLUMNS,
)
_REACTED = Prepared(
    sa.select(reactions.c.seq)
    .distinct()
    .where(
        reactions.c.conversation_id == p("conversation_id"),
        reactions.c.seq >= p("first_seq"),
        reactions.c.seq <= p("last_seq"),
    ),
    [reactions.c.seq],
)
_TEXTS_BEFORE = """
SELECT group_concat(seq || char(0) || text, char(0)) FROM (
  SELECT seq, text FROM messages
  WHERE conversation_id = ? AND seq > ? AND seq < ? AND deleted_at IS NULL
  ORDER BY seq DESC LIMIT ?)
"""
# PostgreSQL's texts have no U+0000 in them.
_BYTES_BEFORE = """
SELECT string_agg(
  convert_to(seq::text, 'UTF8') || '\\x00'::bytea || convert_to(text, 'UTF8'), '\\x00'::bytea
  ORDER BY seq DESC) FROM (
  SELECT seq, text FROM messages
  WHERE conversation_id = %s AND seq > %s AND seq < %s AND deleted_at IS NULL
  ORDER BY seq DESC LIMIT %s) AS newest
"""
_FROM = Prepared(
    sa.select(messages.c.seq, messages.c.sent_at)
    .where(messages.c.conversation_id == p("conversation_id"), messages.c.seq >= p("seq"))
    .order_by(messages.c.seq)
    .limit(1),
    [messages.c.seq, messages.c.sent_at],
)
_LARGE = Prepared(
    sa.select(conversations.c.id)
    .where(conversations.c.id > p("after"), conversations.c.message_count >= p("at_least"))
    .order_by(conversations.c.id)
    .limit(p("limit")),
    [conversations.c.id],
)
EVER = 1 << 62


def state(connection: sa.Connection, conversation_id: int) -> State | None:
    row = _STATE.first(connection, conversation_id=conversation_id)
    return None if row is None else State(row.through_seq, row.version)


def heads(connection: sa.Connection, conversation_id: int, *, before: int) -> Iterator[Head]:
    """Of the segments that begin before a seq, the newest first."""
    while (
        row := _HEAD_BEFORE.first(connection, conversation_id=conversation_id, before=before)
    ) is not None:
        yield Head(row.first_seq, row.last_seq, row.docs, row.dictionary)
        before = row.first_seq


def postings(connection: sa.Connection, conversation_id: int, head: Head) -> segments.Postings:
    row = _POSTINGS.first(connection, conversation_id=conversation_id, first_seq=head.first)
    return segments.Postings(head.first, row.postings)


def sizes(connection: sa.Connection, conversation_id: int) -> list[tuple[int, int]]:
    """The first seq and the number of messages of each segment, rising."""
    rows = _SIZES.run(connection, conversation_id=conversation_id)
    return [(row.first_seq, row.docs) for row in rows]


def whole(connection: sa.Connection, conversation_id: int, firsts: Sequence[int]) -> list[Segment]:
    """The segments that begin with these seqs, as far as they are there."""
    found = []
    for first in firsts:
        head = next(heads(connection, conversation_id, before=first + 1), None)
        if head is not None and head.first == first:
            row = _POSTINGS.first(connection, conversation_id=conversation_id, first_seq=first)
            found.append(Segment(first, head.last, head.dictionary, row.postings))
    return found


def loose(
    connection: sa.Connection, conversation_id: int, *, first: int = 0, last: int = EVER
) -> list[int]:
    """The seqs of messages between two that were edited since, the newest first."""
    rows = _LOOSE.run(connection, conversation_id=conversation_id, first_seq=first, last_seq=last)
    return [row.seq for row in rows]


def said(
    connection: sa.Connection, conversation_id: int, *, after: int, through: int = EVER, limit: int
) -> list[Said]:
    """What is to be indexed, oldest first; deleted messages too, with nothing in them."""
    rows = _SAID.run(
        connection, conversation_id=conversation_id, after=after, through=through, limit=limit
    )
    return [
        Said(
            row.seq,
            row.text,
            row.username,
            row.user_id,
            row.sent_at,
            row.attachments,
            row.deleted_at is not None,
        )
        for row in rows
    ]


def texts_before(
    connection: sa.Connection, conversation_id: int, *, after: int, before: int, limit: int
) -> str:
    """The newest texts between two seqs, each after its seq, with U+0000 between all of them: one
    row is read in a tenth of the time of hundreds, and no text has that in it."""
    given = (conversation_id, after, before, limit)
    if connection.dialect.name == "postgresql":
        [(found,)] = execute(connection, _BYTES_BEFORE, given)
        return (found or b"").decode()
    [(texts,)] = execute(connection, _TEXTS_BEFORE, given)
    return texts or ""


def reacted(connection: sa.Connection, conversation_id: int, *, first: int, last: int) -> set[int]:
    """The seqs of the messages between two that have a reaction."""
    rows = _REACTED.run(connection, conversation_id=conversation_id, first_seq=first, last_seq=last)
    return {row.seq for row in rows}


def sent_from(connection: sa.Connection, conversation_id: int, seq: int) -> datetime | None:
    """When the first message from a seq on was sent; None where none is there."""
    row = _FROM.first(connection, conversation_id=conversation_id, seq=seq)
    return None if row is None else row.sent_at


def first_after(connection: sa.Connection, conversation_id: int, at: datetime, newest: int) -> int:
    """The seq before which all that was sent up to a moment stands: messages are dated in the order
    of their seqs, but for a clock that was put back.
    """
    low, high = 0, newest + 1
    while low < high:
        middle = (low + high) // 2
        row = _FROM.first(connection, conversation_id=conversation_id, seq=middle)
        if row is None or row.sent_at > at:
            high = middle
        else:
            low = row.seq + 1
    return high


def large(connection: sa.Connection, *, after: int, at_least: int, limit: int) -> list[int]:
    """The ids of conversations with so many messages."""
    rows = _LARGE.run(connection, after=after, at_least=at_least, limit=limit)
    return [row.id for row in rows]


def begin(connection: sa.Connection, conversation_id: int) -> None:
    """From now on it is counted what changes in it."""
    if _is_there(connection, conversation_id):
        _BEGIN.write(connection, conversation_id=conversation_id, through_seq=0, version=0)


def _is_there(connection: sa.Connection, conversation_id: int) -> bool:
    query = sa.select(conversations.c.id).where(
        conversations.c.id == conversation_id, conversations.c.deleted_at.is_(None)
    )
    return connection.execute(query).first() is not None


def put(
    connection: sa.Connection,
    conversation_id: int,
    made: Sequence[tuple[Segment, int]],
    *,
    version: int,
    through: int,
) -> bool:
    """Have these segments, with how many messages each has, instead of what is there between their
    ends, and nothing loose between these. False, and nothing is done, where anything changed
    since `version`.
    """
    is_same = _GO_ON.write(
        connection, conversation_id=conversation_id, version=version, through_seq=through
    )
    if not is_same:
        return False
    for segment, docs in made:
        ends = {"first_seq": segment.first, "last_seq": segment.last}
        _DROP.write(connection, conversation_id=conversation_id, **ends)
        _FORGET_LOOSE.write(connection, conversation_id=conversation_id, **ends)
        _write(connection, conversation_id, segment, docs)
    return True


def forget(
    connection: sa.Connection, conversation_id: int, seq: int, *, is_still_there: bool
) -> None:
    """Nothing of what a message said is found any more, nor left in the index; what it says now is
    found where `is_still_there`. To be called with what changes it.
    """
    now = state(connection, conversation_id)
    if now is None:
        return
    _TOUCH.write(connection, conversation_id=conversation_id)
    if seq > now.through:
        return
    head = next(heads(connection, conversation_id, before=seq + 1), None)
    if head is not None and seq <= head.last:
        _take_out(connection, conversation_id, head, {seq})
    if is_still_there:
        _LOOSEN.write(connection, conversation_id=conversation_id, seq=seq)
    else:
        _FORGET_LOOSE.write(
            connection, conversation_id=conversation_id, first_seq=seq, last_seq=seq
        )


def forget_through(connection: sa.Connection, conversation_id: int, seq: int) -> None:
    """The same for all messages up to this one."""
    if state(connection, conversation_id) is None:
        return
    _TOUCH.write(connection, conversation_id=conversation_id)
    _FORGET_LOOSE.write(connection, conversation_id=conversation_id, first_seq=0, last_seq=seq)
    _DROP.write(connection, conversation_id=conversation_id, first_seq=0, last_seq=seq)
    head = next(heads(connection, conversation_id, before=seq + 1), None)
    if head is not None:
        _take_out(connection, conversation_id, head, range(head.first, seq + 1))


def _take_out(
    connection: sa.Connection, conversation_id: int, head: Head, gone: Collection[int]
) -> None:
    [segment] = whole(connection, conversation_id, [head.first])
    left = segments.without(segment, gone)
    _DROP.write(
        connection, conversation_id=conversation_id, first_seq=head.first, last_seq=head.last
    )
    if left is not None:
        _write(connection, conversation_id, left, head.docs)


def _write(connection: sa.Connection, conversation_id: int, segment: Segment, docs: int) -> None:
    _PUT.write(
        connection,
        conversation_id=conversation_id,
        first_seq=segment.first,
        last_seq=segment.last,
        docs=docs,
        dictionary=segment.dictionary,
        postings=segment.postings,
    )
