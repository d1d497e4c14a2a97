"""What somebody may do with a message, asked before they do it."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import access, door
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import NotFound, ParleyError
from parley.records import Conversation, Message, Session, Standing
from parley.storage import messages as stored


class MayChange(Struct, frozen=True):
    """A message, and what whoever asks may do with it."""

    conversation: Conversation
    message: Message
    edit: bool
    delete: bool
    pin: bool
    """Or unpin it."""

    @property
    def anything(self) -> bool:
        return self.edit or self.delete or self.pin


async def may_change(
    context: Context, room_id: str, session: Session | None, message_id: str
) -> MayChange:
    """For whoever may read it. Raises `NotFound`, also for what was deleted."""

    def query(connection: sa.Connection) -> MayChange:
        found = door.readable(connection, room_id, session)
        message = stored.by_id(connection, found.id, message_id)
        if message is None or message.deleted_at is not None:
            raise NotFound("That message isn't here. It may have been deleted.")
        is_owner = found.standing is Standing.OWNER
        said_by = stored.said_by(connection, message)
        is_own = found.person is not None and found.person.user_id == message.user_id
        is_own = is_own or access.is_author(message, said_by, found.person, session)
        return MayChange(
            conversation=found.conversation,
            message=message,
            edit=_may_edit(connection, found, message, session),
            delete=is_owner or is_own,
            pin=is_owner and found.conversation.is_active,
        )

    return await context.database.read(query)


def _may_edit(
    connection: sa.Connection, found: Found, message: Message, session: Session | None
) -> bool:
    try:
        said_by = stored.said_by(connection, message)
        author = access.require_author(message, said_by, found.person, session)
        access.require_posting(found.conversation, author, session)
    except ParleyError:
        return False
    return True
