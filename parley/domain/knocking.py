"""Knocking: asking to be let in, and the answers."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from parley.contract import KNOCK_LASTS_S, WAITING_MAX
from parley.domain import access, audit, door, naming, sessions, text
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import (
    BadRequest,
    ConversationNotFound,
    Locked,
    NotFound,
    RateLimited,
)
from parley.records import (
    AtTheDoor,
    Conversation,
    Knock,
    KnockAnswered,
    Knocked,
    Role,
    Session,
    Standing,
)
from parley.storage import grants, knocks

ID_BYTES = 9
KNOCK_LASTS = timedelta(seconds=KNOCK_LASTS_S)
AT_THE_DOOR_AGAIN_S = 60.0
ADMITTED: Literal["admitted"] = "admitted"
DECLINED: Literal["declined"] = "declined"
OPENED = "opened"
"""The door was opened to all. It gives no right: whoever comes later meets the door of then."""
CROWDED_OUT = "crowded_out"
"""Nobody answered it: it made room for somebody's from where fewer knocks come from."""
PURPOSE = "where a knock came from"


class Asked(Struct, frozen=True):
    """A knock, or that none is needed."""

    conversation: Conversation
    knock: Knock | None
    """None for who may come in already."""
    token: str | None
    """The secret of the session made by this; None where there was one."""
    session: Session | None = None
    crowded_out: Knock | None = None
    """Whose place it took."""


async def knock(
    context: Context,
    room_id: str,
    session: Session | None,
    username: str | None,
    address: str = "",
) -> Asked:
    """Ask to be let in, under a name. Asking again is asking once, under the newest name.

    `address` is that of `addresses.place_of`: of no one are so many that nobody else can knock.
    """
    name = text.claimed_name(username)
    if not name:
        raise BadRequest("Enter your name, so the owner knows who is knocking.")
    naming.require_seen(name)
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Asked, bool]:
        found = door.find(connection, room_id, session)
        conversation = found.conversation
        if found.standing is Standing.REMOVED:
            raise ConversationNotFound
        access.require_open(conversation)
        if access.may_come_in(conversation, found.standing):
            return Asked(conversation, None, None, session), False
        if conversation.is_locked:
            raise Locked
        if not conversation.is_knock:
            access.require_open_door(conversation)
        who, token = (session, None) if session else sessions.begin(connection, at=at)
        knocks.forget_old(connection, found.id, until=at - KNOCK_LASTS)
        before = knocks.of_session(connection, found.id, who.id)
        place, gone = context.tag(PURPOSE, f"{found.id} {address}"), None
        if before is None or before.answer is not None:
            gone = _make_room_at_the_door(connection, found.id, place, at=at)
        asks_again = (name, room_id, None)
        if before and (before.username, before.room_id, before.answer) == asks_again:
            return Asked(conversation, before, token, who), False
        asked = knocks.ask(
            connection,
            conversation_id=found.id,
            session_id=who.id,
            room_id=room_id,
            id=before.id if before is not None else secrets.token_urlsafe(ID_BYTES),
            username=name,
            place=place,
            at=at,
        )
        return Asked(conversation, asked, token, who, gone), True

    def tell(result: tuple[Asked, bool]) -> None:
        asked, is_news = result
        if asked.crowded_out is not None:
            context.bus.publish(KnockAnswered(asked.conversation.room_id, asked.crowded_out))
        if is_news and asked.knock is not None:
            context.bus.publish(Knocked(asked.conversation.room_id, asked.knock))

    asked, _ = await context.database.write(work, tell)
    return asked


async def own_knock(context: Context, room_id: str, session: Session | None) -> AtTheDoor:
    """How it stands with the knock of this session, if it knocked, and what the door asks for.

    Whether an owner is here is looked at where somebody waits for one.
    """
    at = context.clock()

    def query(connection: sa.Connection) -> tuple[int, AtTheDoor]:
        found = door.find(connection, room_id, session)
        if found.standing is Standing.REMOVED:
            raise ConversationNotFound
        own = None if session is None else knocks.of_session(connection, found.id, session.id)
        if own is not None and own.answer in (None, OPENED) and own.asked_at <= at - KNOCK_LASTS:
            own = None
        return found.id, AtTheDoor(
            access.may_come_in(found.conversation, found.standing),
            own,
            is_locked=found.conversation.is_locked,
            is_knock=found.conversation.is_knock,
            has_passphrase=found.conversation.passphrase_hash is not None,
        )

    conversation_id, stands = await context.database.read(query)
    if stands.knock is None or stands.knock.answer is not None:
        return stands
    return replace(stands, is_owner_here=await is_owner_here(context, conversation_id))


async def is_owner_here(context: Context, conversation_id: int) -> bool:
    """Whether an owner is there on a socket, and told who knocks."""
    if context.is_owner_here(conversation_id) or context.cluster is None:
        return context.is_owner_here(conversation_id)
    return await context.cluster.is_owner_online(context, conversation_id)


def waiting(connection: sa.Connection, conversation_id: int, *, at: datetime) -> tuple[Knock, ...]:
    """Who asks to be let in, the longest waiting first. Who asked a day ago is gone."""
    return knocks.waiting(connection, conversation_id, since=at - KNOCK_LASTS)


async def answer(
    context: Context, room_id: str, session: Session | None, knock_id: str, *, admit: bool
) -> Knock:
    """Let somebody in, or not; for owners. Raises `NotFound` where nobody waits under it."""
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[KnockAnswered, ...]:
        found = door.owned(connection, room_id, session)
        answered = _answered(connection, found, knock_id, admit=admit, at=at)
        if answered is None:
            raise NotFound("No one is waiting under this id any more.")
        return (answered,)

    [answered] = await _tell_answers(context, work)
    return answered.knock


async def answer_all(
    context: Context, room_id: str, session: Session | None, *, admit: bool
) -> None:
    """The same for everybody who waits."""
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[KnockAnswered, ...]:
        found = door.owned(connection, room_id, session)
        answers = [
            _answered(connection, found, knock.id, admit=admit, at=at)
            for knock in waiting(connection, found.id, at=at)
        ]
        return tuple(each for each in answers if each is not None)

    await _tell_answers(context, work)


async def _tell_answers(
    context: Context, work: Callable[[sa.Connection], tuple[KnockAnswered, ...]]
) -> tuple[KnockAnswered, ...]:
    def tell(answers: tuple[KnockAnswered, ...]) -> None:
        for each in answers:
            context.bus.publish(each)

    return await context.database.write(work, tell)


def _answered(
    connection: sa.Connection, found: Found, knock_id: str, *, admit: bool, at: datetime
) -> KnockAnswered | None:
    act = ADMITTED if admit else DECLINED
    knock = knocks.answer(connection, found.id, knock_id, answer=act)
    if knock is None:
        return None
    if admit:
        grants.give(connection, found.id, knock.session_id, Role.MEMBER, at=at)
    audit.note(connection, found, act, at=at, about=knock.username)
    return KnockAnswered(found.conversation.room_id, knock)


def _make_room_at_the_door(
    connection: sa.Connection, conversation_id: int, place: str, *, at: datetime
) -> Knock | None:
    """Where the door is full, the newest knock from where most come from gives way to one from
    where clearly fewer do; that knock, if so. Those who waited longer stay, and what is even
    stays as it is, or two places would put each other out for ever.
    """
    here = waiting(connection, conversation_id, at=at)
    if len(here) < WAITING_MAX:
        return None
    by_place = Counter(each.place for each in here)
    fullest, most = by_place.most_common(1)[0]
    if most - by_place[place] < 2:
        raise RateLimited(
            "Too many people are waiting. Try again in a minute.",
            retry_after=AT_THE_DOOR_AGAIN_S,
        )
    newest = next(each for each in reversed(here) if each.place == fullest)
    return knocks.answer(connection, conversation_id, newest.id, answer=CROWDED_OUT)


def let_all_in(
    connection: sa.Connection, conversation: Conversation, *, at: datetime
) -> tuple[KnockAnswered, ...]:
    """The door is open to all, so nobody waits any more. For use inside the transaction."""
    return tuple(
        KnockAnswered(conversation.room_id, replace(knock, answer=ADMITTED))
        for knock in knocks.answer_waiting(connection, conversation.id, answer=OPENED, until=at)
    )


def over(
    connection: sa.Connection, conversation: Conversation, who: Session
) -> KnockAnswered | None:
    """Whoever came in by other means waits no more, and nobody is asked about them."""
    knock = knocks.answer_session(connection, conversation.id, who.id, answer=ADMITTED)
    if knock is None:
        return None
    return KnockAnswered(conversation.room_id, replace(knock, answer=ADMITTED))
