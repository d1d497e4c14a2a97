"""Who counts as having started a conversation: what its other owners may not take away.

One founder stands in the conversation itself, others in what they were granted: whoever a founder
made one. There is always one at least.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from parley.domain import audit, door
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import BadRequest, Forbidden, NotFound, NotJoined
from parley.records import Conversation, Participant, Role, RoleChanged, Session
from parley.storage import conversations as stored_conversations
from parley.storage import grants, sessions
from parley.storage import participants as stored


async def hand_over(
    context: Context, room_id: str, session: Session | None, user_id: str
) -> Participant:
    """Make somebody else a founder instead of oneself, at once, for a founder. Who hands over is an
    owner like others from then on, and can be given it back.

    Raises `Forbidden` for other owners, `NotFound`, `NotJoined` for a founder without a name, and
    `BadRequest` for somebody who was removed, whom nobody speaks for, or who never used their
    token: somebody else at their address could become them.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Participant, RoleChanged | None]:
        found = door.owned(connection, room_id, session)
        if not found.is_founder or session is None:
            raise Forbidden("Only a founder can hand it over.")
        if found.person is None:
            raise NotJoined("Enter a name in the conversation first.")
        person = stored.by_user(connection, found.id, user_id)
        if person is None:
            raise NotFound("No one in this conversation has this user_id.")
        if person.session_id == session.id:
            return person, None
        require_somebody(connection, person)
        if person.session_id != found.conversation.owner_session_id:
            grants.give(connection, found.id, person.session_id, Role.OWNER, at=at, is_founder=True)
        step_down(connection, found, session.id, at=at)
        audit.note(connection, found, "handed_over", at=at, about=person.username)
        if person.role is Role.OWNER:
            return person, None
        owner = stored.change(connection, person, role=Role.OWNER.value)
        return owner, RoleChanged(found.conversation.room_id, owner)

    def tell(result: tuple[Participant, RoleChanged | None]) -> None:
        if result[1] is not None:
            context.bus.publish(result[1])

    return (await context.database.write(work, tell))[0]


async def heir(
    context: Context, room_id: str, session: Session | None, user_id: str
) -> tuple[Conversation, Participant | None]:
    """The conversation and whom it would be handed over to, for an owner; None for nobody."""

    def query(connection: sa.Connection) -> tuple[Conversation, Participant | None]:
        found = door.owned(connection, room_id, session)
        return found.conversation, stored.by_user(connection, found.id, user_id)

    return await context.database.read(query)


def make_only_founder(
    connection: sa.Connection, conversation: Conversation, session_id: int, *, at: datetime
) -> None:
    """Those who were founders stay owners: the one that the conversation named, if they have a name
    by which they could be removed.

    For use inside a transaction.
    """
    before = conversation.owner_session_id
    grants.found_no_more(connection, conversation.id)
    stored_conversations.change(
        connection, conversation.id, owner_session_id=session_id, created_from=None
    )
    if stored.by_session(connection, conversation.id, before) is not None:
        grants.give(connection, conversation.id, before, Role.OWNER, at=at)


def step_down(connection: sa.Connection, found: Found, session_id: int, *, at: datetime) -> None:
    """A founder is an owner like others from then on. For use inside a transaction. Raises
    `BadRequest` for the only one.
    """
    conversation = found.conversation
    grants.found_no_more(connection, conversation.id, session_id)
    if conversation.owner_session_id == session_id:
        _name_another(connection, conversation.id)
    grants.give(connection, conversation.id, session_id, Role.OWNER, at=at)


def leave_to_others(connection: sa.Connection, session_id: int) -> None:
    """Nobody is this session any more: where others are founders, too, they alone are. For use
    inside a transaction.
    """
    for id in grants.founded_with_others(connection, session_id):
        grants.found_no_more(connection, id, session_id)
        conversation = stored_conversations.by_id(connection, id)
        if conversation is not None and conversation.owner_session_id == session_id:
            _name_another(connection, id)


def _name_another(connection: sa.Connection, conversation_id: int) -> None:
    """The conversation names the founder who has been one for longest, beside the one before."""
    others = grants.founders(connection, conversation_id)
    if not others:
        raise BadRequest("You are the only founder. Make someone else a founder first.")
    stored_conversations.change(
        connection, conversation_id, owner_session_id=others[0], created_from=None
    )
    grants.found_no_more(connection, conversation_id, others[0])  # the name says it from now on


def require_somebody(connection: sa.Connection, person: Participant) -> None:
    """Raises `BadRequest` for somebody who must get no right: it could come to another."""
    if person.removed_at is not None:
        raise BadRequest("They were removed. Allow them back first.")
    if person.role is Role.BOT:
        raise BadRequest("Bots can't own a conversation.")
    holder = sessions.by_id(connection, person.session_id)
    if person.is_imported or person.is_unproven or not holder.token_used:
        raise BadRequest(
            "There is no proof yet that this is really them. Ask them to open the conversation "
            "once more in the same browser."
        )
