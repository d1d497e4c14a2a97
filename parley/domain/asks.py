"""What people ask of bots, by commands and buttons, and what those answer them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Literal

import msgspec
import sqlalchemy as sa

from parley.contract import (
    ANSWER_MAX_CHARS,
    ASK_KEPT_S,
    BUTTON_LABEL_MAX_CHARS,
    COMMAND_TEXT_MAX_CHARS,
    Button,
)
from parley.domain import access, door, text
from parley.domain.context import Context
from parley.errors import BadRequest, NotFound, NotJoined
from parley.records import Ask, AskAnswered, Asked, Bot, May, Participant, Session
from parley.storage import bots as stored
from parley.storage import messages as stored_messages

ID_BYTES = 12
NO_SUCH_COMMAND = "This bot has no such command any more."
NO_SUCH_BUTTON = "This button is gone."
BOT_GONE = "This bot is no longer here."
_BUTTONS = msgspec.json.Decoder(list[Button])


def new_id() -> str:
    """What an ask will be called."""
    return secrets.token_urlsafe(ID_BYTES)


def kept_buttons(given: list[Button] | None) -> str | None:
    """The buttons that a bot wants under a message, as they are kept and sent; empty for none of
    them, None where it says nothing of them. Raises `BadRequest`, `TooLarge`.
    """
    if given is None:
        return None
    clean = [
        Button(id=each.id, label=text.short(each.label, "label", BUTTON_LABEL_MAX_CHARS))
        for each in given
    ]
    if len({each.id for each in clean}) < len(clean):
        raise BadRequest("buttons: each needs an id of its own.")
    if any("\0" in each.id for each in clean):
        raise BadRequest("buttons: an id must not contain NUL.")
    return msgspec.json.encode(clean).decode() if clean else ""


async def use_command(
    context: Context,
    room_id: str,
    session: Session | None,
    ask_id: str,
    *,
    bot: str,
    name: str,
    words: str,
) -> Ask:
    """For whoever may post. Raises `NotFound` where there is no such command."""
    clean = text.report(words, "text", COMMAND_TEXT_MAX_CHARS)

    def asked(connection: sa.Connection, found: door.Found, person: Participant) -> Ask:
        whose = _bot(connection, found.id, bot)
        if all(each.name != name for each in whose.commands):
            raise NotFound(NO_SUCH_COMMAND)
        return _ask(context, ask_id, person, whose, "command", name, words=clean)

    return await _asking(context, room_id, session, asked)


async def press(
    context: Context,
    room_id: str,
    session: Session | None,
    ask_id: str,
    *,
    message_id: str,
    button: str,
) -> Ask:
    """The same for a button under a message."""

    def asked(connection: sa.Connection, found: door.Found, person: Participant) -> Ask:
        message = stored_messages.by_id(connection, found.id, message_id)
        if message is None or message.buttons is None:
            raise NotFound(NO_SUCH_BUTTON)
        if all(each.id != button for each in _BUTTONS.decode(message.buttons)):
            raise NotFound(NO_SUCH_BUTTON)
        whose = _bot(connection, found.id, message.user_id)
        return _ask(context, ask_id, person, whose, "button", button, message_id=message.id)

    return await _asking(context, room_id, session, asked)


async def answer(
    context: Context, room_id: str, session: Session | None, ask_id: str, words: str | None
) -> None:
    """By the bot that was asked, once. Raises `NotFound`, `Forbidden`."""
    clean = text.report(words, "text", ANSWER_MAX_CHARS)
    since = context.clock() - timedelta(seconds=ASK_KEPT_S)

    def work(connection: sa.Connection) -> int:
        found = door.readable(connection, room_id, session)
        person = access.require_being_bot(found.person)
        asked = stored.asked(connection, found.id, ask_id)
        if asked is None or asked.bot != person.user_id or asked.asked_at < since:
            raise NotFound("Nobody waits for this answer: it was given, or came too late.")
        stored.answered(connection, found.id, ask_id)
        return found.id

    def tell(conversation_id: int) -> None:
        context.bus.publish(AskAnswered(conversation_id, ask_id, clean))

    await context.database.write(work, tell, conversation=room_id)


async def find(context: Context, conversation_id: int, ask_id: str) -> Ask | None:
    """One that waits for its answer."""
    return await context.database.read(stored.asked, conversation_id, ask_id)


async def forget(context: Context) -> None:
    """What nobody waits for any more."""
    before = context.clock() - timedelta(seconds=ASK_KEPT_S)
    await context.database.write(lambda connection: stored.forget_asked(connection, before=before))


async def _asking(
    context: Context,
    room_id: str,
    session: Session | None,
    asked: Callable[[sa.Connection, door.Found, Participant], Ask],
) -> Ask:
    def work(connection: sa.Connection) -> Ask:
        found = door.readable(connection, room_id, session)
        if found.person is None:
            raise NotJoined
        access.require_posting(found.conversation, found.person, session)
        access.require_legible(found.conversation)
        ask = asked(connection, found, found.person)
        stored.ask(connection, ask)
        return ask

    return await context.database.write(
        work,
        lambda ask: context.bus.publish(Asked(ask.conversation_id, ask.id, ask.bot)),
        conversation=room_id,
    )


def _bot(connection: sa.Connection, conversation_id: int, user_id: str) -> Bot:
    found = stored.find(connection, conversation_id, user_id)
    if found is None or May.READ not in found.may:
        raise NotFound(BOT_GONE)
    return found


def _ask(
    context: Context,
    ask_id: str,
    person: Participant,
    bot: Bot,
    kind: Literal["command", "button"],
    name: str,
    *,
    words: str = "",
    message_id: str = "",
) -> Ask:
    return Ask(
        person.conversation_id,
        ask_id,
        bot.user_id,
        person.user_id,
        person.username,
        kind,
        name,
        words,
        message_id,
        context.clock(),
    )
