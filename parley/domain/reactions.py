"""Reacting to what was said: with an emoji, on and off."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from parley.contract import REACTIONS_MAX, REACTORS_NAMED, Reaction
from parley.domain import access, changing, participants
from parley.domain.changing import Changed
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.emoji import one_emoji
from parley.errors import BadRequest, NotFound, NotJoined, ParleyError
from parley.records import Message, Participant, Session
from parley.storage import conversations as stored_conversations
from parley.storage import reactions as stored

_SUMS = msgspec.json.Decoder(list[Reaction])


class _Away(ParleyError):
    """Somebody reacts who had left."""


async def react(
    context: Context,
    room_id: str,
    session: Session | None,
    message_id: str,
    reaction: str,
    *,
    on: bool,
) -> Changed:
    """Add or take back one's own, which changes nothing where it is so already.

    For whoever may post; who had left is back by it, as by posting. Raises `BadRequest` for what
    is no emoji, or one too many; `NotFound`; `NotJoined`; `ConversationIsOver`; `ReadOnly`.
    """
    emoji = one_emoji(reaction)
    is_back = False

    def change(connection: sa.Connection, found: Found, message: Message) -> Message | None:
        person = found.person
        if person is None:
            raise NotJoined
        access.require_posting(found.conversation, person)
        if message.deleted_at is not None and on:
            raise NotFound("This message was deleted.")
        sums = _put if on else _take_back
        changed = sums(connection, message, emoji, person)
        if changed is None:
            return None
        if person.left_at is not None and not is_back:
            raise _Away
        seq = stored_conversations.count_change(connection, found.id)
        text = msgspec.json.encode(changed).decode() if changed else None
        return stored.keep(connection, message, text, seq=seq)

    try:
        return Changed(*await changing.change(context, room_id, session, message_id, change))
    except _Away:
        # Nothing of it is stored: whoever could react comes in first.
        await participants.join(context, room_id, participants.Joining(session, announced=True))
    is_back = True
    return Changed(*await changing.change(context, room_id, session, message_id, change))


def _put(
    connection: sa.Connection, message: Message, emoji: str, person: Participant
) -> list[Reaction] | None:
    """What the message's reactions come to then; None where nothing changes."""
    if not stored.add(connection, message, emoji, person.user_id):
        return None
    sums = _sums(message)
    known = next((each for each in sums if each.emoji == emoji), None)
    if known is None:
        if len(sums) >= REACTIONS_MAX:
            raise BadRequest(
                f"This message already has {REACTIONS_MAX} different reactions, which is the most. "
                "Add to one of those."
            )
        return [*sums, Reaction(emoji=emoji, count=1, user_ids=[person.user_id])]
    known.count += 1
    if len(known.user_ids) < REACTORS_NAMED:
        known.user_ids.append(person.user_id)
    return sums


def _take_back(
    connection: sa.Connection, message: Message, emoji: str, person: Participant
) -> list[Reaction] | None:
    """The same. Who is named no more makes room for who came next."""
    if not stored.remove(connection, message, emoji, person.user_id):
        return None
    sums = _sums(message)
    known = next(each for each in sums if each.emoji == emoji)
    known.count -= 1
    if person.user_id in known.user_ids:
        known.user_ids.remove(person.user_id)
        if known.count > len(known.user_ids):
            following = stored.after(connection, message, emoji, known.user_ids[-1])
            known.user_ids += [following] if following else []
    return [each for each in sums if each.count]


def _sums(message: Message) -> list[Reaction]:
    return [] if message.reactions is None else _SUMS.decode(message.reactions)
