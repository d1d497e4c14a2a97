"""Participants: joining as somebody, and leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from parley.domain import access, conversations, door, names, sessions, text
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import IdentityMismatch, IdentityTaken, NameTaken
from parley.records import (
    Conversation,
    Participant,
    ParticipantArrived,
    ParticipantLeft,
    Role,
    Session,
    Standing,
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
        found = door.find(connection, room_id, joining.session)
        conversation = found.conversation
        access.require_joining(conversation, found.standing)
        session, token = joining.session, None
        before = _already(found.person, wanted_id)
        if before is None and wanted_id is not None:
            before = _taken_over(connection, conversation, joining, wanted_id, at)
        if session is None:
            session, token = sessions.begin(connection, at=at, in_use=joining.keeps_cookie)
        count = conversation.participant_count
        role = access.role(found.standing)
        if before is None:
            user_id = wanted_id or _fresh_id(connection, found)
            username = name or text.username(None, user_id=user_id)
            name_key, is_alike = _look(connection, conversation, user_id, username)
            person = stored.insert(
                connection,
                conversation_id=conversation.id,
                user_id=user_id,
                username=username,
                session_id=session.id,
                role=role,
                at=at,
                visits=int(joining.socket is not None),
                name_key=name_key,
                is_alike=is_alike,
            )
            came_in, renamed = True, False
        else:
            came_in = before.left_at is not None
            renamed = bool(name) and name != before.username
            username = name or before.username
            name_key, is_alike = _look(connection, conversation, before.user_id, username)
            person = stored.change(
                connection,
                before,
                session_id=session.id,
                username=username,
                role=role,
                left_at=None,
                visits=before.visits + (joining.socket is not None),
                name_key=name_key,
                is_alike=is_alike,
            )
        if came_in:
            count = stored_conversations.change_participant_count(connection, conversation.id, 1)
        return Joined(person, session, token, count, came_in, renamed)

    def tell(joined: Joined) -> None:
        if joining.socket is None:
            # Within the grace too: the others see them, and their socket brings no news of it.
            is_here = context.presence.update(joined.participant)
            is_news = (joined.renamed and is_here) or (joining.announced and joined.came_in)
        else:
            arrived = context.presence.enter(joined.participant, joining.socket)
            is_news = arrived or joined.renamed
        if is_news:
            context.bus.publish(ParticipantArrived(joined.participant, joined.participant_count))

    return await context.database.write(work, tell)


async def leave(context: Context, person: Participant, socket: str) -> None:
    """Leave by one's own wish: gone at once, unless another socket of theirs is still here."""
    gone: list[Participant] = []
    context.presence.exit(person, socket, grace_s=0, gone=gone.append)
    for each in gone:
        await _mark_gone(context, each)


def lose(context: Context, person: Participant, socket: str) -> None:
    """A connection broke: gone only if they do not come back within the grace."""

    def gone(person: Participant) -> None:
        _start(_mark_gone(context, person))

    context.presence.exit(person, socket, grace_s=context.leave_grace_s, gone=gone)


async def forget_sockets(context: Context) -> None:
    """At the start: nobody is on a socket, whatever was noted before the stop."""
    at = context.clock()
    await context.database.write(lambda connection: stored.forget_sockets(connection, at=at))


async def _mark_gone(context: Context, person: Participant) -> None:
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
            context.bus.publish(ParticipantLeft(person, count))

    await context.database.write(work, tell)


def _already(person: Participant | None, wanted_id: str | None) -> Participant | None:
    if person is not None and wanted_id not in (None, person.user_id):
        raise IdentityMismatch(
            "You are somebody in this conversation already: join without a user_id, "
            "or with the one you have."
        )
    return person


def _look(
    connection: sa.Connection, conversation: Conversation, user_id: str, username: str
) -> tuple[str, bool]:
    """The key of a name, and whether it can be taken for that of somebody who came before.

    Raises `NameTaken` for a name of who was put out: it is kept for them, and nobody is
    taken for them.
    """
    key = names.skeleton(username)
    alike = stored.alike(connection, conversation.id, key)
    others = [each for each in alike if each.user_id != user_id]
    if any(each.removed_at is not None for each in others):
        raise NameTaken
    mine = next((each for each in alike if each.user_id == user_id), None)
    return key, any(
        (each.left_at is None or each.role is Role.OWNER)
        and (mine is None or each.joined_at < mine.joined_at or each.role is Role.OWNER)
        for each in others
    )


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
    if holder.removed_at is not None:
        raise IdentityTaken
    proven = joining.socket is None or (joining.session is not None and joining.proven)
    holder_session = stored_sessions.by_id(connection, holder.session_id)
    if not access.may_take_over(holder, holder_session, proven=proven, at=at):
        raise IdentityTaken
    return holder


def _fresh_id(connection: sa.Connection, found: Found) -> str:
    """A random id; for the owner the one the conversation was created by, if still free."""
    created_by = found.conversation.created_by
    if found.standing is Standing.OWNER and not stored.by_user(connection, found.id, created_by):
        return created_by
    return conversations.new_user_id()


def _start(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _leaving.add(task)
    task.add_done_callback(_leaving.discard)
