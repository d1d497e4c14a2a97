"""Giving people rights in a conversation by who they are there, and taking them back.

A right is the session's, so whoever has an account has it on all their devices.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import ActName, RightName
from parley.domain import access, audit, door, founding, role_links
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import Forbidden, NotFound
from parley.records import (
    Conversation,
    Event,
    GrantsTakenBack,
    Participant,
    Role,
    RoleChanged,
    Session,
    Standing,
)
from parley.storage import grants
from parley.storage import participants as stored

_RANK: dict[RightName, int] = {"member": 0, "owner": 1, "founder": 2}
_ACTS: dict[RightName, ActName] = {
    "member": "made_member",
    "owner": "made_owner",
    "founder": "made_founder",
}


class _Given(Struct, frozen=True):
    person: Participant
    events: tuple[Event, ...] = ()


async def give(
    context: Context, room_id: str, session: Session | None, user_id: str, right: RightName
) -> Participant:
    """Make somebody a founder, an owner or a member, at once. Founders make founders, owners make
    owners; founders make other owners members; what is one's own anybody can give up. Nobody takes
    it from a founder but themselves.

    Raises `Forbidden`; `NotFound`; `BadRequest` for the only founder who would step down, and, for
    a right more, for somebody who was removed, whom nobody speaks for, or who never used their
    token. What is so already changes nothing.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> _Given:
        found = door.owned(connection, room_id, session)
        person = stored.by_user(connection, found.id, user_id)
        if person is None or session is None:
            raise NotFound("No one in this conversation has this user_id.")
        has = of(connection, found.conversation, person)
        if has == right:
            return _Given(person)
        if _RANK[right] > _RANK[has]:
            _require_giving(found, right)
            founding.require_somebody(connection, person)
            given = _raise(connection, found, person, right, at=at)
        else:
            _require_taking(found, session, person, has)
            given = _lower(connection, found, person, right, has, at=at)
        is_own = person.session_id == session.id
        act: ActName = "stepped_down" if is_own else _ACTS[right]
        audit.note(connection, found, act, at=at, about="" if is_own else person.username)
        return given

    def tell(given: _Given) -> None:
        for event in given.events:
            context.bus.publish(event)

    return (await context.database.write(work, tell)).person


def of(connection: sa.Connection, conversation: Conversation, person: Participant) -> RightName:
    """What somebody is to a conversation."""
    held = grants.held(connection, conversation.id, person.session_id)
    if person.session_id == conversation.owner_session_id or (held and held.is_founder):
        return "founder"
    return "owner" if Role.OWNER in (person.role, held and held.role) else "member"


async def owns(context: Context, room_id: str, session: Session | None) -> bool:
    """Whether whoever asks is an owner still."""
    found = await context.database.read(door.find, room_id, session)
    return found.standing is Standing.OWNER


async def whose(
    context: Context, room_id: str, session: Session | None, user_id: str
) -> tuple[Conversation, Participant | None, RightName]:
    """The conversation, somebody in it and what they are there, for an owner; None for nobody."""

    def query(connection: sa.Connection) -> tuple[Conversation, Participant | None, RightName]:
        conversation = door.owned(connection, room_id, session).conversation
        person = stored.by_user(connection, conversation.id, user_id)
        right = "member" if person is None else of(connection, conversation, person)
        return conversation, person, right

    return await context.database.read(query)


def _require_giving(found: Found, right: RightName) -> None:
    if right == "founder" and not found.is_founder:
        raise Forbidden("Only a founder can make someone a founder.")


def _require_taking(found: Found, session: Session, person: Participant, has: RightName) -> None:
    if has == "founder" and person.session_id != session.id:
        raise Forbidden("Founders can only step down themselves.")
    access.require_unmaking([person.session_id], session, is_founder=found.is_founder)


def _raise(
    connection: sa.Connection, found: Found, person: Participant, right: RightName, *, at: datetime
) -> _Given:
    is_founder = right == "founder"
    grants.give(connection, found.id, person.session_id, Role.OWNER, at=at, is_founder=is_founder)
    if person.role is Role.OWNER:
        return _Given(person)
    owner = stored.change(connection, person, role=Role.OWNER.value)
    return _Given(owner, (RoleChanged(found.conversation.room_id, owner),))


def _lower(
    connection: sa.Connection,
    found: Found,
    person: Participant,
    right: RightName,
    has: RightName,
    *,
    at: datetime,
) -> _Given:
    if has == "founder":
        founding.step_down(connection, found, person.session_id, at=at)
    if right == "owner":
        return _Given(person)
    grants.take_back(connection, found.id, person.session_id)
    role_links.revoke_owner_links(connection, found, [person.session_id], at=at)
    member = stored.change(connection, person, role=Role.MEMBER.value)
    return _Given(
        member,
        (
            GrantsTakenBack(found.id, (person.session_id,)),
            RoleChanged(found.conversation.room_id, member),
        ),
    )
