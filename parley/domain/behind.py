"""How far conversations are, and what a process has not told of one yet."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import cluster, states
from parley.domain.context import Context
from parley.domain.door import Found
from parley.records import Conversation, Message, Position, Snapshot, Standing
from parley.storage import cluster as stored
from parley.storage import conversations as stored_conversations
from parley.storage import messages as stored_messages

CHANGES_MAX = 500
"""Of more than these, clients ask for themselves."""
IDS_MAX = 1_000
"""In one statement."""


class Behind(Struct, frozen=True):
    """What changed in a conversation after a seq, all at one moment."""

    conversation: Conversation | None
    """None where it was deleted."""
    messages: tuple[Message, ...] = ()
    """As they are now, in the order of their last changes."""
    is_all: bool = True
    """Whether those are all that changed."""
    fresh: Snapshot | None = None
    """As it stands, where that was asked for."""


async def positions(context: Context, ids: Collection[int]) -> dict[int, Position]:
    """Of those of these conversations that are still there."""
    found: dict[int, Position] = {}
    some = list(ids)
    for at in range(0, len(some), IDS_MAX):
        found |= await context.database.read(stored.positions, some[at : at + IDS_MAX])
    return found


async def behind(
    context: Context, conversation_id: int, *, since: int, with_state: bool = False
) -> Behind:
    """What changed after `since`."""

    def query(connection: sa.Connection) -> Behind:
        conversation = stored_conversations.by_id(connection, conversation_id)
        if conversation is None:
            return Behind(None)
        messages: tuple[Message, ...] = ()
        if conversation.seq > since:
            messages = stored_messages.changed(
                connection, conversation_id, since=since, limit=CHANGES_MAX + 1
            )
        fresh = None
        if with_state:
            found = Found(conversation, Standing.STRANGER, None)
            fresh = cluster.online(context, connection, states.window(connection, found))
        is_all = len(messages) <= CHANGES_MAX
        return Behind(conversation, messages[:CHANGES_MAX], is_all, fresh)

    return await context.database.read(query)
