"""What somebody missed of a conversation, in order, however much that is: page by page."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import STATE_MAX_CHARS, SYNC_PAGE_MAX
from parley.domain import door, states
from parley.domain.context import Context
from parley.domain.conversations import SYNC_REACH
from parley.domain.door import Found
from parley.records import (
    ConversationEnded,
    EpochBegan,
    Event,
    MessageChanged,
    MessageSent,
    MessagesErased,
    Session,
)
from parley.storage import epochs as stored_epochs
from parley.storage import messages as stored_messages


class Missed(Struct, frozen=True):
    """A page of what happened after a seq."""

    found: Found
    """The conversation, for who asks."""
    events: tuple[tuple[int, Event], ...]
    """Each with its seq, in order. A message is as it is now, where it was changed last."""
    seq: int
    """All up to this one is known with them."""
    has_more: bool


async def missed(
    context: Context, room_id: str, session: Session | None, *, since: int, known: int
) -> Missed:
    """For who may read it: what comes after `since`. All up to `known` was known before the first
    page: a message from after it is news, also where it was changed since and comes on a later one.
    Raises as `conversations.find`.
    """

    def query(connection: sa.Connection) -> Missed:
        found = door.readable(connection, room_id, session)
        begin = max(since, found.conversation.erased_through or 0)
        through = min(found.conversation.seq, begin + SYNC_REACH)
        read = stored_messages.changed(
            connection,
            found.id,
            since=since,
            limit=SYNC_PAGE_MAX,
            through=through,
            chars=STATE_MAX_CHARS,
        )
        page = read[: states.fitting(read)]
        is_cut = len(page) < len(read) or len(page) == SYNC_PAGE_MAX
        seq = page[-1].changed_seq if is_cut else through
        events: list[tuple[int, Event]] = [
            (each.changed_seq, MessageSent(each) if each.seq > known else MessageChanged(each))
            for each in page
        ]
        if found.conversation.epoch:
            events += _begun(connection, found, since, seq)
            events.sort(key=lambda each: each[0])
        has_more = seq < found.conversation.seq
        if not has_more and since < seq:
            events += _ends(found, seq)
        return Missed(found, tuple(events), seq, has_more)

    return await context.database.read(query)


def _begun(
    connection: sa.Connection, found: Found, since: int, through: int
) -> list[tuple[int, Event]]:
    begun = stored_epochs.begun(connection, found.id, since=since, limit=SYNC_REACH)
    room_id = found.conversation.room_id
    return [
        (seq, EpochBegan(found.id, room_id, number, seq)) for number, seq in begun if seq <= through
    ]


def _ends(found: Found, seq: int) -> list[tuple[int, Event]]:
    """What is left of a message that was erased, and of what happened once: that it did."""
    conversation, events = found.conversation, list[tuple[int, Event]]()
    if conversation.erased_through:
        through = conversation.erased_through
        events.append((seq, MessagesErased(found.id, conversation.room_id, through, seq)))
    if conversation.ended_at is not None:
        ended = ConversationEnded(found.id, conversation.room_id, seq, conversation.ended_at)
        events.append((seq, ended))
    return events
