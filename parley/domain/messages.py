"""Messages: saying something, and what was said."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import STATE_MAX_CHARS
from parley.domain import (
    access,
    audit,
    changing,
    door,
    files,
    meaning,
    participants,
    states,
    text,
)
from parley.domain.changing import Changed
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.meaning import Meaning
from parley.errors import (
    BadRequest,
    ConversationNotFound,
    NotFound,
    NotJoined,
    ParleyError,
)
from parley.grammar import markdown
from parley.records import (
    Answered,
    Message,
    MessageSent,
    Participant,
    Session,
    TypingChanged,
)
from parley.storage import conversations as stored_conversations
from parley.storage import files as stored_files
from parley.storage import messages as stored
from parley.storage import participants as stored_participants
from parley.storage import search as stored_search

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
    reply_to: str | None = None
    """The id of the message it answers."""
    mentions: tuple[str, ...] = ()
    """The user_ids of those who were chosen, of several with the names in it."""
    attachments: tuple[str, ...] = ()
    """The ids of files that whoever sends it uploaded."""
    parts: str | None = None
    """What its Markdown comes to. Found as it is sent, before anybody waits for its storing."""


def send(context: Context, sender: Participant, draft: Draft) -> asyncio.Future[Sent]:
    """Store the message, then tell everyone.

    Raises `ConversationIsOver`, and `NotFound` for an answer to what is not there, once awaited.
    The same client_id by the same session stores once and gives the first result.
    """
    said = _checked(draft)

    def work(connection: sa.Connection) -> Sent:
        return _store(context, connection, sender, said)

    return context.database.write(
        work, lambda sent: _tell(context, sent), conversation=sender.conversation_id
    )


async def send_as(context: Context, room_id: str, session: Session | None, draft: Draft) -> Sent:
    """The same for a session over REST or a form, as whoever it is there. Raises `NotJoined`.

    Who had left, or was counted as gone, is back by it, and the others are told.
    """
    said = _checked(draft)

    def act(is_back: bool) -> asyncio.Future[Sent]:
        def work(connection: sa.Connection) -> Sent:
            sender = door.readable(connection, room_id, session).person
            if sender is None:
                raise NotJoined
            sent = _store(context, connection, sender, said)
            if sender.left_at is not None and not sent.duplicate and not is_back:
                raise participants.Away
            return sent

        return context.database.write(work, lambda sent: _tell(context, sent), conversation=room_id)

    return await participants.coming_back(context, room_id, session, act)


async def sent_before(
    context: Context, room_id: str, session: Session | None, draft: Draft
) -> Sent | None:
    """The first result of a draft that this session sent already, by its client_id."""
    client_id = text.client_id(draft.client_id)
    if session is None or client_id is None:
        return None

    def query(connection: sa.Connection) -> Message | None:
        found = door.readable(connection, room_id, session)
        return stored.by_client_id(connection, found.id, session.id, client_id)

    first = await context.database.read(query)
    return None if first is None else Sent(first, duplicate=True)


async def answerable(
    context: Context, room_id: str, session: Session | None, message_id: str
) -> Answered:
    """A message as it would be quoted. Raises `NotFound` where it cannot be answered."""

    def query(connection: sa.Connection) -> Answered:
        found = door.readable(connection, room_id, session)
        return meaning.answered(connection, found.id, message_id)

    return await context.database.read(query)


async def history(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    limit: int,
    before: int | None = None,
    after: int | None = None,
) -> tuple[tuple[Message, ...], bool]:
    """A page, oldest first, and whether there is more in the direction asked for.

    Fewer than `limit` come where they are long: those nearest to where it begins.
    """
    if before is not None and after is not None:
        raise BadRequest("Give before or after, not both.")

    def query(connection: sa.Connection) -> tuple[tuple[Message, ...], bool]:
        conversation_id = door.readable(connection, room_id, session).id
        if after is not None:
            found = stored.following(
                connection, conversation_id, after=after, limit=limit + 1, chars=STATE_MAX_CHARS
            )
            page = found[: states.fitting(found[:limit])]
        else:
            found = stored.newest(
                connection, conversation_id, before=before, limit=limit + 1, chars=STATE_MAX_CHARS
            )
            page = found[-limit:]
            page = page[len(page) - states.fitting(page[::-1]) :]
        return page, len(found) > len(page)

    return await context.database.read(query)


def type_(context: Context, person: Participant, *, is_typing: bool) -> None:
    """Tell the others. Nothing is stored: typing may be lost, messages never."""
    context.bus.publish(
        TypingChanged(person.conversation_id, person.user_id, person.username, is_typing)
    )


async def edit(
    context: Context,
    room_id: str,
    session: Session | None,
    message_id: str,
    new_text: str,
    chosen: Iterable[str] = (),
) -> Changed:
    """Say it otherwise: for the session that said it, as long as it may post. What it said before
    is gone. `chosen` as in a draft: `mentions`.

    Raises `BadRequest` for what is no text; `NotFound`; `Forbidden` for others, owners too;
    `ConversationIsOver`; `ReadOnly`. The same text changes nothing.
    """
    at, chosen = context.clock(), _user_ids(chosen)
    new_text = text.message(new_text)
    parts = markdown.parts(new_text)

    def change(connection: sa.Connection, found: Found, message: Message) -> Message | None:
        said_by = stored.said_by(connection, message)
        author = access.require_author(message, said_by, found.person, session)
        access.require_posting(found.conversation, author)
        if message.deleted_at is not None:
            raise NotFound("This message was deleted.")
        if message.text == new_text:
            return None
        seq = stored_conversations.count_change(connection, found.id)
        before = meaning.meant_by(message)
        meant = meaning.decide(
            connection, found.id, new_text, parts=parts, chosen=chosen, before=before
        )
        contents = _contents(new_text, meant)
        edited = stored.change(connection, message, seq=seq, edited_at=at, **contents)
        stored_search.forget(connection, found.id, message.seq, is_still_there=True)
        meaning.note_again(connection, edited)
        return edited

    changed = Changed(*await changing.change(context, room_id, session, message_id, change))
    if changed.is_news:
        await context.database.forget_erased()
    return changed


async def delete(
    context: Context, room_id: str, session: Session | None, message_id: str
) -> Message:
    """Leave only that there was one: for whoever said it, and for owners.

    Raises `NotFound`; `Forbidden` for others. Deleting what is deleted changes nothing.
    """
    at = context.clock()

    def change(connection: sa.Connection, found: Found, message: Message) -> Message | None:
        said_by = stored.said_by(connection, message)
        is_own = access.is_author(message, said_by, found.person, session)
        if not is_own:
            access.require_owner(found.standing)
        if message.deleted_at is not None:
            return None
        seq = stored_conversations.count_change(connection, found.id)
        if not is_own:
            audit.note(connection, found, "deleted_message", at=at, about=message.username)
        return stored.delete(connection, message, seq=seq, at=at)

    message, is_news = await changing.change(context, room_id, session, message_id, change)
    if is_news:
        await context.database.forget_erased()
        files.erase_soon(context)
    return message


def _checked(draft: Draft) -> Draft:
    attachments = tuple(dict.fromkeys(draft.attachments)) if draft.attachments else ()
    has_words = bool(draft.text.strip()) or not attachments
    return Draft(
        text.message(draft.text) if has_words else "",
        text.message_type(draft.type),
        text.client_id(draft.client_id),
        draft.reply_to,
        _user_ids(draft.mentions) if draft.mentions else (),
        attachments,
        markdown.parts(draft.text) if has_words else None,
    )


def _user_ids(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(user_id for each in given if (user_id := text.user_id(each)))


def _store(context: Context, connection: sa.Connection, sender: Participant, draft: Draft) -> Sent:
    conversation_id, at = sender.conversation_id, context.clock()
    head = stored_conversations.head(connection, conversation_id, sender.user_id)
    if head is None:
        raise ConversationNotFound
    access.require_still_there(head, sender)
    try:
        access.require_speaking(head)
        answered = None
        if draft.reply_to:
            answered = meaning.answered(connection, conversation_id, draft.reply_to)
        attached = files.attachable(
            connection, conversation_id, sender.session_id, draft.attachments
        )
    except ParleyError:
        # Who missed the answer may ask again, though what they said could not be said now.
        first = stored.by_client_id(connection, conversation_id, sender.session_id, draft.client_id)
        if first is None:
            raise
        return Sent(first, duplicate=True)
    seq = head.seq + 1
    meant = meaning.decide(
        connection, conversation_id, draft.text, parts=draft.parts, chosen=draft.mentions
    )
    message = Message(
        conversation_id=conversation_id,
        seq=seq,
        id=f"{seq}-{secrets.token_urlsafe(KEY_BYTES)}",
        changed_seq=seq,
        user_id=sender.user_id,
        username=head.username,
        type=draft.type or "text",
        sent_at=at,
        client_id=draft.client_id,
        role=head.role,
        is_alike=head.is_alike,
        is_unproven=head.is_unproven,
        answered=answered,
        attachments=files.together(attached),
        **_contents(draft.text or files.names(attached), meant),
    )
    first = stored.say(connection, message, session_id=sender.session_id)
    if first is not None:
        return Sent(first, duplicate=True)
    stored_conversations.count_message(connection, conversation_id, seq=seq, at=at)
    if attached:
        stored_files.send(connection, draft.attachments, seq=seq)
    meaning.note(connection, message)
    if not head.has_spoken:
        stored_participants.note_spoken(connection, conversation_id, sender.user_id)
    return Sent(message, duplicate=False)


def _contents(new_text: str, meant: Meaning) -> dict[str, Any]:
    """The columns that follow from a text, whether it is said or edited."""
    return {"text": new_text, "mentions": meant.mentions, "parts": meant.parts}


def _tell(context: Context, sent: Sent) -> None:
    if not sent.duplicate:
        context.counts.messages += 1
        context.bus.publish(MessageSent(sent.message))
