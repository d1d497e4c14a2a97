"""A new name, given over REST, reaches everyone who sees the old one."""

from __future__ import annotations

import pytest

from parley.domain import conversations, participants
from parley.domain.context import Context
from parley.domain.participants import Joined, Joining
from parley.records import PartChanged, ParticipantArrived, ParticipantLeft
from tests.domain.conftest import Told


@pytest.fixture
async def room_id(context: Context) -> str:
    return (await conversations.create(context, None)).conversation.room_id


@pytest.fixture
async def ben(context: Context, told: Told, room_id: str) -> Joined:
    """On a socket; what was told of his coming is forgotten."""
    ben = await participants.join(context, room_id, Joining(None, "ben", "Ben", "laptop"))
    told.events.clear()
    return ben


async def is_called(context: Context, room_id: str, person: Joined, name: str) -> None:
    await participants.join(context, room_id, Joining(person.session, username=name))


async def test_a_new_name_is_told_while_a_broken_connection_may_come_back(
    context: Context, told: Told, room_id: str, ben: Joined
) -> None:
    participants.lose(context, ben.participant, "laptop")
    await is_called(context, room_id, ben, "Benedict")
    joining = Joining(ben.session, username="Benedict", socket="phone")
    await participants.join(context, room_id, joining)
    (arrived,) = told.events
    assert isinstance(arrived, ParticipantArrived)
    assert arrived.participant.username == "Benedict"


async def test_who_leaves_is_told_by_their_new_name(
    context: Context, told: Told, room_id: str, ben: Joined
) -> None:
    await is_called(context, room_id, ben, "Benedict")
    await participants.leave(context, ben.participant, "laptop")
    left = told.events[-1]
    assert isinstance(left, ParticipantLeft)
    assert left.participant.username == "Benedict"


async def test_who_is_not_here_is_not_told_of(context: Context, told: Told, room_id: str) -> None:
    cleo = await participants.join(context, room_id, Joining(None, "cleo", "Cleo"))
    await is_called(context, room_id, cleo, "Cleopatra")
    # Her own session alone: her list of conversations has one more.
    assert told.events == [PartChanged(cleo.participant.conversation_id, cleo.session.id)]
