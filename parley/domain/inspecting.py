"""What whoever runs the server may know of conversations, all of them: never what is said there."""

from __future__ import annotations

import sqlalchemy as sa

from parley.contract import ROOM_ID_MAX_CHARS
from parley.errors import ConversationNotFound
from parley.records import Inspected, Sized
from parley.storage import conversations as stored
from parley.storage import file_sums, links, participants

OWNERS_MAX = 20


def some(
    connection: sa.Connection, *, before: int | None, limit: int, is_active: bool | None
) -> list[Sized]:
    """The newest with a number below `before`; of one state alone, unless that is None."""
    found = stored.newest(connection, before=before, limit=limit, is_active=is_active)
    sizes = file_sums.of_conversations(connection, [each.id for each in found])
    return [Sized(each, sizes.get(each.id, 0)) for each in found]


def one(connection: sa.Connection, room_id: str) -> Inspected:
    """By its link now or one that it had. Raises `ConversationNotFound`."""
    is_id = 0 < len(room_id) <= ROOM_ID_MAX_CHARS
    found = stored.find(connection, room_id) if is_id else None
    old = stored.by_old_link(connection, room_id) if is_id and found is None else None
    conversation = found or old
    if conversation is None:
        raise ConversationNotFound
    owners = participants.owners(connection, conversation.id, limit=OWNERS_MAX)
    size, count = file_sums.of_conversation(connection, conversation.id)
    return Inspected(
        conversation,
        tuple(each.username for each in owners if not each.left_for_good),  # others come back
        count,
        size,
        len(links.of(connection, conversation.id)),
        was_found_by_old_link=found is None,
    )
