"""Who never used their token can be taken up again, from where they came, until they do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from parley.domain import (
    conversations,
    entering,
    messages,
    owning,
    participants,
    proof,
    removal,
    sessions,
)
from parley.domain.context import Context
from parley.domain.conversations import Created
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joined, Joining
from parley.errors import IdentityTaken
from parley.records import (
    Participant,
    ParticipantProven,
    ParticipantWonBack,
    Session,
    SessionRenewed,
)
from parley.storage import erasing
from parley.storage import sessions as stored_sessions
from tests.domain import lasting
from tests.domain.conftest import Told

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context

HERE, ELSEWHERE = "203.0.113.7", "203.0.113.8"


@dataclass
class Place:
    """A conversation that Ben joined over REST a moment ago, from here."""

    context: Context
    made: Created
    ben: Joined

    @property
    def room_id(self) -> str:
        return self.made.conversation.room_id

    async def comes(self, socket: str | None = "socket", address: str = HERE) -> Joined:
        """Somebody without a token, who names Ben's user_id."""
        joining = Joining(None, "ben-1", socket=socket, proven=False, address=address)
        return await participants.join(self.context, self.room_id, joining)

    async def uses(self, token: str | None) -> Session:
        session = await sessions.resolve(self.context, token)
        assert session is not None
        return session

    async def ben_now(self) -> Participant:
        seen = await conversations.snapshot(self.context, self.room_id, None)
        return next(each for each in seen.participants if each.user_id == "ben-1")


@pytest_asyncio.fixture(loop_scope="module")
async def here(context: Context) -> Place:
    made = await conversations.create(context, None)
    joining = Joining(None, "ben-1", "Ben", address=HERE)
    ben = await participants.join(context, made.conversation.room_id, joining)
    return Place(context, made, ben)


async def test_who_joined_over_rest_is_taken_up_on_a_socket(here: Place) -> None:
    joined = await here.comes()
    assert (joined.participant.user_id, joined.participant.username) == ("ben-1", "Ben")
    assert joined.token not in (None, here.ben.token)
    assert joined.participant_count == 1
    assert (await here.ben_now()).is_unproven


async def test_it_can_be_taken_up_again_and_again(here: Place) -> None:
    for socket in (None, "one", None, "two"):
        joined = await here.comes(socket)
        if socket is not None:
            await participants.leave(here.context, joined.participant, socket)


async def test_from_another_address_it_is_somebody_elses(here: Place) -> None:
    for socket in (None, "socket"):
        with pytest.raises(IdentityTaken):
            await here.comes(socket, ELSEWHERE)


async def test_what_is_kept_of_an_address_tells_nobody_of_it(here: Place) -> None:
    other = (await conversations.create(here.context, None)).conversation
    joining = Joining(None, "ben-1", "Ben", address=HERE)
    there = await participants.join(here.context, other.room_id, joining)
    kept = [here.ben.participant.unproven_from, there.participant.unproven_from]
    assert all(each and HERE not in each for each in kept)
    assert kept[0] != kept[1]


async def test_while_somebody_is_on_it_nobody_else_is(here: Place) -> None:
    joined = await here.comes("one")
    for socket in (None, "two"):
        with pytest.raises(IdentityTaken):
            await here.comes(socket)
    await participants.leave(here.context, joined.participant, "one")
    await here.comes("two")


async def test_of_two_sockets_at_once_one_is_them(here: Place) -> None:
    comes: list[Any] = [here.comes(f"socket {number}") for number in range(5)]
    results = await asyncio.gather(*comes, return_exceptions=True)
    assert [type(each) for each in results] == [Joined] + [IdentityTaken] * 4


async def test_once_the_token_was_used_nobody_takes_it_up(here: Place, told: Told) -> None:
    await here.uses(here.ben.token)
    assert not (await here.ben_now()).is_unproven
    for socket in (None, "socket"):
        with pytest.raises(IdentityTaken):
            await here.comes(socket)


async def test_whoever_took_it_up_and_used_their_token_is_proven_too(here: Place) -> None:
    joined = await here.comes()
    await here.uses(joined.token)
    await participants.leave(here.context, joined.participant, "socket")
    with pytest.raises(IdentityTaken):
        await here.comes()


@pytest.mark.parametrize("is_proven", [False, True])
async def test_the_first_token_wins_it_back(here: Place, told: Told, is_proven: bool) -> None:
    taker = await here.comes()
    if is_proven:
        await here.uses(taker.token)
    told.events.clear()
    session = await here.uses(here.ben.token)
    news = [] if is_proven else [ParticipantProven]
    assert [type(each) for each in told.events] == [ParticipantWonBack, *news]
    assert (await here.ben_now()).left_at is None
    told.events.clear()
    back = await participants.join(here.context, here.room_id, Joining(session, socket="mine"))
    assert (back.participant.user_id, back.participant.is_unproven) == ("ben-1", False)
    assert back.participant.session_id == here.ben.session.id
    assert (back.came_in, told.events) == (False, [])
    with pytest.raises(IdentityTaken):
        await here.comes("again")
    other = await participants.join(here.context, here.room_id, Joining(taker.session))
    assert other.participant.user_id != "ben-1"


async def test_the_first_of_several_has_the_last_word(here: Place) -> None:
    for socket in ("one", "two", "three"):
        taker = await here.comes(socket)
        await participants.leave(here.context, taker.participant, socket)
    await here.uses(here.ben.token)
    session = here.ben.session
    back = await participants.join(here.context, here.room_id, Joining(session, socket="mine"))
    assert back.participant.user_id == "ben-1"


async def test_of_many_conversations_the_latest_are_proven_at_once_and_the_rest_by_joining(
    here: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_sessions, "UNPROVEN_MAX", 2)
    joined, rooms = await here.comes(), [here.room_id]
    for _ in range(2):
        rooms.append((await conversations.create(here.context, None)).conversation.room_id)
        joining = Joining(joined.session, "ben-1", socket="socket", proven=False, address=HERE)
        await participants.join(here.context, rooms[-1], joining)
    session = await here.uses(joined.token)
    people = [(await conversations.snapshot(here.context, id, None)).participants for id in rooms]
    assert [each.is_unproven for [each] in people] == [True, False, False]
    await participants.leave(here.context, joined.participant, "socket")
    with pytest.raises(IdentityTaken):
        await here.comes("another")
    again = await participants.join(here.context, here.room_id, Joining(session))
    assert not again.participant.is_unproven


async def test_who_is_proven_is_told_of_without_the_mark(here: Place, told: Told) -> None:
    joined = await here.comes()
    told.events.clear()
    await here.uses(joined.token)
    [event] = told.events
    assert isinstance(event, ParticipantProven)
    assert (event.participant.user_id, event.participant.is_unproven) == ("ben-1", False)


async def test_a_socket_that_joins_twice_is_proven_in_both(here: Place) -> None:
    other = (await conversations.create(here.context, None)).conversation
    joined = await here.comes()
    joining = Joining(joined.session, "ben-2", socket="socket", proven=False, address=HERE)
    there = await participants.join(here.context, other.room_id, joining)
    assert there.participant.is_unproven
    await here.uses(joined.token)
    seen = await conversations.snapshot(here.context, other.room_id, None)
    assert [each.is_unproven for each in (*seen.participants, await here.ben_now())] == [False] * 2


async def test_nobody_who_was_removed_is_taken_up_or_won_back(here: Place) -> None:
    taker = await here.comes()
    await removal.remove(here.context, here.room_id, here.made.owner, "ben-1")
    with pytest.raises(IdentityTaken):
        await here.comes("other")
    first = await here.uses(here.ben.token)
    joined = await participants.join(here.context, here.room_id, Joining(first, username="Bob"))
    assert joined.participant.user_id != "ben-1"
    assert taker.session.id != first.id


async def test_coming_in_by_a_passphrase_proves_whom_the_socket_was_before(
    here: Place, told: Told
) -> None:
    joined = await here.comes()
    room_id = await behind_a_passphrase(here)
    told.events.clear()
    entered = await entering.enter(here.context, room_id, joined.session, "open sesame")
    assert [type(each) for each in told.events] == [ParticipantProven, SessionRenewed]
    assert not (await here.ben_now()).is_unproven
    joining = Joining(entered.session, "ben-2", socket="socket", address=HERE)
    there = await participants.join(here.context, room_id, joining)
    assert not there.participant.is_unproven


async def test_coming_in_by_a_passphrase_wins_back_who_was_taken_up(
    here: Place, told: Told
) -> None:
    await here.comes()
    room_id = await behind_a_passphrase(here)
    told.events.clear()
    await entering.enter(here.context, room_id, here.ben.session, "open sesame")
    assert isinstance(told.events[0], ParticipantWonBack)
    assert told.events[0].participant.session_id == here.ben.session.id


async def behind_a_passphrase(here: Place) -> str:
    made = await conversations.create(here.context, None)
    wishes = Wishes(passphrase="open sesame")
    await owning.change(here.context, made.conversation.room_id, made.owner, wishes)
    return made.conversation.room_id


@pytest.mark.parametrize("is_taken_up", [False, True])
async def test_what_is_being_erased_keeps_nobody_from_using_their_token(
    here: Place, told: Told, is_taken_up: bool
) -> None:
    if is_taken_up:
        await here.comes()
    told.events.clear()
    number, at = here.made.conversation.id, here.context.clock()
    await here.context.database.write(
        lambda connection: erasing.mark_deleted(connection, number, at=at)
    )
    assert (await here.uses(here.ben.token)).token_used
    assert told.events == []


async def test_an_owners_identity_is_nobody_elses(here: Place) -> None:
    joining = Joining(here.made.owner, "ada-1", "Ada", address=HERE)
    await participants.join(here.context, here.room_id, joining)
    taking = Joining(None, "ada-1", socket="socket", proven=False, address=HERE)
    with pytest.raises(IdentityTaken):
        await participants.join(here.context, here.room_id, taking)


async def test_a_page_takes_up_nobody(here: Place) -> None:
    joining = Joining(None, "ben-1", keeps_cookie=True, address=HERE)
    with pytest.raises(IdentityTaken):
        await participants.join(here.context, here.room_id, joining)
    visitor = Joining(None, username="Cleo", keeps_cookie=True, address=HERE)
    joined = await participants.join(here.context, here.room_id, visitor)
    assert not joined.participant.is_unproven


async def test_the_key_of_a_place_is_that_of_a_conversation(here: Place) -> None:
    keys = {proof.place_key(here.context, number, HERE) for number in (1, 2)}
    assert len(keys) == 2


async def test_whoever_took_somebody_up_frees_no_name_by_giving_it_up_for_them(
    here: Place,
) -> None:
    await messages.send(here.context, here.ben.participant, Draft("I am Ben"))
    taking = Joining(None, "ben-1", "Zed", socket="socket", proven=False, address=HERE)
    taker = await participants.join(here.context, here.room_id, taking)
    assert taker.participant.username == "Zed"
    mallory = Joining(None, "mallory-1", "Ben", address=HERE)
    assert (await participants.join(here.context, here.room_id, mallory)).participant.is_alike
    session = await here.uses(here.ben.token)
    back = await participants.join(here.context, here.room_id, Joining(session, username="Ben"))
    assert (back.participant.user_id, back.participant.is_alike) == ("ben-1", False)
