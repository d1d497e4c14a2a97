"""What is sent of a conversation: its newest messages, or what changed while somebody was away."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import sqlalchemy as sa
from msgspec.structs import replace

from parley.contract import DELTA_MAX_CHANGES, STATE_MAX_CHARS, STATE_MESSAGES
from parley.domain import looks, people, reading
from parley.domain.context import Context
from parley.domain.door import Found
from parley.records import Conversation, Message, Recent, Snapshot, Standing
from parley.storage import messages as stored_messages

REACH_MIN = 64
"""How many changes are read for many who come at once, at the least; where that is too few,
twice as many, so that a few reads are enough for all of them."""


def window(
    connection: sa.Connection,
    found: Found,
    *,
    before: int | None = None,
    at: int | None = None,
    limit: int = STATE_MESSAGES,
) -> Snapshot:
    """The newest messages, or those before or around a seq."""
    later: tuple[Message, ...] = ()
    if at is not None:
        before, limit = at + 1, limit // 2
        later = stored_messages.following(
            connection, found.id, after=at, limit=limit, chars=STATE_MAX_CHARS
        )
        later = later[: fitting(later)]
    read = stored_messages.newest(
        connection, found.id, before=before, limit=limit + 1, chars=STATE_MAX_CHARS
    )
    last = stored_messages.newest(connection, found.id, limit=1) if before else read
    page = read[-limit:]
    page = page[len(page) - fitting(page[::-1]) :]
    here = people.first(connection, found.id)
    return Snapshot(
        conversation=found.conversation,
        standing=found.standing,
        person=found.person,
        participants=here.shown,
        people_cursor=here.cursor,
        messages=page + later,
        has_more=len(read) > len(page),
        newest_message_seq=last[-1].seq if last else 0,
        readings=reading.shown(connection, found.conversation),
        looks=looks.of(connection, found.conversation),
    )


def delta(connection: sa.Connection, found: Found, *, since: int) -> Snapshot:
    """What changed after `since`, or the newest messages where that is too much.

    A seq that this conversation has not reached is nobody's honest memory of it: the newest too.
    """
    if not _is_near(found.conversation, since):
        return window(connection, found)
    missed = stored_messages.changed(
        connection, found.id, since=since, limit=DELTA_MAX_CHANGES, chars=STATE_MAX_CHARS
    )
    if fitting(missed) < len(missed):
        return window(connection, found)
    here = people.first(connection, found.id)
    return Snapshot(
        conversation=found.conversation,
        standing=found.standing,
        person=found.person,
        participants=here.shown,
        people_cursor=here.cursor,
        messages=missed,
        has_more=found.conversation.message_count > len(missed),
        newest_message_seq=0,
        is_delta=True,
        readings=reading.shown(connection, found.conversation),
        looks=looks.of(connection, found.conversation),
    )


def recent(connection: sa.Connection, conversation: Conversation, *, since: int | None) -> Recent:
    """The newest messages, and what changed after `since` or earlier: see `known_up_to`."""
    fresh = window(connection, Found(conversation, Standing.STRANGER, None))
    begin = conversation.seq - _reach(conversation.seq, since)
    changes: tuple[Message, ...] = ()
    if begin < conversation.seq:
        changes = stored_messages.changed(
            connection, conversation.id, since=begin, limit=DELTA_MAX_CHANGES
        )
    return Recent(fresh, changes, begin)


def reaches(recent: Recent, since: int | None) -> bool:
    """Whether it tells whoever knows all up to `since` what they would be told alone."""
    return (
        since is None or since >= recent.since or not _is_near(recent.snapshot.conversation, since)
    )


def known_up_to(recent: Recent, since: int) -> Snapshot:
    """The same as `delta` of the same moment, without asking the database again."""
    fresh = recent.snapshot
    if not _is_near(fresh.conversation, since):
        return fresh
    begin = bisect_right(recent.changes, since, key=lambda message: message.changed_seq)
    missed = recent.changes[begin:]
    if fitting(missed) < len(missed):
        return fresh
    return replace(
        fresh,
        messages=missed,
        has_more=fresh.conversation.message_count > len(missed),
        newest_message_seq=0,
        is_delta=True,
    )


def fitting(messages: Sequence[Message], most: int | None = None) -> int:
    """How many of them, from the first on, go into one answer of at most so many characters, by
    default those of a state: at least one, if there is one.
    """
    chars, most = 0, STATE_MAX_CHARS if most is None else most
    for count, message in enumerate(messages):
        chars += len(message.text) + len(message.parts or "") + len(message.reactions or "")
        chars += len(message.attachments or "")
        if chars > most and count:
            return count
    return len(messages)


def with_presence(context: Context, snapshot: Snapshot) -> Snapshot:
    if context.cluster is not None:
        return snapshot  # who is on a socket was read with it
    conversation, presence = snapshot.conversation, context.presence
    told_of = snapshot.participants
    if snapshot.person is not None:
        told_of = (*told_of, snapshot.person)
    return replace(
        snapshot,
        online=presence.online(conversation.id, told_of),
        # Looked at a moment later: who came between is not counted as being in it yet.
        online_count=min(presence.online_count(conversation.id), conversation.participant_count),
    )


def _is_near(conversation: Conversation, since: int) -> bool:
    return 0 <= conversation.seq - since <= DELTA_MAX_CHANGES


def _reach(seq: int, since: int | None) -> int:
    """How many changes to go back, where somebody knows all up to `since`."""
    if since is None or since >= seq:
        return 0
    reach = REACH_MIN
    while reach < seq - since and reach < DELTA_MAX_CHANGES:
        reach *= 2
    return min(reach, DELTA_MAX_CHANGES, seq)
