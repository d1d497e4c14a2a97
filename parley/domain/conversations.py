"""Conversations: starting, finding, reading and ending them."""

from __future__ import annotations

import base64
import binascii
import contextlib
import secrets
import string
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from msgspec.structs import replace

from parley.contract import (
    DELTA_MAX_CHANGES,
    LISTED_ROOM_ID_CHARS,
    STATE_MAX_CHARS,
    STATE_MESSAGES,
    UNLISTED_ROOM_ID_BYTES,
)
from parley.domain import audit, door, sessions, text
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import (
    BadRequest,
    ConversationIsOver,
    ConversationNotFound,
    ParleyError,
    Unavailable,
)
from parley.records import (
    Changes,
    Conversation,
    ConversationEnded,
    ListPosition,
    Message,
    Participant,
    Session,
    Snapshot,
    Standing,
    Visibility,
)
from parley.storage import conversations as stored
from parley.storage import messages as stored_messages
from parley.storage import participants as stored_participants

_ROOM_ID_LETTERS = string.ascii_lowercase + string.digits
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Created:
    conversation: Conversation
    owner: Session
    token: str | None
    """The secret of the session that was made for it; None where the asker had one."""


async def create(
    context: Context,
    session: Session | None,
    *,
    title: str | None = None,
    description: str | None = None,
    user_id: str | None = None,
    visibility: Visibility = Visibility.LISTED,
) -> Created:
    """Start a conversation; whoever asks becomes its owner, with a session made if need be."""
    room_id = new_room_id(visibility)
    clean_title = text.title(title, room_id=room_id)
    clean_description = text.description(description)
    created_by = text.user_id(user_id) or new_user_id()
    at = context.clock()

    def work(connection: sa.Connection) -> Created:
        owner, token = (session, None) if session else sessions.begin(connection, at=at)
        conversation = stored.insert(
            connection,
            room_id=room_id,
            title=clean_title,
            description=clean_description,
            visibility=visibility,
            created_by=created_by,
            owner_session_id=owner.id,
            at=at,
        )
        return Created(conversation, owner, token)

    def count_it(_created: Created) -> None:
        context.counts.change(active=1, total=1)

    return await context.database.write(work, count_it)


async def find(context: Context, room_id: str, session: Session | None) -> Found:
    """For who may read it. Raises `ConversationNotFound`, or what keeps them out."""
    return await context.database.read(door.readable, room_id, session)


async def find_owned(context: Context, room_id: str, session: Session | None) -> Found:
    """For an owner. Raises `Forbidden`, or what keeps others out."""
    return await context.database.read(door.owned, room_id, session)


async def is_inside(context: Context, room_id: str, session: Session | None) -> bool:
    """Whether somebody is in a conversation, or was let in, so that its link is no news to them."""
    if session is None:
        return False
    try:
        found = await context.database.read(door.find, room_id, session)
    except ParleyError:
        return False
    return found.standing in (Standing.OWNER, Standing.MEMBER, Standing.READER)


async def snapshot(context: Context, room_id: str, session: Session | None) -> Snapshot:
    """The conversation as it stands, with its newest messages. Raises as `find`."""
    return await window(context, room_id, session)


async def snapshot_for(context: Context, person: Participant) -> Snapshot:
    """The same for somebody who joined just now, whose right to it was looked at then."""

    def query(connection: sa.Connection) -> Snapshot:
        conversation = stored.by_id(connection, person.conversation_id)
        if conversation is None:
            raise ConversationNotFound
        return _window(connection, Found(conversation, Standing(person.role.value), person))

    return _with_presence(context, await context.database.read(query))


async def window(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    before: int | None = None,
    at: int | None = None,
) -> Snapshot:
    """The same with the messages before a seq, or around one."""
    return _with_presence(
        context,
        await context.database.read(snapshot_at, room_id, session, before=before, at=at),
    )


async def catch_up(
    context: Context, room_id: str, session: Session | None, *, since: int
) -> Snapshot:
    """The conversation with what changed after `since`, or afresh where that is too much.

    A seq that this conversation has not reached is nobody's honest memory of it: afresh too.
    """
    return _with_presence(
        context, await context.database.read(_delta, room_id, session, since=since)
    )


async def changes(
    context: Context, room_id: str, session: Session | None, *, since: int, limit: int
) -> Changes:
    """The first `limit` messages that changed after `since`, and how far that reaches."""

    def query(connection: sa.Connection) -> Changes:
        conversation = door.readable(connection, room_id, session).conversation
        found = stored_messages.changed(connection, conversation.id, since=since, limit=limit + 1)
        page = found[: _fitting(found[:limit])]
        more = len(found) > len(page)
        seq = page[-1].changed_seq if more else conversation.seq
        return Changes(seq, page, more, conversation.is_active, conversation.erased_through)

    return await context.database.read(query)


async def listed(
    context: Context, *, limit: int, cursor: str | None = None, title_contains: str = ""
) -> tuple[list[Conversation], str | None]:
    """A page of active, listed conversations, newest activity first, and the next page's cursor."""
    after = _position(cursor) if cursor else None
    wanted = text.query(title_contains)
    async with context.searching if wanted else contextlib.nullcontext():
        found = await context.database.read(
            stored.listed, limit=limit + 1, after=after, title_contains=wanted
        )
    page = found[:limit]
    return page, _cursor(page[-1]) if len(found) > limit else None


async def end(context: Context, room_id: str, session: Session | None) -> Conversation:
    """End it, for the owner. Raises `Forbidden`, `ConversationIsOver`, `ConversationNotFound`."""
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Conversation, int]:
        found = door.owned(connection, room_id, session)
        seq = stored.end(connection, found.id, at=at)
        if seq is None:
            raise ConversationIsOver
        audit.note(connection, found, "ended", at=at)
        return found.conversation, seq

    def tell(result: tuple[Conversation, int]) -> None:
        conversation, seq = result
        context.counts.change(active=-1)
        context.bus.publish(ConversationEnded(conversation.id, conversation.room_id, seq, at))

    conversation, _ = await context.database.write(work, tell)
    return conversation


async def count(context: Context) -> tuple[int, int]:
    """How many are active, and how many there are at all."""
    if context.counts.known is None:
        try:
            # In the writer's turn: none is begun or ended between the counting and what follows.
            return await context.database.write(stored.count, context.counts.know)
        except Unavailable:
            return await context.database.read(stored.count)
    return context.counts.known


async def require_storage(context: Context) -> None:
    """Raise `Unavailable`, with the reason, where nothing can be stored now.

    After a failure, or where a file is not in its place, it tries, so that whoever asks
    learns of the beginning and of the end.
    """
    if context.database.problem is None and context.database.is_in_place():
        return
    try:
        await context.database.probe()
    except Unavailable as error:
        reason = context.database.problem or error.text
        raise Unavailable(reason, retry_after=error.retry_after) from error


def new_room_id(visibility: Visibility) -> str:
    """Short where the list shows it anyway; 128 random bits where the link is the key."""
    if visibility is Visibility.LISTED:
        return "".join(secrets.choice(_ROOM_ID_LETTERS) for _ in range(LISTED_ROOM_ID_CHARS))
    return secrets.token_urlsafe(UNLISTED_ROOM_ID_BYTES)


def new_user_id() -> str:
    return secrets.token_hex(8)


def snapshot_at(
    connection: sa.Connection,
    room_id: str,
    session: Session | None,
    *,
    before: int | None = None,
    at: int | None = None,
) -> Snapshot:
    """For use inside a transaction: the newest messages, or those before or around a seq."""
    return _window(connection, door.readable(connection, room_id, session), before=before, at=at)


def _window(
    connection: sa.Connection, found: Found, *, before: int | None = None, at: int | None = None
) -> Snapshot:
    limit = STATE_MESSAGES
    later: tuple[Message, ...] = ()
    if at is not None:
        before, limit = at + 1, STATE_MESSAGES // 2
        later = stored_messages.following(connection, found.id, after=at, limit=limit)
        later = later[: _fitting(later)]
    read = stored_messages.newest(connection, found.id, before=before, limit=limit + 1)
    last = stored_messages.newest(connection, found.id, limit=1) if before else read
    page = read[-limit:]
    page = page[len(page) - _fitting(page[::-1]) :]
    return Snapshot(
        conversation=found.conversation,
        standing=found.standing,
        person=found.person,
        participants=stored_participants.present(connection, found.id),
        messages=page + later,
        has_more=len(read) > len(page),
        newest_message_seq=last[-1].seq if last else 0,
    )


def _delta(
    connection: sa.Connection, room_id: str, session: Session | None, *, since: int
) -> Snapshot:
    found = door.readable(connection, room_id, session)
    conversation = found.conversation
    if not 0 <= conversation.seq - since <= DELTA_MAX_CHANGES:
        return _window(connection, found)
    missed = stored_messages.changed(connection, found.id, since=since, limit=DELTA_MAX_CHANGES)
    if _fitting(missed) < len(missed):
        return _window(connection, found)
    return Snapshot(
        conversation=conversation,
        standing=found.standing,
        person=found.person,
        participants=stored_participants.present(connection, found.id),
        messages=missed,
        has_more=conversation.message_count > len(missed),
        newest_message_seq=0,
        is_delta=True,
    )


def _fitting(messages: Sequence[Message]) -> int:
    """How many of them, from the first on, go into one answer: at least one, if there is one."""
    chars = 0
    for count, message in enumerate(messages):
        chars += len(message.text)
        if chars > STATE_MAX_CHARS and count:
            return count
    return len(messages)


def _with_presence(context: Context, snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, online=context.presence.online(snapshot.conversation.id))


def _cursor(last: Conversation) -> str:
    at_ms = (last.last_activity_at - _EPOCH) // timedelta(milliseconds=1)
    return base64.urlsafe_b64encode(f"{at_ms}.{last.id}".encode()).decode().rstrip("=")


def _position(cursor: str) -> ListPosition:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at_ms, _, id = base64.urlsafe_b64decode(padded).decode("ascii").partition(".")
        at = _EPOCH + timedelta(milliseconds=int(at_ms))
        return ListPosition(at, _small(int(id)))
    except (ValueError, binascii.Error, OverflowError):
        raise BadRequest("cursor is not one this server gave out. Start without it.") from None


def _small(number: int) -> int:
    if not 0 <= number < 2**63:
        raise ValueError(number)
    return number
