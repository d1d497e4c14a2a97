"""Claiming to be somebody whose words were imported, and the owners' answer.

Nobody can speak as them until an owner agrees; then whoever asked does, and what they said until
then stays as it was said.
"""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import CLAIMS_MAX, IMPORTED_LISTED_MAX
from parley.domain import access, audit, door, names, naming
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import BadRequest, NotFound, NotJoined, RateLimited
from parley.records import (
    Claim,
    ClaimAnswered,
    Claimed,
    Event,
    Participant,
    ParticipantClaimed,
    ParticipantLeft,
    Reading,
    Session,
    Standing,
)
from parley.storage import claims as stored
from parley.storage import conversations as stored_conversations
from parley.storage import participants as stored_participants
from parley.storage import readings

_GONE = "Nobody here is called so any more, or somebody is them already."


class WhoIsWho(Struct, frozen=True):
    """The imported people whom nobody has become yet, and who claims to be one of them."""

    room_id: str
    title: str
    imported: tuple[Participant, ...]
    person: Participant | None
    """Whoever asks."""
    own: Claim | None
    """What they said, also after an owner declined it."""
    waiting: tuple[Claim, ...]
    """For owners alone."""
    is_owner: bool


class Answer(Struct, frozen=True):
    is_agreed: bool
    """Whether they are them now; else an owner has to agree."""


async def who_is_who(context: Context, room_id: str, session: Session | None) -> WhoIsWho:
    """For who may read."""

    def query(connection: sa.Connection) -> WhoIsWho:
        found = door.readable(connection, room_id, session)
        is_owner = found.standing is Standing.OWNER
        own = (
            None if found.person is None else stored.of(connection, found.id, found.person.user_id)
        )
        return WhoIsWho(
            room_id=found.conversation.room_id,
            title=found.conversation.title,
            imported=stored.imported(connection, found.id, limit=IMPORTED_LISTED_MAX),
            person=found.person,
            own=own,
            waiting=stored.waiting(connection, found.id, limit=CLAIMS_MAX) if is_owner else (),
            is_owner=is_owner,
        )

    return await context.database.read(query)


async def is_any_imported(context: Context, conversation_id: int) -> bool:
    return await context.database.read(stored.is_any_imported, conversation_id)


async def waiting(context: Context, conversation_id: int) -> tuple[Claim, ...]:
    """Who waits for an owner's answer, for an owner's page."""

    def query(connection: sa.Connection) -> tuple[Claim, ...]:
        return stored.waiting(connection, conversation_id, limit=CLAIMS_MAX)

    return await context.database.read(query)


async def claim(context: Context, room_id: str, session: Session | None, claimed_id: str) -> Answer:
    """Claim to be somebody: one at a time, and the latest counts. An owner needs nobody's word.

    Raises `NotJoined`, `ConversationIsOver`, `NotFound`, `RateLimited`.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Answer, list[Event]]:
        found = door.readable(connection, room_id, session)
        person = found.person
        if person is None:
            raise NotJoined
        access.require_open(found.conversation)
        claimed = _claimable(connection, found, claimed_id)
        if found.standing is Standing.OWNER:
            return Answer(is_agreed=True), _agree(context, connection, found, person, claimed)
        before = stored.of(connection, found.id, person.user_id)
        is_waiting = before is not None and not before.is_declined
        if not is_waiting and stored.count(connection, found.id) >= CLAIMS_MAX:
            raise RateLimited(
                "Too many people wait for an answer. Try again later.", retry_after=60
            )
        stored.ask(connection, person, claimed_id, at=at)
        asked = Claim(
            conversation_id=found.id,
            user_id=person.user_id,
            username=person.username,
            claimed_id=claimed_id,
            claimed_name=claimed.username,
            asked_at=at,
        )
        return Answer(is_agreed=False), [Claimed(found.conversation.room_id, asked)]

    answer, _ = await context.database.write(work, lambda done: _tell(context, done[1]))
    return answer


async def answer(
    context: Context, room_id: str, session: Session | None, user_id: str, *, admit: bool
) -> None:
    """Agree that somebody is who they say, or not; for owners. Raises `NotFound`."""

    def work(connection: sa.Connection) -> list[Event]:
        found = door.owned(connection, room_id, session)
        asked = stored.of(connection, found.id, user_id)
        person = stored_participants.by_user(connection, found.id, user_id)
        if asked is None or asked.is_declined or person is None:
            raise NotFound("No one is waiting under this user_id any more.")
        events: list[Event] = [ClaimAnswered(found.conversation.room_id, asked, admit)]
        if admit:
            claimed = _claimable(connection, found, asked.claimed_id)
            events += _agree(context, connection, found, person, claimed)
        else:
            at = context.clock()
            stored.decline(connection, found.id, user_id, at=at)
            audit.note(connection, found, "declined_claim", at=at, about=asked.username)
        return events

    await context.database.write(work, lambda events: _tell(context, events))


def _claimable(connection: sa.Connection, found: Found, user_id: str) -> Participant:
    claimed = stored_participants.by_user(connection, found.id, user_id)
    if claimed is None or not claimed.is_imported or claimed.removed_at is not None:
        raise NotFound(_GONE)
    return claimed


def _agree(
    context: Context,
    connection: sa.Connection,
    found: Found,
    person: Participant,
    claimed: Participant,
) -> list[Event]:
    if person.removed_at is not None:
        raise BadRequest("They were removed from this conversation.")
    at, room_id = context.clock(), found.conversation.room_id
    read = readings.unread(connection, person)
    count = found.conversation.participant_count
    if person.left_at is None:
        count = stored_conversations.change_participant_count(connection, found.id, -1)
    stored.forget(connection, found.id, person.user_id)
    stored.forget_all_of(connection, found.id, claimed.user_id)
    before, now = stored.swap(connection, person, claimed, at=at)
    if context.cluster is not None:
        context.cluster.puts_out(connection, before)
    # They have seen here what they have seen, whoever they were.
    readings.put(connection, found.id, Reading(now.user_id, read.after, read.is_hidden))
    for name in (before.username, now.username):
        naming.mark(connection, found.id, names.skeleton(name))
    audit.note(connection, found, "agreed_claim", at=at, about=now.username)
    events: list[Event] = [ParticipantClaimed(room_id, before, now)]
    if person.left_at is None:
        events.append(ParticipantLeft(before, count))
    return events


def _tell(context: Context, events: list[Event]) -> None:
    for event in events:
        if isinstance(event, ParticipantClaimed):
            context.presence.forget(event.before)
        context.bus.publish(event)
