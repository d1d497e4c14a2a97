"""A name is that of who has held it longest, and nobody loses theirs to who took it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio

from parley.domain import conversations, messages, naming, participants, removal
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joined, Joining
from parley.errors import BadRequest, NameTaken
from parley.records import Message, ParticipantArrived, Session
from tests.domain import lasting
from tests.domain.conftest import Clock, Told

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context


class Talk:
    """A conversation of Ada's, whose clock goes on with everybody who comes."""

    def __init__(self, context: Context, clock: Clock, room_id: str, owner: Session) -> None:
        self._context, self._clock = context, clock
        self.room_id, self.owner = room_id, owner

    async def joins(
        self, name: str, who: Joined | None = None, socket: str | None = None
    ) -> Joined:
        self._clock.goes_on(timedelta(seconds=1))
        session = None if who is None else who.session
        joining = Joining(session, username=name, socket=socket)
        return await participants.join(self._context, self.room_id, joining)

    async def removes(self, who: Joined) -> None:
        user_id = who.participant.user_id
        await removal.remove(self._context, self.room_id, self.owner, user_id)

    async def marked(self) -> set[str]:
        """The user ids of those who are marked."""
        seen = await conversations.snapshot(self._context, self.room_id, self.owner)
        return {each.user_id for each in seen.participants if each.is_alike}


@pytest_asyncio.fixture(loop_scope="module")
async def talk(context: Context, clock: Clock) -> Talk:
    created = await conversations.create(context, None, user_id="ada")
    return Talk(context, clock, created.conversation.room_id, created.owner)


@pytest.mark.parametrize("false_name", ["Ben", "ben", "\u0412en"])
async def test_who_is_taken_for_somebody_removed_comes_back(talk: Talk, false_name: str) -> None:
    ben = await talk.joins("Ben")
    await talk.removes(await talk.joins(false_name))
    for socket in (None, "phone"):
        assert (await talk.joins("Ben", ben, socket)).participant.is_alike is False


async def test_a_name_is_free_again_that_was_never_the_removed_ones_alone(talk: Talk) -> None:
    ben = await talk.joins("Ben")
    await talk.removes(await talk.joins("Ben"))
    await talk.joins("Benedict", ben)
    await talk.joins("Ben")


async def test_the_name_of_who_was_removed_is_for_no_newcomer_and_no_rename(talk: Talk) -> None:
    await talk.removes(await talk.joins("Ben"))
    cleo = await talk.joins("Cleo")
    for who in (None, cleo):
        with pytest.raises(NameTaken):
            await talk.joins("BEN", who)


async def test_joining_again_sheds_no_mark(talk: Talk) -> None:
    mallory, alice = await talk.joins("zz"), await talk.joins("Alice")
    for _ in range(2):
        await talk.joins("Alice", mallory)
        assert await talk.marked() == {mallory.participant.user_id}
    assert (await talk.joins("Alice", alice)).participant.is_alike is False
    await talk.joins("zz", mallory)
    assert await talk.marked() == set()


async def test_who_took_the_name_of_one_away_is_marked_on_their_return(
    context: Context, talk: Talk, told: Told
) -> None:
    alice = await talk.joins("Alice", socket="laptop")
    await participants.leave(context, alice.participant, "laptop")
    mallory = await talk.joins("Alice", socket="mallory's")
    assert await talk.marked() == set()
    told.events.clear()
    await talk.joins("Alice", alice, "laptop")
    assert await talk.marked() == {mallory.participant.user_id}
    heard = [each.participant for each in told.events if isinstance(each, ParticipantArrived)]
    assert [(each.user_id, each.is_alike) for each in heard] == [
        (alice.participant.user_id, False),
        (mallory.participant.user_id, True),
    ]


async def test_who_was_marked_stays_so_while_the_other_is_away(
    context: Context, talk: Talk
) -> None:
    alice = await talk.joins("Alice", socket="laptop")
    mallory = await talk.joins("Alice")
    await participants.leave(context, alice.participant, "laptop")
    assert (await talk.joins("Alice", mallory)).participant.is_alike


async def test_who_was_marked_for_somebody_removed_is_marked_no_more(
    talk: Talk, told: Told
) -> None:
    mallory = await talk.joins("Alice")
    alice = await talk.joins("Alice", socket="laptop")
    assert alice.participant.is_alike
    await talk.removes(mallory)
    assert await talk.marked() == set()
    last = told.events[-1]
    assert isinstance(last, ParticipantArrived)
    assert (last.participant.user_id, last.participant.is_alike) == (
        alice.participant.user_id,
        False,
    )


async def test_an_owner_is_the_first_of_their_name_whenever_they_come(
    context: Context, talk: Talk
) -> None:
    mallory = await talk.joins("Ada")
    ada = await participants.join(context, talk.room_id, Joining(talk.owner, username="Ada"))
    assert ada.participant.is_alike is False
    assert await talk.marked() == {mallory.participant.user_id}


async def test_an_owner_comes_under_their_name_whoever_was_removed_under_it(
    context: Context, talk: Talk
) -> None:
    await talk.removes(await talk.joins("Ada"))
    ada = await participants.join(context, talk.room_id, Joining(talk.owner, username="Ada"))
    assert ada.participant.is_alike is False


@pytest.mark.parametrize("name", ["\u200b", "\u200d", "\u00ad", "\u3164", "\u2800"], ids=ascii)
async def test_a_name_that_nobody_sees_is_none(talk: Talk, name: str) -> None:
    with pytest.raises(BadRequest):
        await talk.joins(name)


async def test_another_name_is_told_of_whoever_the_others_see(
    context: Context, told: Told, talk: Talk
) -> None:
    """On a socket, or on a page without one; of whom they were not told, they are told nothing."""
    ben = await talk.joins("Ben", socket="phone")
    page = Joining(None, username="Cleo", keeps_cookie=True, announced=True)
    cleo = await participants.join(context, talk.room_id, page)
    program = await talk.joins("Dan")
    told.events.clear()
    await talk.joins("Benedict", ben)
    again = Joining(cleo.session, username="Cleopatra", keeps_cookie=True, announced=True)
    await participants.join(context, talk.room_id, again)
    await talk.joins("Daniel", program)
    arrived = [each for each in told.events if isinstance(each, ParticipantArrived)]
    names = [(each.participant.username, each.participant_count) for each in arrived]
    assert names == [("Benedict", 3), ("Cleopatra", 3)]


# --- beside what somebody said who left ---


async def test_who_comes_under_the_name_of_one_who_spoke_and_left_is_marked(
    context: Context, talk: Talk
) -> None:
    zed = await talk.joins("Zed", socket="laptop")
    await messages.send(context, zed.participant, Draft("Hello"))
    await participants.leave(context, zed.participant, "laptop")
    mallory = await talk.joins("\u0396ed")  # with the Greek letter
    assert mallory.participant.is_alike
    sent = await messages.send(context, mallory.participant, Draft("As I said"))
    assert sent.message.is_alike
    assert not (await talk.joins("Zed", zed, "laptop")).participant.is_alike
    assert await talk.marked() == {mallory.participant.user_id}


async def test_what_was_said_under_another_name_marks_nobody(context: Context, talk: Talk) -> None:
    """A name is free for all if nobody spoke under it."""
    zed = await talk.joins("Zoe", socket="laptop")
    await messages.send(context, zed.participant, Draft("Hello"))
    zed = await talk.joins("Zed", zed, "laptop")
    await participants.leave(context, zed.participant, "laptop")
    assert not (await talk.joins("Zed")).participant.is_alike


async def test_what_somebody_removed_said_marks_nobody_who_may_have_the_name(
    context: Context, talk: Talk
) -> None:
    zed, mallory = await talk.joins("Zed", socket="laptop"), await talk.joins("Zed")
    await messages.send(context, mallory.participant, Draft("Hello"))
    assert await talk.marked() == {mallory.participant.user_id}
    await talk.removes(mallory)
    await participants.leave(context, zed.participant, "laptop")  # who never spoke
    assert not (await talk.joins("Zed")).participant.is_alike


async def test_who_spoke_and_left_takes_no_mark_from_an_owner(context: Context, talk: Talk) -> None:
    mallory = await talk.joins("Ada", socket="laptop")
    await messages.send(context, mallory.participant, Draft("Hello"))
    await participants.leave(context, mallory.participant, "laptop")
    ada = await participants.join(context, talk.room_id, Joining(talk.owner, username="Ada"))
    assert not ada.participant.is_alike


# --- beside what somebody said who has another name now ---


async def speaks(context: Context, who: Joined, text: str = "Hello") -> Message:
    return (await messages.send(context, who.participant, Draft(text))).message


@pytest.mark.parametrize("false_name", ["Zed", "zed", "\u0396ed"])
@pytest.mark.parametrize("is_here", [True, False], ids=["here", "gone"])
async def test_who_takes_a_name_that_somebody_spoke_under_is_marked(
    context: Context, talk: Talk, false_name: str, is_here: bool
) -> None:
    zed = await talk.joins("Zed", socket="laptop")
    said = await speaks(context, zed)
    zed = await talk.joins("Zoe", zed, "laptop")
    if not is_here:
        await participants.leave(context, zed.participant, "laptop")
    mallory = await talk.joins(false_name)
    assert mallory.participant.is_alike
    assert (await speaks(context, mallory)).is_alike
    # However often they come, and whatever they were called in between.
    assert (await talk.joins(false_name, mallory)).participant.is_alike
    await talk.joins("Cleo", mallory)
    assert (await talk.joins(false_name, mallory)).participant.is_alike
    seen = await conversations.snapshot(context, talk.room_id, talk.owner)
    assert (said.username, seen.messages[0].username, seen.messages[0].is_alike) == (
        "Zed",
        "Zed",
        False,
    )


async def test_who_comes_back_to_the_name_they_spoke_under_is_the_first_again(
    context: Context, talk: Talk, told: Told
) -> None:
    zed = await talk.joins("Zed", socket="laptop")
    await speaks(context, zed)
    await talk.joins("Zoe", zed)
    mallory = await talk.joins("Zed", socket="phone")
    await speaks(context, mallory)
    told.events.clear()
    back = await talk.joins("Zed", zed, "laptop")
    assert not back.participant.is_alike
    assert await talk.marked() == {mallory.participant.user_id}
    # And what they gave up and took again is theirs as it was: they have spoken under it.
    await participants.leave(context, back.participant, "laptop")
    await talk.joins("Cleo", mallory)
    assert (await talk.joins("Zed")).participant.is_alike


async def test_nobody_loses_their_name_to_one_who_took_it_and_gave_it_up(
    context: Context, talk: Talk
) -> None:
    zed, mallory = await talk.joins("Zed", socket="laptop"), await talk.joins("Zed")
    await speaks(context, mallory)
    await talk.joins("Mallory", mallory)
    await participants.leave(context, zed.participant, "laptop")
    assert not (await talk.joins("Zed", zed, "laptop")).participant.is_alike
    assert not await talk.marked()


async def test_who_was_marked_stays_so_when_the_first_takes_another_name(
    context: Context, talk: Talk
) -> None:
    zed, mallory = await talk.joins("Zed"), await talk.joins("Zed")
    await speaks(context, zed)
    await talk.joins("Zoe", zed)
    assert await talk.marked() == {mallory.participant.user_id}


async def test_an_owner_takes_any_name_unmarked_and_nobody_one_that_an_owner_spoke_under(
    context: Context, talk: Talk
) -> None:
    zed = await talk.joins("Zed")
    await speaks(context, zed)
    await talk.joins("Zoe", zed)
    early = await talk.joins("Zoe2")
    for name in ("Zed", "Zoe2", "Ada"):
        joining = Joining(talk.owner, username=name)
        ada = await participants.join(context, talk.room_id, joining)
        assert not ada.participant.is_alike
        await speaks(context, ada)
    # Who held it before the owner did, and still does, is marked on.
    assert await talk.marked() == {early.participant.user_id}
    await talk.joins("Zoe3", early)
    assert (await talk.joins("Zoe2")).participant.is_alike


async def test_nobody_makes_a_name_free_by_taking_others_as_whoever_had_it(
    context: Context, talk: Talk
) -> None:
    zed = await talk.joins("Zed")
    await speaks(context, zed)
    for count in range(naming.FORMER_MAX + 5):
        await speaks(context, await talk.joins(f"Zed the {count}", zed))
    assert (await talk.joins("Zed")).participant.is_alike
    # Nobody fills the table, either: what comes after so many is free.
    kept, free = f"Zed the {naming.FORMER_MAX - 2}", f"Zed the {naming.FORMER_MAX - 1}"
    assert (await talk.joins(kept)).participant.is_alike
    assert not (await talk.joins(free)).participant.is_alike


async def test_what_somebody_said_who_was_removed_under_another_name_marks_too(
    context: Context, talk: Talk
) -> None:
    zed = await talk.joins("Zed")
    await speaks(context, zed)
    await talk.removes(await talk.joins("Zoe", zed))
    assert (await talk.joins("Zed")).participant.is_alike
