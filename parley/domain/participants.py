"""Participants: joining as somebody, and leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parley.domain import access, conversations, sessions, text
from parley.domain.context import Context
from parley.errors import IdentityMismatch, IdentityTaken
from parley.records import (
    Conversation,
    Participant,
    ParticipantArrived,
    ParticipantLeft,
    Session,
)
from parley.storage import conversations as stored_conversations
from parley.storage import participants as stored
from parley.storage import sessions as stored_sessions

_leaving: set[asyncio.Task[None]] = set()
"""Keeps the tasks that mark people as gone alive until they are done."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Who asks to join, and how."""

    session: Session | None
    user_id: str | None = None
    username: str | None = None
    socket: str | None = None
    """The socket they come in on; None over REST or a form."""
    proven: bool = True
    """Whether they presented the session's token; False for one that we made on this socket."""
    keeps_cookie: bool = False
    """Whether a page of our own asks, whose browser will hold the new session's secret."""
    announced: bool = False
    """Whether the others are told though there is no socket: no other will follow."""


@dataclass(frozen=True, slots=True)
class Joined:
    participant: Participant
    session: Session
    token: str | None
    """The secret of the session made by this; None where there was one."""
    participant_count: int
    came_in: bool
    """Whether they were not in the conversation until now."""
    renamed: bool


async def join(context: Context, room_id: str, joining: Joining) -> Joined:
    """Become a participant, or come back as the one this session is.

    Raises `ConversationNotFound`, `ConversationIsOver`, `IdentityTaken` for a
    user_id of somebody else, `IdentityMismatch` for one that is not the
    session's own here.
    """
    wanted_id = text.user_id(joining.user_id)
    name = text.claimed_name(joining.username)
    at = context.clock()

    def work(connection: sa.Connection) -> Joined:
        conversation = conversations.require(connection, room_id)
        access.require_open(conversation)
        session, token = joining.session, None
        before = _already(connection, conversation, joining, wanted_id)
        if before is None and wanted_id is not None:
            before = _taken_over(connection, conversation, joining, wanted_id, at)
        if session is None:
            session, token = sessions.begin(connection, at=at, in_use=joining.keeps_cookie)
        count = conversation.participant_count
        if before is None:
            user_id = wanted_id or _fresh_id(connection, conversation, session)
            person = stored.insert(
                connection,
                conversation_id=conversation.id,
                user_id=user_id,
                username=name or text.username(None, user_id=user_id),
                session_id=session.id,
                role=access.role(conversation, session),
                at=at,
                visits=int(joining.socket is not None),
            )
            came_in, renamed = True, False
        else:
            came_in = before.left_at is not None
            renamed = bool(name) and name != before.username
            person = stored.change(
                connection,
                before,
                session_id=session.id,
                username=name or before.username,
                left_at=None,
                visits=before.visits + (joining.socket is not None),
            )
        if came_in:
            count = stored_conversations.change_participant_count(connection, conversation.id, 1)
        return Joined(person, session, token, count, came_in, renamed)

    def tell(joined: Joined) -> None:
        if joining.socket is None:
            # Within the grace too: the others see them, and their socket brings no news of it.
            is_here = context.presence.update(room_id, joined.participant)
            is_news = (joined.renamed and is_here) or (joining.announced and joined.came_in)
        else:
            arrived = context.presence.enter(room_id, joined.participant, joining.socket)
            is_news = arrived or joined.renamed
        if is_news:
            context.bus.publish(
                ParticipantArrived(room_id, joined.participant, joined.participant_count)
            )

    return await context.database.write(work, tell)


async def leave(context: Context, room_id: str, user_id: str, socket: str) -> None:
    """Leave by one's own wish: gone at once, unless another socket of theirs is still here."""
    gone: list[Participant] = []
    context.presence.exit(room_id, user_id, socket, grace_s=0, gone=gone.append)
    for person in gone:
        await _mark_gone(context, room_id, person)


def lose(context: Context, room_id: str, user_id: str, socket: str) -> None:
    """A connection broke: gone only if they do not come back within the grace."""

    def gone(person: Participant) -> None:
        _start(_mark_gone(context, room_id, person))

    context.presence.exit(room_id, user_id, socket, grace_s=context.leave_grace_s, gone=gone)


async def of_session(
    context: Context, conversation: Conversation, session: Session | None
) -> Participant | None:
    """Who the session is in this conversation, if anybody."""
    if session is None:
        return None
    return await context.database.read(stored.by_session, conversation.id, session.id)


async def forget_sockets(context: Context) -> None:
    """At the start: nobody is on a socket, whatever was noted before the stop."""
    at = context.clock()
    await context.database.write(lambda connection: stored.forget_sockets(connection, at=at))


async def _mark_gone(context: Context, room_id: str, person: Participant) -> None:
    at = context.clock()

    def work(connection: sa.Connection) -> int | None:
        now = stored.by_user(connection, person.conversation_id, person.user_id)
        # A newer visit, or a leave told already: there is nothing to tell.
        if now is None or now.left_at is not None or now.visits != person.visits:
            return None
        stored.change(connection, now, left_at=at)
        return stored_conversations.change_participant_count(connection, person.conversation_id, -1)

    def tell(count: int | None) -> None:
        if count is not None:
            context.bus.publish(ParticipantLeft(room_id, person, count))

    await context.database.write(work, tell)


def _already(
    connection: sa.Connection, conversation: Conversation, joining: Joining, wanted_id: str | None
) -> Participant | None:
    if joining.session is None:
        return None
    person = stored.by_session(connection, conversation.id, joining.session.id)
    if person is not None and wanted_id not in (None, person.user_id):
        raise IdentityMismatch(
            "You are somebody in this conversation already: join without a user_id, "
            "or with the one you have."
        )
    return person


def _taken_over(
    connection: sa.Connection,
    conversation: Conversation,
    joining: Joining,
    wanted_id: str,
    at: Any,
) -> Participant | None:
    """The participant of that id, where it may be taken over; None where there is none."""
    holder = stored.by_user(connection, conversation.id, wanted_id)
    if holder is None:
        return None
    proven = joining.socket is None or (joining.session is not None and joining.proven)
    holder_session = stored_sessions.by_id(connection, holder.session_id)
    if not access.may_take_over(holder, holder_session, proven=proven, at=at):
        raise IdentityTaken
    return holder


def _fresh_id(connection: sa.Connection, conversation: Conversation, session: Session) -> str:
    """A random id; for the owner the one the conversation was created by, if still free."""
    if access.is_owner(conversation, session) and not stored.by_user(
        connection, conversation.id, conversation.created_by
    ):
        return conversation.created_by
    return conversations.new_user_id()


def _start(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)
