"""How far conversations are, and what a process has not told of one yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import CLAIMS_MAX, KNOCK_LASTS_S
from parley.domain import cluster, states
from parley.domain.context import Context
from parley.domain.door import Found
from parley.records import (
    Claim,
    Conversation,
    EpochBegan,
    Knock,
    Message,
    Position,
    ReadingMoved,
    Snapshot,
    Standing,
)
from parley.storage import claims as stored_claims
from parley.storage import cluster as stored
from parley.storage import conversations as stored_conversations
from parley.storage import epochs as stored_epochs
from parley.storage import knocks as stored_knocks
from parley.storage import messages as stored_messages
from parley.storage import participants as stored_participants
from parley.storage import readings as stored_readings
from parley.storage import sessions as stored_sessions

CHANGES_MAX = 500
"""Of more than these, clients ask for themselves."""
IDS_MAX = 1_000
"""In one statement."""


class Behind(Struct, frozen=True):
    """What changed in a conversation after a seq, all at one moment."""

    conversation: Conversation | None
    """None where it was deleted."""
    messages: tuple[Message, ...] = ()
    """As they are now, in the order of their last changes."""
    is_all: bool = True
    """Whether those are all that changed."""
    epochs: tuple[EpochBegan, ...] = ()
    """The keys that were made since, in order."""
    fresh: Snapshot | None = None
    """As it stands, where that was asked for."""


async def positions(context: Context, ids: Collection[int]) -> dict[int, Position]:
    """Of those of these conversations that are still there."""
    found: dict[int, Position] = {}
    for some in _pages(ids):
        found |= await context.database.read(stored.positions, some)
    return found


async def behind(
    context: Context, conversation_id: int, *, since: int, with_state: bool = False
) -> Behind:
    """What changed after `since`."""

    def query(connection: sa.Connection) -> Behind:
        conversation = stored_conversations.by_id(connection, conversation_id)
        if conversation is None:
            return Behind(None)
        messages: tuple[Message, ...] = ()
        if conversation.seq > since:
            messages = stored_messages.changed(
                connection, conversation_id, since=since, limit=CHANGES_MAX + 1
            )
        fresh = None
        if with_state:
            found = Found(conversation, Standing.STRANGER, None)
            fresh = cluster.online(context, connection, states.window(connection, found))
        is_all = len(messages) <= CHANGES_MAX
        epochs = _begun(connection, conversation, since=since)
        return Behind(conversation, messages[:CHANGES_MAX], is_all, epochs, fresh)

    return await context.database.read(query)


def _begun(
    connection: sa.Connection, conversation: Conversation, *, since: int
) -> tuple[EpochBegan, ...]:
    if conversation.seq <= since or not conversation.epoch:
        return ()
    begun = stored_epochs.begun(connection, conversation.id, since=since, limit=CHANGES_MAX)
    return tuple(
        EpochBegan(conversation.id, conversation.room_id, number, seq) for number, seq in begun
    )


# --- what has no seq, and no version ---


class Doors(Struct, frozen=True):
    """Who asks for something at the doors of some conversations, all at one moment."""

    room_ids: dict[int, str]
    """Of those that are still there."""
    deleted: dict[int, str]
    """The room ids of those that are not, where they are still known."""
    knocks: tuple[Knock, ...]
    """Of the last day, with the answers they got."""
    claims: tuple[Claim, ...]
    """Those that wait."""


async def readings(context: Context, ids: Collection[int]) -> list[ReadingMoved]:
    """How far people have read in these conversations, where that is told."""
    found: list[ReadingMoved] = []
    for some in _pages(ids):
        found += await context.database.read(stored_readings.moved, some)
    return found


async def doors(context: Context, ids: Collection[int]) -> Doors:
    """Who asks for something in these."""
    since = context.clock() - timedelta(seconds=KNOCK_LASTS_S)

    def query(connection: sa.Connection, some: list[int]) -> Doors:
        rooms = stored_conversations.room_ids(connection, some)
        here = {id: room_id for id, (room_id, is_deleted) in rooms.items() if not is_deleted}
        gone = {id: room_id for id, (room_id, is_deleted) in rooms.items() if is_deleted}
        claims: list[Claim] = []
        for id in stored_claims.claimed_in(connection, list(here)):
            claims += stored_claims.waiting(connection, id, limit=CLAIMS_MAX)
        knocks = stored_knocks.of_many(connection, list(here), since=since)
        return Doors(here, gone, knocks, tuple(claims))

    found = Doors({}, {}, (), ())
    for some in _pages(ids):
        more = await context.database.read(query, some)
        found = Doors(
            found.room_ids | more.room_ids,
            found.deleted | more.deleted,
            (*found.knocks, *more.knocks),
            (*found.claims, *more.claims),
        )
    return found


async def was_agreed(context: Context, claim: Claim) -> bool:
    """Whether an owner said that somebody is who they claimed to be, who waits no more."""

    def query(connection: sa.Connection) -> bool:
        claimed = stored_participants.by_user(connection, claim.conversation_id, claim.claimed_id)
        return claimed is not None and not claimed.is_imported

    return await context.database.read(query)


async def session_marks(context: Context, ids: Collection[int]) -> dict[int, int]:
    """Of the secrets that prove these sessions now."""
    found: dict[int, int] = {}
    for some in _pages(ids):
        found |= await context.database.read(stored_sessions.marks, some)
    return found


def _pages(ids: Collection[int]) -> Iterable[list[int]]:
    some = list(ids)
    return (some[at : at + IDS_MAX] for at in range(0, len(some), IDS_MAX))
