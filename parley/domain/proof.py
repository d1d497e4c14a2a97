"""Who is proven to be who they say: whoever ever presented the token they were given.

A participant whose token was never used may be taken up again by whoever names its user_id from
the same address: so clients do that forget the token. Whoever has the token has the last word.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from msgspec import Struct

from parley.domain.context import Context
from parley.errors import ConversationNotFound
from parley.records import (
    Participant,
    ParticipantProven,
    ParticipantWonBack,
    Role,
)
from parley.storage import conversations as stored_conversations
from parley.storage import participants as stored
from parley.storage import readings
from parley.storage import sessions as stored_sessions

PURPOSE = "where a participant came from"


class Proven(Struct, frozen=True):
    """Somebody in one conversation, who is proven now."""

    person: Participant
    room_id: str
    is_won_back: bool
    """Whether another session was them until now."""
    was_unproven: bool


def place_key(context: Context, conversation_id: int, address: str) -> str:
    """What is kept of an address: nobody learns it from that, nor who else came from there."""
    return context.tag(PURPOSE, f"{conversation_id} {address}")


def start_key(context: Context, session_id: int, address: str) -> str:
    """The same of where a conversation was started, by the session made for it."""
    return context.tag(PURPOSE, f"session {session_id} {address}")


def prove(connection: sa.Connection, session_id: int) -> tuple[Proven, ...]:
    """This session's token was used: whom it is everywhere, and whom it was before another
    session took that up, it is from now on. For use inside the transaction that notes it.
    """
    proven = []
    for conversation_id in stored_sessions.unproven_in(connection, session_id):
        own = stored.by_session(connection, conversation_id, session_id)
        if own is not None and own.is_unproven:
            now = stored.change(connection, own, unproven_from=None)
            proven.append(Proven(now, _room_id(connection, now), False, True))
    for person in stored.taken_from(connection, session_id):
        if _may_win_back(connection, person, session_id):
            proven.append(_win_back(connection, person, session_id))
    return tuple(proven)


def tell(context: Context, proven: Iterable[Proven]) -> None:
    for each in proven:
        if each.is_won_back:
            is_here = context.presence.put_out_sockets(each.person)
            context.bus.publish(ParticipantWonBack(each.room_id, each.person))
        else:
            is_here = context.presence.update(each.person)
        if is_here and each.was_unproven:
            context.bus.publish(ParticipantProven(each.room_id, each.person))


def _may_win_back(connection: sa.Connection, person: Participant, session_id: int) -> bool:
    """Not who was put out, nor what became an owner's; nor twice somebody in one place."""
    return (
        person.removed_at is None
        and person.role is not Role.OWNER
        and stored.by_session(connection, person.conversation_id, session_id) is None
    )


def _win_back(connection: sa.Connection, person: Participant, session_id: int) -> Proven:
    """They stay in the conversation: only who they are there is another."""
    readings.forget(connection, person.conversation_id, person.user_id)
    now = stored.change(
        connection,
        person,
        session_id=session_id,
        first_session_id=None,
        unproven_from=None,
        visits=person.visits_next(on_socket=False),
    )
    return Proven(now, _room_id(connection, now), True, person.is_unproven)


def _room_id(connection: sa.Connection, person: Participant) -> str:
    conversation = stored_conversations.by_id(connection, person.conversation_id)
    if conversation is None:
        raise ConversationNotFound
    return conversation.room_id
