"""Desks: each visitor of a page starts a conversation of their own there, with the page's owner.

The id of a desk is public: it stands in pages. It lets people write to the owner and nothing else,
so what they can do is bounded for each desk, too, beside the limits for addresses.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import TITLE_MAX_CHARS
from parley.domain import conversations, inviting, naming, participants, sessions, text
from parley.domain.context import Context
from parley.errors import BadRequest, Forbidden, NotFound, NotJoined, RateLimited
from parley.records import Conversation, Desk, PartChanged, Role, Session, Visibility
from parley.storage import conversations as stored_conversations
from parley.storage import desks as stored
from parley.storage import participants as stored_participants
from parley.storage import sessions as stored_sessions

ID_BYTES = 12
DESKS_MAX = 20
"""Of one owner."""
STARTED_MAX, STARTED_WITHIN = 300, timedelta(hours=1)
"""Conversations at one desk, however many addresses they come from: nobody's list is flooded."""
VISITOR = "Visitor"
"""Who gives no name."""
NAME = "{name}"
USERNAME = "Support"
_NO_DESK = "There is no such desk. It may have been removed."


class Made(Struct, frozen=True):
    desk: Desk
    token: str | None
    """The secret of the session that was made for it; None where the asker had one."""


class Shown(Struct, frozen=True):
    """A desk as a visitor sees it."""

    desk: Desk
    own: Conversation | None
    """What the visitor started there, if that goes on."""


class Started(Struct, frozen=True):
    conversation: Conversation
    joined: participants.Joined
    token: str | None
    """The visitor's secret; None where they had one."""


# --- for owners ---


async def mine(context: Context, session: Session | None) -> list[Desk]:
    """The newest first; none of a stranger's."""
    if session is None:
        return []
    return await context.database.read(stored.of, session.id)


async def make(context: Context, session: Session | None, wishes: Mapping[str, str]) -> Made:
    """A desk whose conversations are owned by whoever asks, with a session made if need be.

    Raises `InvitationRequired` and the like for who may start none, and `Forbidden` for too many.
    """
    given = _clean({"title": "", "username": "", "greeting": "", **wishes})
    at = context.clock()

    def work(connection: sa.Connection) -> Made:
        inviting.require_starting(context, connection, session)
        owner, token = (session, None) if session else sessions.begin(connection, at=at)
        if len(stored.of(connection, owner.id)) >= DESKS_MAX:
            raise Forbidden(f"You have {DESKS_MAX} desks. Remove one first.")
        id = secrets.token_urlsafe(ID_BYTES)
        desk = Desk(id, owner.id, **given, is_open=True, made_at=at)
        stored.insert(connection, desk)
        return Made(desk, token)

    return await context.database.write(work)


async def change(
    context: Context, session: Session | None, desk_id: str, wishes: Mapping[str, Any]
) -> Desk:
    """What is not in `wishes` stays. Raises `NotFound`, also for another's."""
    changes: dict[str, Any] = _clean({k: v for k, v in wishes.items() if isinstance(v, str)})
    if (is_open := wishes.get("is_open")) is not None:
        changes["is_open"] = bool(is_open)

    def work(connection: sa.Connection) -> Desk:
        desk = _owned(connection, session, desk_id)
        return stored.change(connection, desk.id, changes) if changes else desk

    return await context.database.write(work)


async def remove(context: Context, session: Session | None, desk_id: str) -> None:
    """Nobody starts anything there any more; what was started stays."""
    await context.database.write(
        lambda connection: stored.remove(connection, _owned(connection, session, desk_id).id)
    )


def _owned(connection: sa.Connection, session: Session | None, desk_id: str) -> Desk:
    if session is None:
        raise NotJoined("Only the owner of a desk can do that.")
    desk = stored.by_id(connection, desk_id)
    if desk is None or desk.session_id != session.id:
        raise NotFound(_NO_DESK)
    return desk


def _clean(wishes: Mapping[str, str]) -> dict[str, str]:
    """As they are kept. Titles that are empty are made of both names."""
    clean: dict[str, str] = {}
    if "title" in wishes:
        clean["title"] = text.cut_title(wishes["title"])
    if "username" in wishes:
        clean["username"] = text.claimed_name(wishes["username"]) or USERNAME
        naming.require_seen(clean["username"])
    if "greeting" in wishes:
        clean["greeting"] = text.description(wishes["greeting"])
    return clean


# --- for visitors ---


async def look(context: Context, session: Session | None, desk_id: str) -> Shown:
    """Raises `NotFound`."""

    def query(connection: sa.Connection) -> Shown:
        desk = stored.by_id(connection, desk_id)
        if desk is None:
            raise NotFound(_NO_DESK)
        own = None if session is None else stored.latest_of(connection, desk.id, session.id)
        return Shown(desk, own)

    return await context.database.read(query)


async def start(
    context: Context,
    session: Session | None,
    desk_id: str,
    *,
    username: str = "",
    keeps_cookie: bool = False,
    address: str = "",
) -> Started:
    """A conversation of the visitor's own, in which they are; the one they have there, if any.

    Raises `NotFound`, `RateLimited`, `BadRequest` for the owner, and what a name is refused for.
    """
    name = text.claimed_name(username) or VISITOR
    naming.require_seen(name)
    at, room_id = context.clock(), conversations.new_room_id(Visibility.UNLISTED)

    def work(connection: sa.Connection) -> tuple[Conversation, Session, str | None, int | None]:
        desk = stored.by_id(connection, desk_id)
        if desk is None:
            raise NotFound(_NO_DESK)
        if session is not None:
            if session.id == desk.session_id:
                raise BadRequest("This is your own desk. Try it in a private window.")
            if (own := stored.latest_of(connection, desk.id, session.id)) is not None:
                return own, session, None, None
        _require_room(context, connection, desk)
        owner = stored_sessions.by_id(connection, desk.session_id)
        inviting.require_starting(context, connection, owner)
        # Its holder keeps it, or is gone: nobody at the same address can become them.
        visitor, token = (
            (session, None) if session else sessions.begin(connection, at=at, in_use=True)
        )
        owner_id = conversations.new_user_id()
        conversation = stored_conversations.insert(
            connection,
            room_id=room_id,
            title=text.title(_title(desk, name), room_id=room_id),
            description=desk.greeting,
            visibility=Visibility.UNLISTED,
            created_by=owner_id,
            created_from=None,
            owner_session_id=owner.id,
            at=at,
        )
        _seat_owner(context, connection, conversation, desk, owner_id)
        stored.note_started(connection, conversation.id, desk.id, visitor.id, at=at)
        return conversation, visitor, token, owner.id

    def tell(result: tuple[Conversation, Session, str | None, int | None]) -> None:
        conversation, _, _, owner_id = result
        if owner_id is not None:
            context.counts.change(active=1, total=1)
            context.bus.publish(PartChanged(conversation.id, owner_id))

    conversation, visitor, token, owner_id = await context.database.write(work, tell)
    joining = participants.Joining(
        visitor,
        # Whoever comes back is who they were.
        username=username if owner_id is None else name,
        keeps_cookie=keeps_cookie,
        announced=True,
        address=address,
    )
    joined = await participants.join(context, conversation.room_id, joining)
    return Started(conversation, joined, token)


def _title(desk: Desk, name: str) -> str:
    return (desk.title or f"{desk.username}: {NAME}").replace(NAME, name)[:TITLE_MAX_CHARS]


def _seat_owner(
    context: Context,
    connection: sa.Connection,
    conversation: Conversation,
    desk: Desk,
    user_id: str,
) -> None:
    """As somebody who was there and is away: so they are notified, and come back by writing."""
    claim = naming.claim(
        connection,
        conversation.id,
        desk.username,
        before=None,
        is_owner=True,
        at=conversation.created_at,
    )
    person = stored_participants.insert(
        connection,
        conversation_id=conversation.id,
        user_id=user_id,
        username=desk.username,
        session_id=desk.session_id,
        role=Role.OWNER,
        at=conversation.created_at,
        visits=0,
        name_key=claim.key,
        named_at=claim.since,
        unproven_from=None,
    )
    stored_participants.change(connection, person, left_at=conversation.created_at)


def _require_room(context: Context, connection: sa.Connection, desk: Desk) -> None:
    at = context.clock()
    started = stored.started_since(
        connection, desk.id, since=at - STARTED_WITHIN, limit=STARTED_MAX
    )
    if len(started) >= STARTED_MAX:
        wait_s = (started[-1] + STARTED_WITHIN - at).total_seconds()
        raise RateLimited("Too many people write here just now. Try later.", retry_after=wait_s)
