"""Coming in where the door is not open: by passphrase, by knocking, by a link that gives a role."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from parley.contract import KNOCK_LASTS_S, OWNER_LINK_VALID_S, WAITING_MAX
from parley.domain import access, audit, door, naming, sessions, text
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import (
    BadRequest,
    ConversationNotFound,
    Locked,
    NotFound,
    PassphraseWrong,
    RateLimited,
)
from parley.records import (
    AtTheDoor,
    Conversation,
    Event,
    GrantsTakenBack,
    Knock,
    KnockAnswered,
    Knocked,
    Link,
    Role,
    RoleChanged,
    Session,
    SessionRenewed,
    Standing,
)
from parley.storage import conversations as stored_conversations
from parley.storage import grants, knocks, links
from parley.storage import participants as stored_participants

CODE_BYTES = 24
ID_BYTES = 9
KNOCK_LASTS = timedelta(seconds=KNOCK_LASTS_S)
AT_THE_DOOR_AGAIN_S = 60.0
ADMITTED: Literal["admitted"] = "admitted"
DECLINED: Literal["declined"] = "declined"


class Entered(Struct, frozen=True):
    """Somebody who may come in now, as `standing`."""

    conversation: Conversation
    standing: Standing
    session: Session
    token: str | None
    """What proves the session from now on; None where that is what did before."""


class Asked(Struct, frozen=True):
    """A knock, or that none is needed."""

    conversation: Conversation
    knock: Knock | None
    """None for who may come in already."""
    token: str | None
    """The secret of the session made by this; None where there was one."""
    session: Session | None = None


class MadeLink(Struct, frozen=True):
    link: Link
    code: str
    """What stands in the link: told once, kept as a hash."""


# --- passphrase ---


async def enter(
    context: Context,
    room_id: str,
    session: Session | None,
    passphrase: str,
    *,
    socket: str | None = None,
) -> Entered:
    """Come in by the passphrase. Raises `PassphraseWrong`, and what else keeps them out.

    Every other socket that speaks for the session than `socket` has to come back with the
    token there is then.
    """
    found = await context.database.read(door.find, room_id, session)
    if found.standing is Standing.REMOVED:
        raise ConversationNotFound
    expected = found.conversation.passphrase_hash
    if found.conversation.is_locked and found.standing is Standing.STRANGER:
        raise Locked
    if expected is None:
        raise BadRequest("This conversation has no passphrase.")
    if not await context.passphrases.is_right(passphrase, expected):
        raise PassphraseWrong
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Entered, KnockAnswered | None]:
        again = door.find(connection, room_id, session)
        conversation = again.conversation
        if conversation.passphrase_hash != expected:
            raise PassphraseWrong  # changed meanwhile
        if again.standing in (Standing.STRANGER, Standing.READER):
            if conversation.is_locked:
                raise Locked
            who, token = _renewed(connection, session, context)
            grants.give(connection, conversation.id, who.id, Role.MEMBER, at=at)
            knock = _knocks_no_more(connection, conversation, who)
            return Entered(conversation, Standing.MEMBER, who, token), knock
        if again.standing is Standing.REMOVED or session is None:
            raise ConversationNotFound
        return Entered(conversation, again.standing, session, None), None

    return await _entered(context, session, work, socket)


# --- knocking ---


async def knock(
    context: Context, room_id: str, session: Session | None, username: str | None
) -> Asked:
    """Ask to be let in, under a name. Asking again is asking once, under the newest name."""
    name = text.claimed_name(username)
    if not name:
        raise BadRequest("Give a name, so that the owner knows who knocks.")
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
        knocks.forget_waiting(connection, found.id, until=at - KNOCK_LASTS)
        before = knocks.of_session(connection, found.id, who.id)
        if before is None or before.answer is not None:
            _require_room_at_the_door(connection, found.id, at=at)
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
            at=at,
        )
        return Asked(conversation, asked, token, who), True

    def tell(result: tuple[Asked, bool]) -> None:
        asked, is_news = result
        if is_news and asked.knock is not None:
            context.bus.publish(Knocked(asked.conversation.room_id, asked.knock))

    asked, _ = await context.database.write(work, tell)
    return asked


async def own_knock(context: Context, room_id: str, session: Session | None) -> AtTheDoor:
    """How it stands with the knock of this session, if it knocked, and whether it has to."""
    at = context.clock()

    def query(connection: sa.Connection) -> AtTheDoor:
        found = door.find(connection, room_id, session)
        if found.standing is Standing.REMOVED:
            raise ConversationNotFound
        may_come_in = access.may_come_in(found.conversation, found.standing)
        if session is None:
            return AtTheDoor(may_come_in, None)
        own = knocks.of_session(connection, found.id, session.id)
        if own is not None and own.answer is None and own.asked_at <= at - KNOCK_LASTS:
            own = None
        return AtTheDoor(may_come_in, own, is_locked=found.conversation.is_locked)

    return await context.database.read(query)


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
            raise NotFound("Nobody waits under this id any more.")
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


def _require_room_at_the_door(
    connection: sa.Connection, conversation_id: int, *, at: datetime
) -> None:
    if len(waiting(connection, conversation_id, at=at)) >= WAITING_MAX:
        raise RateLimited(
            "So many wait at the door that nobody else can just now. Try again in a minute.",
            retry_after=AT_THE_DOOR_AGAIN_S,
        )


def let_all_in(
    connection: sa.Connection, conversation: Conversation, *, at: datetime
) -> tuple[KnockAnswered, ...]:
    """The door is open to all, so nobody waits any more. For use inside the transaction."""
    return tuple(
        KnockAnswered(conversation.room_id, replace(knock, answer=ADMITTED))
        for knock in knocks.forget_waiting(connection, conversation.id, until=at)
    )


# --- links that give a role ---


async def make_link(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    role: Role,
    label: str | None = None,
    expires_in_s: int | None = None,
    uses_max: int | None = None,
) -> MadeLink:
    """A link that gives `role`, for owners. One that makes owners is valid once, for ten
    minutes: it carries the owner's rights to another device.
    """
    clean_label = text.label(label)
    if role is Role.OWNER:
        expires_in_s, uses_max = OWNER_LINK_VALID_S, 1
    code, at = secrets.token_urlsafe(CODE_BYTES), context.clock()
    expires_at = None if expires_in_s is None else at + timedelta(seconds=expires_in_s)

    def work(connection: sa.Connection) -> Link:
        found = door.owned(connection, room_id, session)
        link = links.insert(
            connection,
            conversation_id=found.id,
            code_hash=_hash(code),
            role=role.value,
            label=clean_label,
            at=at,
            expires_at=expires_at,
            uses_max=uses_max,
            made_by=None if session is None else session.id,
        )
        audit.note(connection, found, "made_link", at=at, about=_of_link(link))
        return link

    return MadeLink(await context.database.write(work), code)


async def revoke_link(
    context: Context, room_id: str, session: Session | None, link_id: int
) -> Link:
    """Nobody comes in by it any more, who only reads by it reads no more, and who owns by it
    owns no more, nor makes anybody an owner by a link they made. Whoever talks already stays:
    they can be removed. Raises `NotFound`, and `Forbidden` where it made another owner: those
    go by the founder's word.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Link, list[Event]]:
        found = door.owned(connection, room_id, session)
        link = links.revoke(connection, found.id, link_id, at=at)
        if link is None:
            raise NotFound("There is no such link, or it was revoked before.")
        without = grants.take_back_of_link(connection, link.id)
        if link.role is Role.OWNER:
            access.require_unmaking(found.conversation, session, without)
            revoke_owner_links(connection, found, without, at=at)
        events: list[Event] = [GrantsTakenBack(found.id, tuple(without))]
        for session_id in without:
            person = stored_participants.by_session(connection, found.id, session_id)
            if person is not None and person.role is Role.OWNER:
                member = stored_participants.change(connection, person, role=Role.MEMBER.value)
                events.append(RoleChanged(found.conversation.room_id, member))
        audit.note(connection, found, "revoked_link", at=at, about=_of_link(link))
        return link, events

    def tell(result: tuple[Link, list[Event]]) -> None:
        for event in result[1]:
            context.bus.publish(event)

    return (await context.database.write(work, tell))[0]


def revoke_owner_links(
    connection: sa.Connection, found: Found, made_by: Collection[int], *, at: datetime
) -> None:
    """Those that nobody used yet: who owns no more would come back by them, or send another.

    For use inside the transaction that takes the rights of these sessions.
    """
    for link in links.revoke_unused(connection, found.id, Role.OWNER.value, made_by, at=at):
        audit.note(connection, found, "revoked_link", at=at, about=_of_link(link))


async def behind(context: Context, code: str) -> tuple[Conversation, Link]:
    """What a link leads to, without using it. Raises `NotFound` for any that is not valid."""

    def query(connection: sa.Connection) -> tuple[Conversation, Link]:
        return _valid(connection, code, context)

    return await context.database.read(query)


async def use_link(context: Context, session: Session | None, code: str) -> Entered:
    """Take the role that a link gives. Raises `NotFound` for one that is not valid.

    The role is never less than the session had, and using it again counts once.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Entered, KnockAnswered | None]:
        conversation, link = _valid(connection, code, context)
        found = door.find(connection, conversation.room_id, session)
        if found.standing is Standing.REMOVED:
            raise NotFound(_NO_LINK)
        now = Standing(link.role.value)
        if session is not None and _RANK[found.standing] >= _RANK[now]:
            return Entered(conversation, found.standing, session, None), None
        who, token = _renewed(connection, session, context)
        grants.give(connection, conversation.id, who.id, link.role, at=at, link_id=link.id)
        links.use(connection, link.id, at=at)
        if link.role is Role.OWNER:
            audit.note(connection, found, "used_owner_link", at=at)
        # Who only reads may still ask to talk.
        is_in = link.role is not Role.READER
        knock = _knocks_no_more(connection, conversation, who) if is_in else None
        return Entered(conversation, now, who, token), knock

    return await _entered(context, session, work)


_NO_LINK = "This link leads nowhere: it may have been used, revoked, or be too old."
_RANK = {
    Standing.REMOVED: 0,
    Standing.STRANGER: 1,
    Standing.READER: 2,
    Standing.MEMBER: 3,
    Standing.OWNER: 4,
}


def _valid(connection: sa.Connection, code: str, context: Context) -> tuple[Conversation, Link]:
    link = links.by_code(connection, _hash(code))
    if (
        link is None
        or link.revoked_at is not None
        or (link.expires_at is not None and link.expires_at <= context.clock())
        or (link.uses_max is not None and link.uses >= link.uses_max)
    ):
        raise NotFound(_NO_LINK)
    conversation = stored_conversations.by_id(connection, link.conversation_id)
    if conversation is None:
        raise NotFound(_NO_LINK)
    return conversation, link


async def _entered(
    context: Context,
    before: Session | None,
    work: Callable[[sa.Connection], tuple[Entered, KnockAnswered | None]],
    socket: str | None = None,
) -> Entered:
    def tell(result: tuple[Entered, KnockAnswered | None]) -> None:
        entered, knock = result
        if knock is not None:
            context.bus.publish(knock)
        if before is not None and entered.token is not None:
            context.bus.publish(SessionRenewed(before.id, socket))

    return (await context.database.write(work, tell))[0]


def _knocks_no_more(
    connection: sa.Connection, conversation: Conversation, who: Session
) -> KnockAnswered | None:
    """Whoever came in by other means waits no more, and nobody is asked about them."""
    knock = knocks.forget(connection, conversation.id, who.id)
    if knock is None:
        return None
    return KnockAnswered(conversation.room_id, replace(knock, answer=ADMITTED))


def _renewed(
    connection: sa.Connection, session: Session | None, context: Context
) -> tuple[Session, str | None]:
    """The session, with a token that nobody knew before."""
    at = context.clock()
    if session is None:
        return sessions.begin(connection, at=at, in_use=True)
    return session, sessions.renew(connection, session, at=at)


def _of_link(link: Link) -> str:
    return f"{link.role.value}: {link.label}" if link.label else link.role.value


def _hash(code: str) -> bytes:
    # A fast hash is enough: the code is 192 random bits, there is nothing to guess.
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
