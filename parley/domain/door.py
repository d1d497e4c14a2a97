"""Finding a conversation, as somebody: what is behind a link, and who asks."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import ROOM_ID_MAX_CHARS
from parley.domain import access
from parley.errors import BotRefused, ConversationNotFound, OldLink
from parley.records import Conversation, Participant, Session, Standing
from parley.storage import conversations as stored
from parley.storage import grants
from parley.storage import participants as stored_participants
from parley.storage import sessions as stored_sessions


class Found(Struct, frozen=True):
    """A conversation, and what the one who asks is to it."""

    conversation: Conversation
    standing: Standing
    person: Participant | None
    """Who they are in it, if they ever joined."""
    is_founder: bool = False
    """Whether they count as having started it, alone or with others."""

    @property
    def id(self) -> int:
        return self.conversation.id


def find(connection: sa.Connection, room_id: str, session: Session | None) -> Found:
    """For use inside a transaction. Raises `ConversationNotFound`, `OldLink`.

    Whoever is inside finds it by its old links too. That there was one is told to nobody
    who was put out.
    """
    is_id = 0 < len(room_id) <= ROOM_ID_MAX_CHARS
    conversation = stored.find(connection, room_id) if is_id else None
    by_old_link = False
    if conversation is None and is_id:
        conversation = stored.by_old_link(connection, room_id)
        by_old_link = True
    if conversation is None:
        raise ConversationNotFound
    person, held = _of_session(connection, conversation, session)
    if session is not None and session.is_bot and person is None:
        raise BotRefused("This bot is in another conversation.")
    granted = None if held is None else held.role
    standing = access.standing(conversation, session, person=person, granted=granted)
    if by_old_link and standing is Standing.STRANGER:
        raise OldLink
    if by_old_link and standing is Standing.REMOVED:
        raise ConversationNotFound
    is_founder = access.is_founder(conversation, session, is_granted=bool(held and held.is_founder))
    return Found(conversation, standing, person, is_founder)


def readable(connection: sa.Connection, room_id: str, session: Session | None) -> Found:
    """The same for who may read it; else raises what keeps them out."""
    found = find(connection, room_id, session)
    access.require_reading(found.conversation, found.standing)
    return found


def owned(connection: sa.Connection, room_id: str, session: Session | None) -> Found:
    """The same for an owner; else raises what keeps them out, or `Forbidden`."""
    found = readable(connection, room_id, session)
    access.require_owner(found.standing)
    return found


def moderated(connection: sa.Connection, room_id: str, session: Session | None) -> Found:
    """The same for an owner, or a bot that may moderate."""
    found = readable(connection, room_id, session)
    require_moderating(connection, found, session)
    return found


def require_moderating(connection: sa.Connection, found: Found, session: Session | None) -> None:
    """By what is stored now, which a socket may not know yet."""
    now = session
    if session is not None and session.is_bot:
        now = stored_sessions.by_id(connection, session.device_id)
    access.require_moderating(found.standing, now)


def _of_session(
    connection: sa.Connection, conversation: Conversation, session: Session | None
) -> tuple[Participant | None, grants.Held | None]:
    if session is None:
        return None, None
    return (
        stored_participants.by_session(connection, conversation.id, session.id),
        grants.held(connection, conversation.id, session.id),
    )
