"""Putting people out, and letting them back."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import access, audit, door, names, naming, role_links
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import BadRequest, Forbidden, NotFound
from parley.records import Participant, ParticipantRemoved, Role, Session
from parley.storage import conversations as stored_conversations
from parley.storage import grants, looks
from parley.storage import participants as stored


class Removal(Struct, frozen=True):
    """Somebody who is out, or was before."""

    room_id: str
    person: Participant
    count: int
    """Of those who are in it still."""
    is_news: bool = True
    marked: tuple[Participant, ...] = ()
    """The others whose mark is another by this."""


async def remove(
    context: Context, room_id: str, session: Session | None, user_id: str
) -> Participant:
    """Put somebody out: their sockets go, their token opens this conversation no more, and
    their user_id and name stay theirs. For owners, and bots that may moderate; another owner goes
    by a founder's word, and a founder by nobody's.

    Raises `NotFound` for who never joined. Removing them twice changes nothing.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> Removal:
        found = door.moderated(connection, room_id, session)
        return take_out(connection, found, session, user_id, at=at)

    removed = await context.database.write(work, lambda removal: tell(context, removal))
    return removed.person


def take_out(
    connection: sa.Connection, found: Found, session: Session | None, user_id: str, *, at: datetime
) -> Removal:
    """The same, for an owner, inside a transaction; `tell` tells of it then."""
    conversation = found.conversation
    person = _person(connection, conversation.id, user_id)
    access.require_moderatable(person, session)
    if person.role is Role.BOT:
        raise BadRequest("This is a bot. Revoke it instead.")
    held = grants.held(connection, conversation.id, person.session_id)
    if person.session_id == conversation.owner_session_id or (held and held.is_founder):
        raise Forbidden("A founder can't be removed. They can step down.")
    if Role.OWNER in (person.role, held and held.role):
        access.require_unmaking([person.session_id], session, is_founder=found.is_founder)
    count = conversation.participant_count
    if person.removed_at is not None:
        return Removal(conversation.room_id, person, count, is_news=False)
    if person.left_at is None:
        count = stored_conversations.change_participant_count(connection, conversation.id, -1)
    grants.take_back(connection, conversation.id, person.session_id)
    role_links.revoke_owner_links(connection, found, [person.session_id], at=at)
    key = names.skeleton(person.username)
    gone = stored.change(
        connection,
        person,
        removed_at=at,
        left_at=person.left_at or at,
        role=Role.MEMBER.value,
        name_key=key,  # their name is kept by it, while keys are being made too
    )
    looks.erase(connection, conversation.id, user_id)
    marked = naming.mark(connection, conversation.id, key)
    audit.note(connection, found, "removed", at=at, about=person.username)
    return Removal(conversation.room_id, gone, count, marked=tuple(marked))


def tell(context: Context, removal: Removal) -> None:
    """Show them out, and tell the others."""
    if removal.is_news:
        context.presence.forget(removal.person)
        context.bus.publish(ParticipantRemoved(removal.room_id, removal.person, removal.count))
        naming.tell(context, removal.marked, removal.count)


async def let_back(
    context: Context, room_id: str, session: Session | None, user_id: str
) -> Participant:
    """They may join again, as who they were. Raises `NotFound`, `BadRequest`."""
    at = context.clock()

    def work(connection: sa.Connection) -> Participant:
        found = door.moderated(connection, room_id, session)
        person = _person(connection, found.id, user_id)
        if person.role is Role.BOT:
            raise BadRequest("This bot was revoked. Make a new one instead.")
        if person.removed_at is None:
            raise BadRequest("They haven't been removed.")
        back = stored.change(connection, person, removed_at=None)
        audit.note(connection, found, "let_back", at=at, about=person.username)
        return back

    return await context.database.write(work)


def _person(connection: sa.Connection, conversation_id: int, user_id: str) -> Participant:
    person = stored.by_user(connection, conversation_id, user_id)
    if person is None:
        raise NotFound("No one in this conversation has this user_id.")
    return person
