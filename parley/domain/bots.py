"""Bots: programs that an owner lets in, each with a token of its own, and what they may."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import BOTS_MAX, COMMAND_DESCRIPTION_MAX_CHARS, COMMAND_HINT_MAX_CHARS
from parley.domain import (
    access,
    audit,
    conversations,
    door,
    names,
    naming,
    sessions,
    text,
)
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import BadRequest, NotFound
from parley.records import (
    Bot,
    Command,
    May,
    Participant,
    ParticipantArrived,
    ParticipantRemoved,
    Role,
    Session,
    SessionRenewed,
)
from parley.storage import bots as stored
from parley.storage import conversations as stored_conversations
from parley.storage import participants as stored_participants
from parley.storage import sessions as stored_sessions

USUAL = May.READ | May.WRITE | May.REACT
"""What a bot may where nobody says."""
NO_SUCH_BOT = "There's no such bot here."


class Made(Struct, frozen=True):
    """A bot, and the token that is told once."""

    bot: Bot
    token: str


class _Came(Struct, frozen=True):
    made: Made
    person: Participant
    count: int
    marked: tuple[Participant, ...]


class _Went(Struct, frozen=True):
    room_id: str
    person: Participant
    count: int


async def listed(context: Context, room_id: str, session: Session | None) -> tuple[Bot, ...]:
    """The oldest first, for an owner."""

    def query(connection: sa.Connection) -> tuple[Bot, ...]:
        found = door.owned(connection, room_id, session)
        return stored.of(connection, found.id)

    return await context.database.read(query)


async def offering(context: Context, room_id: str, session: Session | None) -> tuple[Bot, ...]:
    """Those that can be asked for something, for whoever may read."""

    def query(connection: sa.Connection) -> tuple[Bot, ...]:
        found = door.readable(connection, room_id, session)
        return tuple(each for each in stored.of(connection, found.id) if May.READ in each.may)

    return await context.database.read(query)


async def make(
    context: Context, room_id: str, session: Session | None, name: str, may: May = USUAL
) -> Made:
    """A participant with a session of its own, for an owner.

    Raises `Encrypted`: the server could tell a bot nothing there that it can read. `NameTaken` or
    `BadRequest` for a name it can't have, and where there are too many.
    """
    clean_name, at = text.claimed_name(name), context.clock()
    _require_some(may)

    def work(connection: sa.Connection) -> _Came:
        found = door.owned(connection, room_id, session)
        access.require_open(found.conversation)
        access.require_legible(found.conversation)
        if len(stored.of(connection, found.id)) >= BOTS_MAX:
            raise BadRequest(f"A conversation has at most {BOTS_MAX} bots. Revoke one first.")
        claim = naming.claim(connection, found.id, clean_name, before=None, is_owner=False, at=at)
        own, token = sessions.begin(connection, at=at, in_use=True, may=may)
        person = stored_participants.insert(
            connection,
            conversation_id=found.id,
            user_id=conversations.new_user_id(),
            username=clean_name,
            session_id=own.id,
            role=Role.BOT,
            at=at,
            visits=0,
            name_key=claim.key,
            named_at=claim.since,
            unproven_from=None,
        )
        stored.insert(connection, found.id, person.user_id, at=at)
        marked = [] if claim.is_alone else naming.mark(connection, found.id, claim.key)
        person = next((each for each in marked if each.user_id == person.user_id), person)
        count = stored_conversations.change_participant_count(connection, found.id, 1)
        audit.note(connection, found, "made_bot", at=at, about=person.username)
        made = Made(_bot(connection, found.id, person.user_id), token)
        others = tuple(each for each in marked if each.user_id != person.user_id)
        return _Came(made, person, count, others)

    def tell(came: _Came) -> None:
        context.bus.publish(ParticipantArrived(came.person, came.count))
        naming.tell(context, came.marked, came.count)

    return (await context.database.write(work, tell)).made


async def change(
    context: Context, room_id: str, session: Session | None, user_id: str, may: May
) -> Bot:
    """What it may from now on, for an owner. Its sockets have to come back, to know it too."""
    at = context.clock()
    _require_some(may)

    def work(connection: sa.Connection) -> tuple[Bot, bool]:
        found = door.owned(connection, room_id, session)
        bot = _bot(connection, found.id, user_id)
        if bot.may == may:
            return bot, False
        stored_sessions.allow(connection, bot.session_id, may)
        audit.note(connection, found, "changed_bot", at=at, about=bot.username)
        return _bot(connection, found.id, user_id), True

    def tell(result: tuple[Bot, bool]) -> None:
        if result[1]:
            context.bus.publish(SessionRenewed(result[0].session_id, None))

    return (await context.database.write(work, tell))[0]


async def renew(context: Context, room_id: str, session: Session | None, user_id: str) -> Made:
    """Another token, for an owner. Whoever has the one before is nobody by it any more."""
    at = context.clock()

    def work(connection: sa.Connection) -> Made:
        found = door.owned(connection, room_id, session)
        access.require_open(found.conversation)
        bot = _bot(connection, found.id, user_id)
        token = _renew_token(connection, bot, at=at)
        audit.note(connection, found, "renewed_bot", at=at, about=bot.username)
        return Made(bot, token)

    def tell(made: Made) -> None:
        context.bus.publish(SessionRenewed(made.bot.session_id, None))

    return await context.database.write(work, tell)


async def revoke(context: Context, room_id: str, session: Session | None, user_id: str) -> None:
    """It is out at once, for an owner. What it said stays, and its name is free again."""
    at = context.clock()

    def work(connection: sa.Connection) -> _Went:
        found = door.owned(connection, room_id, session)
        bot = _bot(connection, found.id, user_id)
        _renew_token(connection, bot, at=at)  # to one that nobody has
        return _take_out(connection, found, bot, at=at)

    def tell(went: _Went) -> None:
        context.presence.forget(went.person)
        context.bus.publish(ParticipantRemoved(went.room_id, went.person, went.count))

    await context.database.write(work, tell)


async def declare(
    context: Context, room_id: str, session: Session | None, commands: Sequence[Command]
) -> Bot:
    """What people can ask of the bot that calls, in place of all it declared before.

    Raises `Encrypted`: what people ask would be in the clear. `BadRequest` for two of one name.
    """
    clean = tuple(_clean(each) for each in commands)
    if len({each.name for each in clean}) < len(clean):
        raise BadRequest("commands: each needs a name of its own.")

    def work(connection: sa.Connection) -> Bot:
        found = door.readable(connection, room_id, session)
        person = access.require_being_bot(found.person)
        access.require_legible(found.conversation)
        stored.declare(connection, found.id, person.user_id, clean)
        return _bot(connection, found.id, person.user_id)

    return await context.database.write(work, conversation=room_id)


def _clean(command: Command) -> Command:
    return Command(
        command.name,
        text.short(command.description, "description", COMMAND_DESCRIPTION_MAX_CHARS),
        text.short(command.hint, "hint", COMMAND_HINT_MAX_CHARS, may_be_empty=True),
    )


def _require_some(may: May) -> None:
    if not may:
        raise BadRequest("may: allow the bot something.")


def _bot(connection: sa.Connection, conversation_id: int, user_id: str) -> Bot:
    found = stored.find(connection, conversation_id, user_id)
    if found is None:
        raise NotFound(NO_SUCH_BOT)
    return found


def _renew_token(connection: sa.Connection, bot: Bot, *, at: datetime) -> str:
    token, token_hash = sessions.new_token()
    stored_sessions.renew(connection, bot.session_id, token_hash=token_hash, at=at)
    return token


def _take_out(connection: sa.Connection, found: Found, bot: Bot, *, at: datetime) -> _Went:
    person = stored_participants.by_user(connection, found.id, bot.user_id)
    if person is None:
        raise NotFound(NO_SUCH_BOT)
    # Marked as if it were another's, its name is not kept for it: a new one may have it.
    gone = stored_participants.change(
        connection, person, removed_at=at, left_at=person.left_at or at, is_alike=True
    )
    stored.erase(connection, found.id, bot.user_id)
    count = found.conversation.participant_count
    if person.left_at is None:
        count = stored_conversations.change_participant_count(connection, found.id, -1)
    naming.mark(connection, found.id, names.skeleton(person.username))
    audit.note(connection, found, "revoked_bot", at=at, about=person.username)
    return _Went(found.conversation.room_id, gone, count)
