"""Conversations: starting, finding, reading and ending them."""

from __future__ import annotations

import base64
import binascii
import secrets
import string
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from msgspec.structs import replace

from parley.contract import (
    LISTED_ROOM_ID_CHARS,
    PINS_MAX,
    SEALED_PAGE_MESSAGES,
    STATE_MAX_CHARS,
    STATE_MESSAGES,
    UNLISTED_ROOM_ID_BYTES,
)
from parley.contract.decode import is_plain_number
from parley.domain import (
    access,
    admins,
    audit,
    cluster,
    door,
    inviting,
    proof,
    sessions,
    states,
    text,
    turns,
)
from parley.domain.admins import By
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import (
    BadRequest,
    ConversationIsOver,
    ConversationNotFound,
    Encrypted,
    ParleyError,
    Unavailable,
)
from parley.records import (
    Changes,
    Conversation,
    ConversationEnded,
    ListPosition,
    Recent,
    Session,
    Snapshot,
    Standing,
    Visibility,
)
from parley.storage import conversations as stored
from parley.storage import messages as stored_messages
from parley.storage import readings as stored_readings
from parley.storage import sessions as stored_sessions

OLD_ROOM_IDS_MAX = 20
"""Links are rarely replaced, and what a browser kept under one before the last twenty is stale."""
SYNC_REACH = 2_000
"""Changes: so far back as that one answer to `sync` looks, however few of them are left."""
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
    address: str | None = None,
    read_proof_hash: bytes | None = None,
) -> Created:
    """Start a conversation; whoever asks becomes its owner, with a session made if need be.

    From that `address` whoever forgets the token of such a session may `end` it. With a
    `read_proof_hash` it is encrypted. Raises `Encrypted` where it would have words we can read, and
    `InvitationRequired`.
    """
    if read_proof_hash is not None and (title or description or visibility is Visibility.LISTED):
        raise Encrypted("An encrypted conversation is unlisted, and has no title the server knows.")
    room_id = new_room_id(visibility)
    clean_title = text.title(title, room_id=room_id)
    clean_description = text.description(description)
    created_by = text.user_id(user_id) or new_user_id()
    at = context.clock()

    def work(connection: sa.Connection) -> Created:
        inviting.require_starting(context, connection, session)
        owner, token = (session, None) if session else sessions.begin(connection, at=at)
        conversation = stored.insert(
            connection,
            room_id=room_id,
            title=clean_title,
            description=clean_description,
            visibility=visibility,
            created_by=created_by,
            created_from=None
            if session or address is None
            else proof.start_key(context, owner.id, address),
            owner_session_id=owner.id,
            at=at,
            read_proof_hash=read_proof_hash,
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


async def shares_limits(
    context: Context, room_id: str, session: Session | None, *, speaks: bool
) -> int:
    """The id of the conversation, for somebody inside, who may use up what is limited there for
    all; 0 for others, who must not: for who does not take part, or is to be silent, where they
    want to speak.
    """
    try:
        found = await context.database.read(door.readable, room_id, session)
    except ParleyError:
        return 0  # what they are told for it is whoever acts to say
    if speaks and (
        found.person is None or not access.may_speak(found.conversation, found.person, session)
    ):
        return 0
    return found.id


async def id_at(context: Context, room_id: str, session: Session | None) -> int:
    """The id of the conversation that a room id leads to, or led to; 0 for none."""
    try:
        return (await context.database.read(door.find, room_id, session)).id
    except ParleyError:
        return 0


async def snapshot(context: Context, room_id: str, session: Session | None) -> Snapshot:
    """The conversation as it stands, with its newest messages. Raises as `find`."""
    return await window(context, room_id, session)


async def snapshots(context: Context, conversation_ids: Iterable[int]) -> dict[int, Snapshot]:
    """The same of several for people who joined just now, whose right to them was looked at then.

    It lacks those that are not there any more.
    """

    def query(connection: sa.Connection) -> dict[int, Snapshot]:
        found = {}
        for id in conversation_ids:
            conversation = stored.by_id(connection, id)
            if conversation is not None:
                read = states.window(connection, Found(conversation, Standing.STRANGER, None))
                found[id] = cluster.online(context, connection, read)
        return found

    read = await context.database.read(query)
    return {id: states.with_presence(context, each) for id, each in read.items()}


async def recent(context: Context, conversation_id: int, *, since: int | None) -> Recent:
    """The conversation for many who come at once, whose right to it was looked at already.

    `since`: how far back the one goes who was away longest; None where nobody was away.
    """

    def query(connection: sa.Connection) -> Recent:
        conversation = _by_id(connection, conversation_id)
        found = states.recent(connection, conversation, since=since)
        return replace(found, snapshot=cluster.online(context, connection, found.snapshot))

    found = await context.database.read(query)
    return replace(found, snapshot=states.with_presence(context, found.snapshot))


async def window(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    before: int | None = None,
    at: int | None = None,
    with_own: bool = False,
) -> Snapshot:
    """The same with the messages before a seq, or around one, for a page.

    With what is pinned; and for somebody who is in it, with the room ids it had before: there
    their browser may have kept what they wrote. `with_own`: with what they have not read, too.
    """

    def query(connection: sa.Connection) -> Snapshot:
        found = door.readable(connection, room_id, session)
        is_newest = before is None and at is None
        limit = (
            SEALED_PAGE_MESSAGES
            if is_newest and found.conversation.is_encrypted
            else STATE_MESSAGES
        )
        snapshot = states.window(connection, found, before=before, at=at, limit=limit)
        snapshot = cluster.online(context, connection, snapshot)
        pins = stored_messages.pinned(connection, found.id, limit=PINS_MAX)
        if pins:
            snapshot = replace(snapshot, pins=pins)
        if found.person is None:
            return snapshot
        old = stored.old_room_ids(connection, found.id, limit=OLD_ROOM_IDS_MAX)
        own = stored_readings.unread(connection, found.person) if with_own else None
        return replace(snapshot, old_room_ids=old, own=own) if old or own else snapshot

    return states.with_presence(context, await context.database.read(query))


async def catch_up(
    context: Context, room_id: str, session: Session | None, *, since: int
) -> Snapshot:
    """The conversation with what changed after `since`, or afresh where that is too much.

    A seq that this conversation has not reached is nobody's honest memory of it: afresh too.
    """

    def query(connection: sa.Connection) -> Snapshot:
        found = door.readable(connection, room_id, session)
        return cluster.online(context, connection, states.delta(connection, found, since=since))

    return states.with_presence(context, await context.database.read(query))


async def changes(
    context: Context, room_id: str, session: Session | None, *, since: int, limit: int
) -> Changes:
    """The first `limit` messages that changed after `since`, and how far that reaches."""

    def query(connection: sa.Connection) -> Changes:
        conversation = door.readable(connection, room_id, session).conversation
        begin = max(since, conversation.erased_through or 0)
        through = min(conversation.seq, begin + SYNC_REACH)
        found = stored_messages.changed(
            connection,
            conversation.id,
            since=since,
            limit=limit + 1,
            through=through,
            chars=STATE_MAX_CHARS,
        )
        page = found[: states.fitting(found[:limit])]
        is_cut = len(found) > len(page)
        seq = page[-1].changed_seq if is_cut else through
        more = seq < conversation.seq
        return Changes(
            seq,
            page,
            more,
            conversation.is_active,
            conversation.erased_through,
            conversation.epoch if conversation.is_encrypted else None,
        )

    return await context.database.read(query)


async def listed(
    context: Context,
    *,
    limit: int,
    cursor: str | None = None,
    title_contains: str = "",
    untitled: str | None = None,
) -> tuple[list[Conversation], str | None]:
    """A page of active, listed conversations, newest activity first, and the next page's cursor.

    `untitled` is what those without a title are called, where that is not `default_title`.
    """
    after = position(cursor) if cursor else None
    wanted = text.query(title_contains)
    is_untitled_found = None
    if untitled is not None:
        is_untitled_found = wanted.casefold() in untitled.casefold()

    async def find() -> list[Conversation]:
        read = context.database.search if wanted else context.database.read
        return await read(
            stored.listed,
            limit=limit + 1,
            after=after,
            title_contains=wanted,
            is_untitled_found=is_untitled_found,
        )

    found = await (turns.in_turn(context.searching, find) if wanted else find())
    page = found[:limit]
    return page, cursor_after(page[-1]) if len(found) > limit else None


async def end(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    named: str | None = None,
    address: str = "",
) -> Conversation:
    """End it, for the owner, or for whoever has no session and names who started it, where that
    may do. Raises `Forbidden`, `ConversationIsOver`, `ConversationNotFound`.
    """
    at, named = context.clock(), text.user_id(named)

    def may_without_proof(connection: sa.Connection, conversation: Conversation) -> bool:
        owner = conversation.owner_session_id
        return session is None and access.may_end_unproven(
            conversation,
            stored_sessions.by_id(connection, owner),
            named=named,
            place=proof.start_key(context, owner, address),
            needs_proof=context.require_proof or conversation.needs_proof,
        )

    def work(connection: sa.Connection) -> tuple[Conversation, int]:
        found = door.readable(connection, room_id, session)
        if may_without_proof(connection, found.conversation):
            found = replace(found, is_founder=True)
        else:
            access.require_owner(found.standing)
        seq = stored.end(connection, found.id, at=at)
        if seq is None:
            raise ConversationIsOver
        audit.note(connection, found, "ended", at=at)
        return found.conversation, seq

    return await _end(context, work, at)


async def end_as_host(context: Context, room_id: str, *, by: By) -> Conversation:
    """The same for whoever runs the server; owners see in their log that it was done.

    Raises `ConversationIsOver`, `ConversationNotFound`, `OldLink`, and as `admins.allow`.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Conversation, int]:
        deed = admins.allow(connection, by, "ended", at=at)
        found = door.find(connection, room_id, None)
        seq = stored.end(connection, found.id, at=at)
        if seq is None:
            raise ConversationIsOver
        audit.note_of_host(connection, found, "ended", at=at)
        deed.note(connection, found.conversation.room_id)
        return found.conversation, seq

    return await _end(context, work, at)


async def _end(
    context: Context, work: Callable[[sa.Connection], tuple[Conversation, int]], at: datetime
) -> Conversation:
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


def _by_id(connection: sa.Connection, conversation_id: int) -> Conversation:
    conversation = stored.by_id(connection, conversation_id)
    if conversation is None:
        raise ConversationNotFound
    return conversation


def cursor_after(last: Conversation) -> str:
    """Where a list by the latest activity goes on."""
    at_ms = (last.last_activity_at - _EPOCH) // timedelta(milliseconds=1)
    return base64.urlsafe_b64encode(f"{at_ms}.{last.id}".encode()).decode().rstrip("=")


def position(cursor: str) -> ListPosition:
    """Raises `BadRequest` for what is no cursor."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        at_ms, _, id = base64.urlsafe_b64decode(padded).decode("ascii").partition(".")
        at = _EPOCH + timedelta(milliseconds=_small(at_ms))
        return ListPosition(at, _small(id))
    except (ValueError, binascii.Error, OverflowError):
        raise BadRequest("Unknown cursor. Start again without it.") from None


def _small(text: str) -> int:
    if not is_plain_number(text) or (number := int(text)) >= 2**63:
        raise ValueError(text)
    return number
