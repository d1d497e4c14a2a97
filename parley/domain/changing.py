"""Changing what was said: how a change of a message is stored and told, whatever it is."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import door
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import NotFound
from parley.records import Message, MessageChanged, Session
from parley.storage import messages as stored

NO_SUCH_MESSAGE = "No such message in this conversation."


class Changed(Struct, frozen=True):
    """What came of it."""

    message: Message
    """As it is now."""
    is_news: bool
    """Whether anything changed by it."""


Change = Callable[[sa.Connection, Found, Message], Message | None]
"""Given a message, and what whoever asks is to its conversation: the message as it is then, with a
seq counted for the change; None where nothing changes. Raises whatever forbids it."""


async def change(
    context: Context, room_id: str, session: Session | None, message_id: str, change: Change
) -> tuple[Message, bool]:
    """The message as it is now, and whether it changed; then everyone is told.

    Raises `NotFound`, and what keeps whoever asks from reading the conversation.
    """

    def work(connection: sa.Connection) -> tuple[Message, bool]:
        found = door.readable(connection, room_id, session)
        message = stored.by_id(connection, found.id, message_id)
        if message is None:
            raise NotFound(NO_SUCH_MESSAGE)
        changed = change(connection, found, message)
        return (message, False) if changed is None else (changed, True)

    def tell(result: tuple[Message, bool]) -> None:
        message, is_news = result
        if is_news:
            context.bus.publish(MessageChanged(message))

    return await context.database.write(work, tell, conversation=room_id)
