"""Who knocks waits for a day at most, among a few, until an owner answers or opens the door."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio

from parley.contract import WAITING_MAX
from parley.domain import conversations, knocking, overview, owning
from parley.domain.context import Context
from parley.domain.conversations import Created
from parley.domain.owning import Wishes
from parley.errors import KnockRequired, RateLimited
from parley.present import knock_state
from parley.records import ConversationChanged, Knock, KnockAnswered, Knocked, Session
from tests.domain import lasting
from tests.domain.conftest import Clock, Told

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context

DAY = timedelta(days=1)


@pytest_asyncio.fixture(loop_scope="module")
async def made(context: Context, told: Told) -> Created:
    """Ada's conversation, where who is new knocks."""
    made = await conversations.create(context, None)
    room_id = made.conversation.room_id
    await owning.change(context, room_id, made.owner, Wishes(is_knock=True))
    told.events.clear()
    return made


async def knocks(
    context: Context,
    made: Created,
    name: str,
    session: Session | None = None,
    address: str = "203.0.113.7",
) -> Session:
    room_id = made.conversation.room_id
    asked = await knocking.knock(context, room_id, session, name, address)
    assert asked.session is not None
    return asked.session


async def waiting(context: Context, made: Created) -> list[str]:
    seen = await overview.overview(context, made.conversation.room_id, made.owner)
    return [each.username for each in seen.waiting]


async def state(context: Context, made: Created, session: Session | None) -> str:
    stands = await knocking.own_knock(context, made.conversation.room_id, session)
    return knock_state(stands)


def answers(told: Told) -> list[tuple[Knock, bool]]:
    found = [each.knock for each in told.events if isinstance(each, KnockAnswered)]
    return [(knock, knock.answer == "admitted") for knock in found]


async def test_no_more_wait_than_an_owner_can_look_through(context: Context, made: Created) -> None:
    sessions = [await knocks(context, made, f"Kim {i}") for i in range(WAITING_MAX)]
    with pytest.raises(RateLimited) as refused:
        await knocks(context, made, "Sam")
    assert refused.value.retry_after == 60
    await knocks(context, made, "Kim, once more", sessions[0])
    assert len(await waiting(context, made)) == WAITING_MAX
    await knocking.answer_all(context, made.conversation.room_id, made.owner, admit=False)
    await knocks(context, made, "Sam")
    assert await waiting(context, made) == ["Sam"]
    assert await state(context, made, sessions[0]) == "declined"


async def test_who_knocked_a_day_ago_is_gone_and_may_knock_again(
    context: Context, clock: Clock, told: Told, made: Created
) -> None:
    kim = await knocks(context, made, "Kim")
    clock.goes_on(DAY)
    assert await waiting(context, made) == []
    assert await state(context, made, kim) == "none"
    await knocks(context, made, "Kim", kim)
    assert await waiting(context, made) == ["Kim"]
    assert [type(each) for each in told.events] == [Knocked, Knocked]


async def test_knocks_of_a_day_ago_keep_nobody_from_knocking(
    context: Context, clock: Clock, made: Created
) -> None:
    for i in range(WAITING_MAX):
        await knocks(context, made, f"Kim {i}")
    clock.goes_on(DAY)
    await knocks(context, made, "Sam")


async def test_who_must_knock_and_has_not_is_told_so(context: Context, made: Created) -> None:
    assert await state(context, made, None) == "none"
    kim = await knocks(context, made, "Kim")
    assert await state(context, made, kim) == "waiting"
    assert await state(context, made, made.owner) == "not_needed"
    await knocking.answer_all(context, made.conversation.room_id, made.owner, admit=True)
    assert await state(context, made, kim) == "admitted"
    wishes = Wishes(passphrase="open sesame")  # takes back what was given without a name
    await owning.change(context, made.conversation.room_id, made.owner, wishes)
    assert await state(context, made, kim) == "none"


async def test_nobody_waits_at_an_open_door(context: Context, told: Told, made: Created) -> None:
    room_id = made.conversation.room_id
    kim = await knocks(context, made, "Kim")
    told.events.clear()
    await owning.change(context, room_id, made.owner, Wishes(is_knock=False))
    assert isinstance(told.events[0], ConversationChanged)
    [(knock, is_admitted)] = answers(told)
    assert (knock.username, is_admitted) == ("Kim", True)
    assert await waiting(context, made) == []
    assert await state(context, made, kim) == "not_needed"
    await owning.change(context, room_id, made.owner, Wishes(is_knock=True))
    with pytest.raises(KnockRequired):
        await conversations.find(context, room_id, kim)
    assert await state(context, made, kim) == "none"


async def test_an_open_door_brings_in_who_waited_and_for_a_day_alone(
    context: Context, clock: Clock, made: Created
) -> None:
    room_id = made.conversation.room_id
    kim = await knocks(context, made, "Kim")
    assert (await knocking.own_knock(context, room_id, kim)).name_to_join_by is None
    await owning.change(context, room_id, made.owner, Wishes(is_knock=False))
    assert (await knocking.own_knock(context, room_id, kim)).name_to_join_by == "Kim"
    clock.goes_on(DAY)
    assert (await knocking.own_knock(context, room_id, kim)).name_to_join_by is None


async def test_who_waits_at_a_door_that_is_locked_goes_on_waiting(
    context: Context, told: Told, made: Created
) -> None:
    room_id = made.conversation.room_id
    kim = await knocks(context, made, "Kim")
    await owning.change(context, room_id, made.owner, Wishes(is_locked=True))
    assert await waiting(context, made) == ["Kim"]
    assert await state(context, made, kim) == "waiting"
    assert answers(told) == []


# --- a door that one address fills ---


async def test_one_address_keeps_nobody_else_from_knocking(
    context: Context, clock: Clock, told: Told, made: Created
) -> None:
    mallory = []
    for i in range(WAITING_MAX):
        clock.goes_on(timedelta(seconds=1))
        mallory.append(await knocks(context, made, f"Kim {i}"))
    clock.goes_on(timedelta(seconds=1))
    told.events.clear()
    await knocks(context, made, "Sam", address="203.0.113.8")
    assert await waiting(context, made) == [*(f"Kim {i}" for i in range(WAITING_MAX - 1)), "Sam"]
    assert await state(context, made, mallory[-1]) == "crowded_out"
    assert [each.answer for each, _ in answers(told)] == ["crowded_out"]
    with pytest.raises(RateLimited):  # nor takes the place back
        await knocks(context, made, "Kim again", mallory[-1])
    clock.goes_on(timedelta(seconds=1))
    await knocks(context, made, "Sue", address="203.0.113.8")
    assert (await waiting(context, made))[-2:] == ["Sam", "Sue"]


async def test_two_addresses_do_not_put_each_other_out_for_ever(
    context: Context, made: Created
) -> None:
    for i in range(WAITING_MAX):
        await knocks(context, made, f"Kim {i}")
    for i in range(WAITING_MAX // 2):
        await knocks(context, made, f"Sam {i}", address="203.0.113.8")
    with pytest.raises(RateLimited):
        await knocks(context, made, "Sam once more", address="203.0.113.8")
    with pytest.raises(RateLimited):
        await knocks(context, made, "Kim once more")
    await knocks(context, made, "Zoe", address="203.0.113.9")


async def test_where_everybody_is_from_elsewhere_nobody_makes_room(
    context: Context, made: Created
) -> None:
    for i in range(WAITING_MAX):
        await knocks(context, made, f"Kim {i}", address=f"198.51.100.{i}")
    with pytest.raises(RateLimited):
        await knocks(context, made, "Sam", address="203.0.113.8")


async def test_no_address_of_who_knocks_is_kept(context: Context, made: Created) -> None:
    await knocks(context, made, "Kim")
    rows = await context.database.read(
        lambda connection: connection.exec_driver_sql("SELECT * FROM knocks").all()
    )
    assert "203.0.113" not in str(rows)
