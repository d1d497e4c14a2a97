"""New keys of encrypted conversations: begun, and told to whoever follows."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import EPOCHS_PAGE_MAX_BYTES
from parley.domain import access, audit, door, envelopes, removal
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.removal import Removal
from parley.errors import ConversationNotFound, EpochTaken
from parley.records import Conversation, EpochBegan, Event, GrantsTakenBack, KeptEpoch, Session
from parley.storage import conversations as stored_conversations
from parley.storage import epochs as stored
from parley.storage import grants

PAGE_MAX = 1_000
"""Of the shortest records more would fit."""


class NewEpoch(Struct, frozen=True):
    """A key that is to be the next."""

    number: int
    record: bytes
    read_proof_hash: bytes

    @classmethod
    def of(cls, record: str, read_proof_hash: str) -> NewEpoch:
        """Raises `BadRequest`, `TooLarge`."""
        number, octets = envelopes.epoch_record(record)
        return cls(number, octets, envelopes.read_proof(read_proof_hash))


class Begun(Struct, frozen=True):
    """What came of it."""

    conversation: Conversation
    """As it is then."""
    events: tuple[Event, ...] = ()
    """In order: whoever is shown out hears no more. None where it had begun before."""


class Kept(Struct, frozen=True):
    """Some of the records there are."""

    epoch: int
    """The number of the key there is now."""
    records: tuple[KeptEpoch, ...]
    has_more: bool


class _Outcome(Struct, frozen=True):
    begun: Begun
    removal: Removal | None


async def begin(
    context: Context,
    room_id: str,
    session: Session | None,
    new: NewEpoch,
    *,
    remove: str | None = None,
) -> int:
    """Change the key, for owners; with `remove` somebody is removed in the same go, as
    `removal.remove` does it. The number of the key then.

    Raises `BadRequest` where it is not encrypted, `ConversationIsOver`, `EpochTaken`, and what
    keeps somebody from being removed. The same key again changes nothing.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> _Outcome:
        found = door.owned(connection, room_id, session)
        begun = begin_in(connection, found, session, new, at=at)
        gone = None
        if remove is not None:
            gone = removal.take_out(connection, found, session, remove, at=at)
        return _Outcome(begun, gone)

    def tell(outcome: _Outcome) -> None:
        if outcome.removal is not None:
            removal.tell(context, outcome.removal)
        for event in outcome.begun.events:
            context.bus.publish(event)

    outcome = await context.database.write(work, tell)
    return outcome.begun.conversation.epoch


def begin_in(
    connection: sa.Connection,
    found: Found,
    session: Session | None,
    new: NewEpoch,
    *,
    at: datetime,
) -> Begun:
    """The same, for an owner, inside a transaction."""
    conversation = found.conversation
    if session is None:
        raise ConversationNotFound
    access.require_encrypted(conversation)
    access.require_open(conversation)
    if _is_begun(connection, conversation, new):
        return Begun(conversation)
    if new.number != conversation.epoch + 1:
        raise EpochTaken(conversation.epoch)
    seq = stored_conversations.count_change(connection, found.id)
    after = stored_conversations.change(
        connection, found.id, epoch=new.number, read_proof_hash=new.read_proof_hash
    )
    stored.insert(
        connection,
        found.id,
        number=new.number,
        seq=seq,
        record=new.record,
        at=at,
        made_by=session.id,
    )
    audit.note(connection, found, "changed_key", at=at)
    events: list[Event] = []
    if shown_out := grants.take_back_nameless(connection, found.id):
        events.append(GrantsTakenBack(found.id, tuple(shown_out)))
    events.append(EpochBegan(found.id, conversation.room_id, new.number, seq))
    return Begun(after, tuple(events))


async def following(context: Context, room_id: str, session: Session | None, *, after: int) -> Kept:
    """The records of the keys after one, for whoever may read."""

    def query(connection: sa.Connection) -> Kept:
        conversation = door.readable(connection, room_id, session).conversation
        found, has_more = stored.following(
            connection,
            conversation.id,
            after=after,
            most_bytes=EPOCHS_PAGE_MAX_BYTES,
            limit=PAGE_MAX,
        )
        return Kept(conversation.epoch, found, has_more)

    return await context.database.read(query)


def _is_begun(connection: sa.Connection, conversation: Conversation, new: NewEpoch) -> bool:
    """Whether it is the key there is: whoever missed the answer asks again."""
    if new.number != conversation.epoch:
        return False
    record = stored.record(connection, conversation.id, new.number)
    return record == new.record and new.read_proof_hash == conversation.read_proof_hash
