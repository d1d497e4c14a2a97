"""Reacting to what was said: with an emoji, on and off."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator

import msgspec
import sqlalchemy as sa

from parley.contract import REACTIONS_MAX, REACTORS_NAMED, Reaction
from parley.domain import access, changing, door, participants
from parley.domain.changing import Changed
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.emoji import one_emoji
from parley.errors import (
    BadRequest,
    ConversationNotFound,
    NotFound,
    NotJoined,
)
from parley.records import Message, MessageChanged, Participant, Session
from parley.storage import conversations as stored_conversations
from parley.storage import messages as stored_messages
from parley.storage import reactions as stored

Unnamed = frozenset[tuple[str, str]]
"""Reactions by the message's id and the emoji."""

_SUMS = msgspec.json.Decoder(list[Reaction])
_CROWDED_MIN_CHARS = REACTORS_NAMED * len('"a",')
"""Shorter sums name everybody: most need not be read to know."""


def react(
    context: Context, person: Participant, message_id: str, reaction: str, *, on: bool
) -> asyncio.Future[Changed]:
    """Add or take back one's own, which changes nothing where it is so already.

    For whoever may post. Raises, once awaited, `NotFound`, `NotJoined`, `ConversationIsOver`,
    `ReadOnly`, `AccountsOnly`; `BadRequest` for what is no emoji, or one too many.
    """
    conversation_id = person.conversation_id

    def work(connection: sa.Connection) -> Changed:
        head = stored_conversations.head(connection, conversation_id, person.user_id)
        if head is None:
            raise ConversationNotFound
        access.require_still_there(head, person)
        message = stored_messages.by_id(connection, conversation_id, message_id)
        if message is None:
            raise NotFound(changing.NO_SUCH_MESSAGE)
        access.require_speaking(head)
        access.require_legible(head)
        changed = _changed(connection, message, reaction, person.user_id, on=on)
        return Changed(message if changed is None else changed, changed is not None)

    return context.database.write(
        work, lambda changed: _tell(context, changed), conversation=conversation_id
    )


async def react_as(
    context: Context,
    room_id: str,
    session: Session | None,
    message_id: str,
    reaction: str,
    *,
    on: bool,
) -> Changed:
    """The same for a session over REST or a form, as whoever it is there.

    Who had left, or was counted as gone, is back by it, as by posting.
    """

    async def act(is_back: bool) -> Changed:
        def change(connection: sa.Connection, found: Found, message: Message) -> Message | None:
            person = found.person
            if person is None:
                raise NotJoined
            access.require_posting(found.conversation, person, session)
            access.require_legible(found.conversation)
            changed = _changed(connection, message, reaction, person.user_id, on=on)
            if changed is not None and person.left_at is not None and not is_back:
                raise participants.Away
            return changed

        return Changed(*await changing.change(context, room_id, session, message_id, change))

    return await participants.coming_back(context, room_id, session, act)


async def own_unnamed(
    context: Context, room_id: str, session: Session | None, messages: Iterable[Message]
) -> Unnamed:
    """Of the reactions to these messages the asker's own that the messages do not tell of, as they
    name the first of many alone. What everybody is sent cannot tell it: it is asked for by whoever
    it is about. Nothing is read where nothing has so many.
    """
    asked = [(message, each) for message in messages for each in _crowded(message)]
    if session is None or not asked:
        return frozenset()

    def query(connection: sa.Connection) -> Unnamed:
        person = door.readable(connection, room_id, session).person
        if person is None:
            return frozenset()
        return frozenset(
            (message.id, each.emoji)
            for message, each in asked
            if person.user_id not in each.user_ids
            and stored.has(connection, message, each.emoji, person.user_id)
        )

    return await context.database.read(query)


def _crowded(message: Message) -> Iterator[Reaction]:
    """Those of more people than are named."""
    if message.reactions is not None and len(message.reactions) > _CROWDED_MIN_CHARS:
        for each in _sums(message):
            if each.count > len(each.user_ids):
                yield each


def _tell(context: Context, changed: Changed) -> None:
    if changed.is_news:
        context.bus.publish(MessageChanged(changed.message))


def _changed(
    connection: sa.Connection, message: Message, reaction: str, user_id: str, *, on: bool
) -> Message | None:
    """The message as it is then; None where nothing changes."""
    emoji = one_emoji(reaction)
    if message.deleted_at is not None and on:
        raise NotFound("This message was deleted.")
    sums = (_put if on else _take_back)(connection, message, emoji, user_id)
    if sums is None:
        return None
    seq = stored_conversations.count_change(connection, message.conversation_id)
    text = msgspec.json.encode(sums).decode() if sums else None
    return stored.keep(connection, message, text, seq=seq)


def _put(
    connection: sa.Connection, message: Message, emoji: str, user_id: str
) -> list[Reaction] | None:
    """What the message's reactions come to then; None where nothing changes."""
    if not stored.add(connection, message, emoji, user_id):
        return None
    sums = _sums(message)
    known = next((each for each in sums if each.emoji == emoji), None)
    if known is None:
        if len(sums) >= REACTIONS_MAX:
            raise BadRequest(
                f"This message already has {REACTIONS_MAX} different reactions, which is the most. "
                "Add to one of those."
            )
        return [*sums, Reaction(emoji=emoji, count=1, user_ids=[user_id])]
    known.count += 1
    if len(known.user_ids) < REACTORS_NAMED:
        known.user_ids.append(user_id)
    return sums


def _take_back(
    connection: sa.Connection, message: Message, emoji: str, user_id: str
) -> list[Reaction] | None:
    """The same. Who is named no more makes room for who came next."""
    if not stored.remove(connection, message, emoji, user_id):
        return None
    sums = _sums(message)
    known = next(each for each in sums if each.emoji == emoji)
    known.count -= 1
    if user_id in known.user_ids:
        known.user_ids.remove(user_id)
        # Of an imported message there may be some of which nobody knows whose they were.
        if known.user_ids and known.count > len(known.user_ids):
            following = stored.after(connection, message, emoji, known.user_ids[-1])
            known.user_ids += [following] if following else []
    return [each for each in sums if each.count]


def _sums(message: Message) -> list[Reaction]:
    return [] if message.reactions is None else _SUMS.decode(message.reactions)
