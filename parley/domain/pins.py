"""Pins: the messages that everyone should find, as owners decide."""

from __future__ import annotations

import sqlalchemy as sa

from parley.contract import PINS_MAX, ActName
from parley.domain import access, audit, changing, door, states
from parley.domain.changing import Changed
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import BadRequest, NotFound
from parley.records import Message, Session
from parley.storage import conversations as stored_conversations
from parley.storage import messages as stored


async def pin(
    context: Context, room_id: str, session: Session | None, message_id: str, *, on: bool
) -> Changed:
    """Pin a message, or unpin it; for owners, and bots that may moderate, while the conversation is
    active.

    Raises `NotFound`, also for what was deleted; `Forbidden`; `ConversationIsOver`; `BadRequest`
    where too many are pinned. Doing it again changes nothing.
    """
    at = context.clock()

    def change(connection: sa.Connection, found: Found, message: Message) -> Message | None:
        door.require_moderating(connection, found, session)
        access.require_open(found.conversation)
        if message.deleted_at is not None:
            raise NotFound("This message was deleted.")
        if on == (message.pinned_at is not None):
            return None
        if on and len(stored.pinned(connection, found.id, limit=PINS_MAX)) == PINS_MAX:
            raise BadRequest(f"{PINS_MAX} messages are pinned, which is the most. Unpin one first.")
        seq = stored_conversations.count_change(connection, found.id)
        act: ActName = "pinned_message" if on else "unpinned_message"
        audit.note(connection, found, act, at=at, about=message.username)
        return stored.change(connection, message, seq=seq, pinned_at=at if on else None)

    return Changed(*await changing.change(context, room_id, session, message_id, change))


async def pinned(
    context: Context, room_id: str, session: Session | None, *, skip: int = 0
) -> tuple[tuple[Message, ...], bool]:
    """The pinned messages, the one that was pinned last first, but for the first `skip`; and
    whether there are more, for where they are long fewer come. For whoever may read them.
    """

    def query(connection: sa.Connection) -> tuple[tuple[Message, ...], bool]:
        found = door.readable(connection, room_id, session)
        left = stored.pinned(connection, found.id, limit=PINS_MAX)[skip:]
        page = left[: states.fitting(left)]
        return page, len(left) > len(page)

    return await context.database.read(query)
