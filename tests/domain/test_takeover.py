"""The original client's way in: taking over what it joined over REST, for a while."""

from __future__ import annotations

from datetime import timedelta

import pytest

from parley.domain import conversations, participants
from parley.domain.context import Context
from parley.domain.participants import Joined, Joining
from parley.errors import IdentityTaken
from tests.domain.conftest import Clock


@pytest.fixture
async def room_id(context: Context) -> str:
    """A conversation that Ben joined over REST a moment ago."""
    room_id = (await conversations.create(context, None)).conversation.room_id
    await participants.join(context, room_id, Joining(None, "ben-1", "Ben"))
    return room_id


async def comes_on_a_socket(context: Context, room_id: str) -> Joined:
    joining = Joining(None, "ben-1", socket="socket", proven=False)
    return await participants.join(context, room_id, joining)


async def test_it_is_possible_for_120_seconds(context: Context, clock: Clock, room_id: str) -> None:
    clock.goes_on(timedelta(seconds=120))
    joined = await comes_on_a_socket(context, room_id)
    assert (joined.participant.user_id, joined.participant.username) == ("ben-1", "Ben")
    assert joined.token is not None


async def test_it_is_not_possible_later(context: Context, clock: Clock, room_id: str) -> None:
    clock.goes_on(timedelta(seconds=120, milliseconds=1))
    with pytest.raises(IdentityTaken):
        await comes_on_a_socket(context, room_id)


async def test_joining_over_rest_again_does_not_make_the_time_longer(
    context: Context, clock: Clock, room_id: str
) -> None:
    clock.goes_on(timedelta(seconds=100))
    with pytest.raises(IdentityTaken):
        await participants.join(context, room_id, Joining(None, "ben-1", "Ben"))
    clock.goes_on(timedelta(seconds=100))
    with pytest.raises(IdentityTaken):
        await comes_on_a_socket(context, room_id)


async def test_it_is_possible_once(context: Context, room_id: str) -> None:
    await comes_on_a_socket(context, room_id)
    with pytest.raises(IdentityTaken):
        await comes_on_a_socket(context, room_id)


async def test_it_makes_no_second_participant(context: Context, room_id: str) -> None:
    joined = await comes_on_a_socket(context, room_id)
    assert joined.participant_count == 1
    snapshot = await conversations.snapshot(context, room_id, None)
    assert [person.user_id for person in snapshot.participants] == ["ben-1"]
