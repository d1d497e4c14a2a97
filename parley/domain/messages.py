"""Messages: saying something, and what was said."""

from __future__ import annotations

import asyncio
import secrets

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import conversations, text
from parley.domain.context import Context
from parley.errors import BadRequest, ConversationIsOver, NotJoined
from parley.records import Message, MessageSent, Participant, Session, TypingChanged
from parley.storage import conversations as stored_conversations
from parley.storage import messages as stored
from parley.storage import participants as stored_participants

KEY_BYTES = 9
"""What nobody can guess of a message's id; before it stands the seq."""


class Sent(Struct, frozen=True):
    message: Message
    duplicate: bool
    """Whether it was stored before, under the same client_id."""


class Draft(Struct, frozen=True):
    """What somebody wants to say."""

    text: str
    type: str | None = None
    client_id: str | None = None


def send(context: Context, room_id: str, sender: Participant, draft: Draft) -> asyncio.Future[Sent]:
    """Store the message, then tell everyone. Raises `ConversationIsOver`, once awaited.

    The same client_id by the same session stores once and gives the first result.
    """
    said = _checked(draft)

    def work(connection: sa.Connection) -> Sent:
        return _store(context, connection, sender, said)

    return context.database.write(work, lambda sent: _tell(context, room_id, sent))


async def send_as(context: Context, room_id: str, session: Session | None, draft: Draft) -> Sent:
    """The same for a session over REST or a form, as whoever it is there. Raises `NotJoined`."""
    said = _checked(draft)

    def work(connection: sa.Connection) -> Sent:
        conversation = conversations.require(connection, room_id)
        sender = session and stored_participants.by_session(connection, conversation.id, session.id)
        if not sender:
            raise NotJoined
        return _store(context, connection, sender, said)

    return await context.database.write(work, lambda sent: _tell(context, room_id, sent))


async def sent_before(
    context: Context, room_id: str, session: Session | None, draft: Draft
) -> Sent | None:
    """The first result of a draft that this session sent already, by its client_id."""
    client_id = text.client_id(draft.client_id)
    if session is None or client_id is None:
        return None

    def query(connection: sa.Connection) -> Message | None:
        conversation = conversations.require(connection, room_id)
        return stored.by_client_id(connection, conversation.id, session.id, client_id)

    first = await context.database.read(query)
    return None if first is None else Sent(first, duplicate=True)


async def history(
    context: Context,
    room_id: str,
    *,
    limit: int,
    before: int | None = None,
    after: int | None = None,
) -> tuple[tuple[Message, ...], bool]:
    """A page, oldest first, and whether there is more in the direction asked for."""
    if before is not None and after is not None:
        raise BadRequest("Give before or after, not both.")

    def query(connection: sa.Connection) -> tuple[tuple[Message, ...], bool]:
        conversation_id = conversations.require(connection, room_id).id
        if after is not None:
            found = stored.following(connection, conversation_id, after=after, limit=limit + 1)
            return found[:limit], len(found) > limit
        found = stored.newest(connection, conversation_id, before=before, limit=limit + 1)
        return found[-limit:], len(found) > limit

    return await context.database.read(query)


def type_(context: Context, room_id: str, person: Participant, *, is_typing: bool) -> None:
    """Tell the others. Nothing is stored: typing may be lost, messages never."""
    context.bus.publish(TypingChanged(room_id, person.user_id, person.username, is_typing))


def _checked(draft: Draft) -> Draft:
    return Draft(
        text.message(draft.text), text.message_type(draft.type), text.client_id(draft.client_id)
    )


def _store(context: Context, connection: sa.Connection, sender: Participant, draft: Draft) -> Sent:
    conversation_id, at = sender.conversation_id, context.clock()
    message = stored.say(
        connection,
        conversation_id=conversation_id,
        key=secrets.token_urlsafe(KEY_BYTES),
        session_id=sender.session_id,
        user_id=sender.user_id,
        username=sender.username,
        text=draft.text,
        type=draft.type or "text",
        client_id=draft.client_id,
        at=at,
    )
    if message is not None:
        stored_conversations.count_message(connection, conversation_id, seq=message.seq, at=at)
        return Sent(message, duplicate=False)
    if draft.client_id is not None:
        first = stored.by_client_id(connection, conversation_id, sender.session_id, draft.client_id)
        if first is not None:
            return Sent(first, duplicate=True)
    raise ConversationIsOver


def _tell(context: Context, room_id: str, sent: Sent) -> None:
    if not sent.duplicate:
        context.bus.publish(MessageSent(room_id, sent.message))
