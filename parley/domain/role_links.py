"""Links that give a role: made, counted, used and revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import OWNER_LINK_VALID_S
from parley.domain import access, admins, audit, door, entering, founding, knocking, text
from parley.domain.admins import By
from parley.domain.context import Context, now
from parley.domain.door import Found
from parley.errors import (
    NotFound,
)
from parley.records import (
    Conversation,
    Event,
    GrantsTakenBack,
    KnockAnswered,
    Link,
    Role,
    RoleChanged,
    Session,
    Standing,
)
from parley.storage import conversations as stored_conversations
from parley.storage import grants, links
from parley.storage import participants as stored_participants

CODE_BYTES = 24
HOSTS_LABEL = "for an owner who lost access"
FOUNDERS_LABEL = "for a new founder"


class MadeLink(Struct, frozen=True):
    link: Link
    code: str
    """What stands in the link: told once, kept as a hash."""


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
        # It would let in somebody who hasn't shown that they have the key.
        access.require_legible(found.conversation)
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


def make_link_of_host(
    connection: sa.Connection, room_id: str, *, by: By, is_founding: bool = False
) -> MadeLink:
    """A link that makes an owner, or the founder, for whoever runs the server: nobody is left who
    could make one.

    As any that makes an owner it is valid once, for ten minutes; owners see in their log that it
    was made. For use inside a transaction. Raises `ConversationNotFound`, `OldLink`, and as
    `admins.allow`.
    """
    code, at = secrets.token_urlsafe(CODE_BYTES), now()
    deed = admins.allow(connection, by, "made_owner_link", at=at)
    found = door.find(connection, room_id, None)
    link = links.insert(
        connection,
        conversation_id=found.id,
        code_hash=_hash(code),
        role=Role.OWNER.value,
        label=FOUNDERS_LABEL if is_founding else HOSTS_LABEL,
        at=at,
        expires_at=at + timedelta(seconds=OWNER_LINK_VALID_S),
        uses_max=1,
        made_by=None,
        is_founding=is_founding,
    )
    audit.note_of_host(connection, found, "made_link", at=at, about=_of_link(link))
    deed.note(connection, found.conversation.room_id)
    return MadeLink(link, code)


async def revoke_link(
    context: Context, room_id: str, session: Session | None, link_id: int
) -> Link:
    """Nobody comes in by it any more, who only reads by it reads no more, and who owns by it
    owns no more, nor makes anybody an owner by a link they made. Whoever talks already stays:
    they can be removed. Raises `NotFound`, and `Forbidden` where it made another owner: those
    go by a founder's word.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Link, list[Event]]:
        found = door.owned(connection, room_id, session)
        link = links.revoke(connection, found.id, link_id, at=at)
        if link is None:
            raise NotFound("No such link, or it has already been revoked.")
        # Whoever became a founder since owns it by that.
        founder = found.conversation.owner_session_id
        without = [id for id in grants.take_back_of_link(connection, link.id) if id != founder]
        if link.role is Role.OWNER:
            access.require_unmaking(without, session, is_founder=found.is_founder)
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


async def behind(
    context: Context, code: str, session: Session | None = None
) -> tuple[Conversation, Link]:
    """What a link leads to, without using it. Raises `NotFound` for any that is not valid, and for
    who was removed.
    """

    def query(connection: sa.Connection) -> tuple[Conversation, Link]:
        conversation, link = _valid(connection, code, context)
        if door.find(connection, conversation.room_id, session).standing is Standing.REMOVED:
            raise NotFound(_NO_LINK)
        return conversation, link

    return await context.database.read(query)


async def use_link(context: Context, session: Session | None, code: str) -> entering.Entered:
    """Take the role that a link gives. Raises `NotFound` for one that is not valid.

    The role is never less than the session had, and using it again counts once.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[entering.Entered, KnockAnswered | None]:
        conversation, link = _valid(connection, code, context)
        found = door.find(connection, conversation.room_id, session)
        if found.standing is Standing.REMOVED:
            raise NotFound(_NO_LINK)
        now = Standing(link.role.value)
        is_enough = _RANK[found.standing] >= _RANK[now]
        if link.is_founding:
            is_enough = found.is_founder
        if session is not None and is_enough:
            return entering.Entered(conversation, found.standing, session, None), None
        who, token, proven = entering.renewed(connection, session, context)
        grants.give(connection, conversation.id, who.id, link.role, at=at, link_id=link.id)
        if link.is_founding:
            founding.make_only_founder(connection, conversation, who.id, at=at)
        links.use(connection, link.id, at=at)
        if link.role is Role.OWNER:
            audit.note(connection, found, "used_owner_link", at=at)
        # Who only reads may still ask to talk.
        is_in = link.role is not Role.READER
        knock = knocking.over(connection, conversation, who) if is_in else None
        return entering.Entered(conversation, now, who, token, proven), knock

    return await entering.entered(context, session, work)


_NO_LINK = "This link is no longer valid. It may have been used, revoked or expired."
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


def _of_link(link: Link) -> str:
    return f"{link.role.value}: {link.label}" if link.label else link.role.value


def _hash(code: str) -> bytes:
    # A fast hash is enough: the code is 192 random bits, there is nothing to guess.
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
