"""Messages: saying something, and what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import sqlalchemy as sa

from parley.contract import (
    ATTACHMENTS_MAX,
    ENCRYPTED_PAGE_MAX_CHARS,
    ENVELOPE_MAX_CHARS,
    MESSAGE_MAX_CHARS,
    STATE_MAX_CHARS,
)
from parley.domain import (
    access,
    audit,
    changing,
    chatter,
    door,
    envelopes,
    files,
    meaning,
    participants,
    states,
    text,
)
from parley.domain.changing import Changed
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.saying import Draft as Draft
from parley.domain.saying import Saying
from parley.domain.saying import Sent as Sent
from parley.errors import BadRequest, Forbidden, NotFound, NotJoined
from parley.grammar import markdown
from parley.records import (
    CALL,
    Answered,
    Message,
    MessageSent,
    Participant,
    Role,
    Session,
    TypingChanged,
)
from parley.storage import conversations as stored_conversations
from parley.storage import messages as stored
from parley.storage import search as stored_search


def send(context: Context, sender: Participant, draft: Draft) -> asyncio.Future[Sent]:
    """Store the message, then tell everyone.

    Raises `ConversationIsOver`, and `NotFound` for an answer to what is not there, once awaited.
    The same client_id by the same session stores once and gives the first result.
    """
    saying = context.database.write(
        Saying(context, sender, checked(draft)),
        lambda sent: tell(context, sent),
        conversation=sender.conversation_id,
    )
    return chatter.noting(context, saying) if sender.role is Role.BOT else saying


async def send_as(context: Context, room_id: str, session: Session | None, draft: Draft) -> Sent:
    """The same for a session over REST or a form, as whoever it is there. Raises `NotJoined`.

    Who had left, or was counted as gone, is back by it, and the others are told.
    """
    said = checked(draft)

    def act(is_back: bool) -> asyncio.Future[Sent]:
        def work(connection: sa.Connection) -> Sent:
            sender = door.readable(connection, room_id, session).person
            if sender is None:
                raise NotJoined
            sent = Saying(context, sender, said)(connection)
            if sender.left_at is not None and not sent.duplicate and not is_back:
                raise participants.Away
            return sent

        return chatter.noting(
            context,
            context.database.write(work, lambda sent: tell(context, sent), conversation=room_id),
        )

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
        conversation = door.readable(connection, room_id, session).conversation
        chars = ENCRYPTED_PAGE_MAX_CHARS if conversation.is_encrypted else STATE_MAX_CHARS
        if after is not None:
            found = stored.following(
                connection, conversation.id, after=after, limit=limit + 1, chars=chars
            )
            page = found[: states.fitting(found[:limit], chars)]
        else:
            found = stored.newest(
                connection, conversation.id, before=before, limit=limit + 1, chars=chars
            )
            page = found[-limit:]
            page = page[len(page) - states.fitting(page[::-1], chars) :]
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
    buttons: str | None = None,
) -> Changed:
    """Say it otherwise: for the session that said it, as long as it may post. What it said before
    is gone. `chosen` as in a draft: `mentions`. `buttons` are a bot's from then on, empty for none;
    without any they stay.

    Raises `BadRequest` for what is no text; `NotFound`; `Forbidden` for others, owners too;
    `ConversationIsOver`; `ReadOnly`; `AccountsOnly`. The same text changes nothing.
    """
    at, chosen = context.clock(), _user_ids(chosen)
    new_text = text.message(new_text, ENVELOPE_MAX_CHARS)
    # What is longer may be encrypted, and is no Markdown in any case.
    parts = markdown.parts(new_text) if len(new_text) <= MESSAGE_MAX_CHARS else None

    def change(connection: sa.Connection, found: Found, message: Message) -> Message | None:
        said_by = stored.said_by(connection, message)
        author = access.require_author(message, said_by, found.person, session)
        if message.type == CALL:
            raise Forbidden("What a call leaves can't be edited.")
        access.require_posting(found.conversation, author, session)
        if message.deleted_at is not None:
            raise NotFound("This message was deleted.")
        if buttons is not None and author.role is not Role.BOT:
            raise Forbidden("Only bots can put buttons under a message.")
        has_buttons = message.buttons if buttons is None else buttons or None
        if message.text == new_text and message.buttons == has_buttons:
            return None
        if found.conversation.is_encrypted:
            conversation = found.conversation
            envelopes.require_edit(new_text, of=message.text, epoch=conversation.epoch)
            seq = stored_conversations.count_change(connection, found.id)
            return stored.change(connection, message, seq=seq, edited_at=at, text=new_text)
        text.message(new_text)
        seq = stored_conversations.count_change(connection, found.id)
        before = meaning.meant_by(message)
        meant = meaning.decide(
            connection, found.id, new_text, parts=parts, chosen=chosen, before=before
        )
        edited = stored.change(
            connection,
            message,
            seq=seq,
            edited_at=at,
            text=new_text,
            mentions=meant.mentions,
            parts=meant.parts,
            buttons=has_buttons,
        )
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
            door.require_moderating(connection, found, session)
        if message.deleted_at is not None:
            return None
        seq = stored_conversations.count_change(connection, found.id)
        if not is_own:
            audit.note(connection, found, "deleted_message", at=at, about=message.username)
        is_envelope = found.conversation.is_encrypted and message.type != CALL
        left = envelopes.left_of(message.text) if is_envelope else ""
        return stored.delete(connection, message, seq=seq, at=at, left=left)

    message, is_news = await changing.change(context, room_id, session, message_id, change)
    if is_news:
        await context.database.forget_erased()
        files.erase_soon(context)
    return message


def checked(draft: Draft) -> Draft:
    """As it will be stored. Raises `BadRequest` and `TooLarge` for what can't be."""
    attachments = tuple(dict.fromkeys(draft.attachments)) if draft.attachments else ()
    has_words = bool(draft.text.strip()) or not attachments
    is_encrypted = draft.type == envelopes.TYPE
    if draft.type == CALL:
        raise BadRequest("Messages of the type call come from the server alone.")
    if len(draft.attachments) > ATTACHMENTS_MAX and not is_encrypted:
        raise BadRequest(f"attachments: at most {ATTACHMENTS_MAX} files go with a message.")
    max_chars = ENVELOPE_MAX_CHARS if is_encrypted else MESSAGE_MAX_CHARS
    return Draft(
        text.message(draft.text, max_chars) if has_words else "",
        text.message_type(draft.type),
        text.client_id(draft.client_id),
        draft.reply_to,
        _user_ids(draft.mentions) if draft.mentions else (),
        attachments,
        draft.buttons,
        markdown.parts(draft.text) if has_words and not is_encrypted else None,
    )


def _user_ids(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(user_id for each in given if (user_id := text.user_id(each)))


def tell(context: Context, sent: Sent) -> None:
    """Everyone, of what was stored."""
    if not sent.duplicate:
        context.counts.messages += 1
        context.bus.publish(MessageSent(sent.message))
