"""Whoever was a guest on one device and signs in there brings along what they had, whole."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from parley.domain import (
    conversations,
    door,
    entering,
    inviting,
    knocking,
    merging,
    messages,
    owning,
    participants,
    reading,
    removal,
)
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.reading import Mark
from parley.errors import BadRequest, ConversationNotFound, Forbidden, NameTaken, SignInFailed
from parley.records import (
    Conversation,
    ParticipantLeft,
    Role,
    SessionRenewed,
    Standing,
)
from tests.databases import ON_POSTGRESQL, beside
from tests.domain import lasting
from tests.domain.conftest import Clock, Told
from tests.domain.guests import Device
from tests.effort import some

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context


@pytest_asyncio.fixture(loop_scope="module")
async def phone(context: Context) -> Device:
    return Device(context)


@pytest_asyncio.fixture(loop_scope="module")
async def desk(context: Context) -> Device:
    return Device(context)


@pytest_asyncio.fixture(loop_scope="module")
async def ada(context: Context) -> Device:
    """Somebody else."""
    return Device(context)


async def people(context: Context, conversation: Conversation, device: Device) -> list[str]:
    shown = await conversations.snapshot(context, conversation.room_id, await device.session())
    assert shown.conversation.participant_count == len(shown.participants)
    return sorted(each.username for each in shown.participants)


async def test_what_only_the_guest_is_in_goes_on_as_it_was(
    context: Context, phone: Device, desk: Device, ada: Device, told: Told
) -> None:
    tea = await ada.starts("Tea", "Ada")
    before = await desk.joins(tea, "Ben")
    said = await desk.says(tea, "Hello")
    [code, *_] = await phone.keeps()
    old_token, told.events[:] = desk.token, []

    await desk.signs_in(code)

    now = await phone.is_in(tea)
    assert now is not None
    assert (now.user_id, now.username) == (before.user_id, "Ben")
    assert (await phone.session()).id == (await desk.session()).id
    assert await people(context, tea, ada) == ["Ada", "Ben"]
    await messages.edit(context, tea.room_id, await phone.session(), said, "Hello!")
    await phone.says(tea, "It's me")
    assert not any(isinstance(each, ParticipantLeft) for each in told.events)
    assert not await Device(context, old_token).is_known()


async def test_what_is_sent_again_stands_there_once(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await ada.starts("Tea", "Ada")
    await desk.joins(tea, "Ben")
    draft = Draft("Hello", client_id="c-1")
    sent = await messages.send_as(context, tea.room_id, await desk.session(), draft)
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    again = await messages.send_as(context, tea.room_id, await desk.session(), draft)
    assert (again.duplicate, again.message.id) == (True, sent.message.id)
    await messages.edit(context, tea.room_id, await phone.session(), sent.message.id, "Hello!")


async def test_nobody_in_it_is_told_anything_of_it(
    context: Context, phone: Device, desk: Device, ada: Device, told: Told
) -> None:
    tea = await ada.starts("Tea", "Ada")
    await desk.joins(tea, "Ben")
    [code, *_] = await phone.keeps()
    told.events.clear()
    await desk.signs_in(code)
    # Of what only its own sessions are told of.
    quiet = {"PartChanged", "SessionRenewed"}
    assert {type(each).__name__ for each in told.events} <= quiet


async def test_what_the_guest_started_is_the_accounts(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    mine = await desk.starts("Mine", None)
    await ada.joins(mine, "Ada")
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)

    session = await phone.session()
    found = await context.database.read(door.find, mine.room_id, session)
    assert (found.standing, found.is_founder) == (Standing.OWNER, True)
    await owning.change(context, mine.room_id, session, Wishes(title="Ours"))


async def test_where_both_are_the_accounts_goes_on_and_the_guest_leaves(
    context: Context, phone: Device, desk: Device, ada: Device, told: Told
) -> None:
    tea = await ada.starts("Tea", "Ada")
    own = await phone.joins(tea, "Ana")
    guest = await desk.joins(tea, "Ana at the desk")
    said = await desk.says(tea, "From the desk")
    [code, *_] = await phone.keeps()
    told.events.clear()
    await desk.signs_in(code)

    assert await people(context, tea, ada) == ["Ada", "Ana"]
    now = await desk.is_in(tea)
    assert now is not None
    assert now.user_id == own.user_id
    [left] = [each for each in told.events if isinstance(each, ParticipantLeft)]
    assert (left.participant.user_id, left.participant_count) == (guest.user_id, 2)

    history, _ = await messages.history(context, tea.room_id, await ada.session(), limit=9)
    assert [(each.username, each.text) for each in history] == [
        ("Ana at the desk", "From the desk")
    ]
    # What they said there is still theirs.
    await messages.edit(context, tea.room_id, await phone.session(), said, "From my desk")
    await messages.delete(context, tea.room_id, await phone.session(), said)


async def test_what_another_said_is_theirs_still(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await ada.starts("Tea", "Ada")
    said = await ada.says(tea, "Mine")
    await phone.joins(tea, "Ana")
    await desk.joins(tea, "Ben")
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    with pytest.raises(Forbidden):
        await messages.edit(context, tea.room_id, await phone.session(), said, "Theirs")


async def test_they_may_do_what_either_may(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await desk.starts("Tea", "Ana at the desk")
    await phone.joins(tea, "Ana")
    await ada.joins(tea, "Ada")
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    now = await phone.is_in(tea)
    assert now is not None
    assert (now.username, now.role) == ("Ana", Role.OWNER)
    await owning.change(context, tea.room_id, await phone.session(), Wishes(title="Ours"))
    # Whoever it was is nobody's badge any more.
    shown = await conversations.snapshot(context, tea.room_id, await ada.session())
    assert [each.username for each in shown.participants if each.role is Role.OWNER] == ["Ana"]


async def test_where_the_account_was_removed_the_guest_goes_on(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await ada.starts("Tea", "Ada")
    own = await phone.joins(tea, "Ana")
    guest = await desk.joins(tea, "Ben")
    await removal.remove(context, tea.room_id, await ada.session(), own.user_id)
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    now = await phone.is_in(tea)
    assert now is not None
    assert (now.user_id, now.removed_at) == (guest.user_id, None)
    assert await people(context, tea, ada) == ["Ada", "Ben"]
    with pytest.raises(BadRequest):  # they are removed still, by the name they had
        await removal.let_back(context, tea.room_id, await ada.session(), guest.user_id)
    await removal.let_back(context, tea.room_id, await ada.session(), own.user_id)


async def test_where_the_guest_was_removed_the_account_goes_on(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await ada.starts("Tea", "Ada")
    own = await phone.joins(tea, "Ana")
    guest = await desk.joins(tea, "Ben")
    await removal.remove(context, tea.room_id, await ada.session(), guest.user_id)
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    now = await desk.is_in(tea)
    assert now is not None
    assert now.user_id == own.user_id
    assert await people(context, tea, ada) == ["Ada", "Ana"]


async def test_who_was_removed_as_a_guest_alone_stays_removed(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await ada.starts("Tea", "Ada")
    guest = await desk.joins(tea, "Ben")
    await removal.remove(context, tea.room_id, await ada.session(), guest.user_id)
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    with pytest.raises(ConversationNotFound):
        await conversations.snapshot(context, tea.room_id, await phone.session())


async def test_where_the_account_left_for_good_the_guest_goes_on(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await ada.starts("Tea", "Ada")
    await phone.joins(tea, "Ana")
    await participants.leave_as(context, tea.room_id, await phone.session())
    guest = await desk.joins(tea, "Ben")
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    now = await phone.is_in(tea)
    assert now is not None
    assert (now.user_id, now.left_at) == (guest.user_id, None)
    assert await people(context, tea, ada) == ["Ada", "Ben"]


async def test_who_has_one_name_on_both_is_no_look_alike_of_themselves(
    context: Context, phone: Device, desk: Device, ada: Device, clock: Clock
) -> None:
    tea = await ada.starts("Tea", "Ada")
    await desk.joins(tea, "Ana")
    await desk.says(tea, "First")
    clock.goes_on(timedelta(seconds=5))
    own = await phone.joins(tea, "Ana")
    assert own.is_alike
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    now = await phone.is_in(tea)
    assert now is not None
    assert not now.is_alike
    clock.goes_on(timedelta(seconds=5))
    assert (await Device(context).joins(tea, "Ana")).is_alike


async def test_what_either_has_read_they_have_read(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await ada.starts("Tea", "Ada")
    await phone.joins(tea, "Ana")
    await desk.joins(tea, "Ana at the desk")
    for text in ("One", "Two", "Three"):
        await ada.says(tea, text)
    await reading.mark(context, tea.room_id, await phone.session(), Mark(1))
    await reading.mark(context, tea.room_id, await desk.session(), Mark(3))
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    missed = await reading.missed(context, tea.room_id, await phone.session(), after=None)
    assert missed.count == 0


async def test_a_passphrase_that_the_guest_knew_lets_the_account_in(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await ada.starts("Tea", "Ada")
    await owning.change(context, tea.room_id, await ada.session(), Wishes(passphrase="sesame"))
    entered = await entering.enter(context, tea.room_id, None, "sesame")
    desk.token = entered.token
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    shown = await conversations.snapshot(context, tea.room_id, await phone.session())
    assert shown.conversation.id == tea.id


async def test_who_waits_at_a_door_still_does(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tea = await ada.starts("Tea", "Ada")
    await owning.change(context, tea.room_id, await ada.session(), Wishes(is_knock=True))
    knocked = await knocking.knock(context, tea.room_id, None, username="Ben")
    desk.token = knocked.token
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    stands = await knocking.own_knock(context, tea.room_id, await phone.session())
    assert stands.knock is not None
    assert stands.knock.answer is None


@pytest.mark.parametrize("has_own", [False, True])
async def test_who_was_invited_to_start_conversations_is_so_still(
    context: Context, phone: Device, desk: Device, told: Told, *, has_own: bool
) -> None:
    closed = replace(context, who_may_start="invited")
    at = context.clock()

    def invite(connection: sa.Connection) -> str:
        return inviting.make(
            connection, by=AT_COMMAND_LINE, at=at, uses_max=2, expires_in=None
        ).code

    invitation = await context.database.write(invite)
    desk.token = (await inviting.accept(context, None, invitation)).token
    [code, *_] = await phone.keeps()
    if has_own:
        device = await phone.session()
        told.events.clear()
        phone.token = (await inviting.accept(context, device, invitation)).token
        # Other devices of the account keep their secrets.
        assert SessionRenewed(device.id, None, device.device_id) in told.events
    await desk.signs_in(code)
    for each in (phone, desk):
        assert await inviting.may_start(closed, await each.session())


async def test_what_is_left_behind_is_nobodys(
    context: Context, phone: Device, desk: Device, ada: Device, told: Told
) -> None:
    tea = await ada.starts("Tea", "Ada")
    await desk.joins(tea, "Ben")
    guest, old_token = await desk.session(), desk.token
    [code, *_] = await phone.keeps()
    told.events.clear()
    await desk.signs_in(code, bring=False)
    assert await desk.is_in(tea) is None
    assert not await Device(context, old_token).is_known()
    assert SessionRenewed(guest.id, None, guest.id) in told.events


async def test_too_much_at_once_is_refused_whole(
    context: Context, phone: Device, desk: Device, ada: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merging, "PARTS_MAX", 1)
    teas = [await ada.starts(title, "Ada") for title in ("Tea", "Coffee")]
    for tea in teas:
        await desk.joins(tea, "Ben")
    [code, *_] = await phone.keeps()
    with pytest.raises(BadRequest):
        await desk.signs_in(code)
    assert await desk.is_in(teas[0]) is not None
    # Nor is the code used up.
    await desk.signs_in(code, bring=False)


async def test_a_second_guest_can_come_to_it(
    context: Context, phone: Device, desk: Device, ada: Device
) -> None:
    tablet = Device(context)
    tea, coffee = await ada.starts("Tea", "Ada"), await ada.starts("Coffee", "Ada")
    await phone.joins(tea, "Ana")
    await desk.joins(tea, "Ana at the desk")
    await tablet.joins(tea, "Ana on the sofa")
    await tablet.joins(coffee, "Ana")
    said = await tablet.says(tea, "Hello")
    codes = await phone.keeps()
    await desk.signs_in(codes[0])
    await tablet.signs_in(codes[1])
    assert await people(context, tea, ada) == ["Ada", "Ana"]
    assert await phone.is_in(coffee) is not None
    await messages.delete(context, tea.room_id, await desk.session(), said)


@pytest.mark.parametrize("seed", some(range(12), every=4, why="a few tell most"))
async def test_whatever_either_was_everything_adds_up(context: Context, seed: int) -> None:
    """Two devices come, go, are removed, own and read along at random, and become one."""
    chance = random.Random(seed)
    ada, phone, desk = Device(context), Device(context), Device(context)
    talks = [await ada.starts(f"Talk {number}", "Ada") for number in range(6)]
    talks += [await device.starts("Own", None) for device in (phone, desk)]
    owner_of = {talk.id: ada for talk in talks} | {talks[-2].id: phone, talks[-1].id: desk}
    said: dict[str, Conversation] = {}
    for _ in range(40):
        talk, device = chance.choice(talks), chance.choice((phone, desk))
        person = await device.is_in(talk)
        if person is not None and person.removed_at is not None:
            continue
        match chance.randrange(4):
            case 0 | 1:
                with contextlib.suppress(NameTaken):  # by who was removed
                    await device.joins(talk, chance.choice(("Ana", "Ben")))
                    said[await device.says(talk, "Hello")] = talk
            case 2 if person is not None:
                await participants.leave_as(context, talk.room_id, await device.session())
            case 3 if person is not None and owner_of[talk.id] is not device:
                if owner_of[talk.id] is ada and chance.random() < 0.5:
                    session = await ada.session()
                    await removal.remove(context, talk.room_id, session, person.user_id)
    was_in = {
        talk.id
        for talk in talks
        for device in (phone, desk)
        if (person := await device.is_in(talk)) is not None and person.removed_at is None
    }
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)

    session = await phone.session()
    for talk in talks:
        asked = await (ada if owner_of[talk.id] is ada else phone).session()
        shown = await conversations.snapshot(context, talk.room_id, asked)
        assert shown.conversation.participant_count == len(shown.participants)
        person = await desk.is_in(talk)
        is_in = person is not None and person.removed_at is None
        assert is_in == (talk.id in was_in)
        if owner_of[talk.id] is not ada:
            found = await context.database.read(door.find, talk.room_id, session)
            assert found.is_founder
            assert person is None or person.role is Role.OWNER
    for id, talk in said.items():
        person = await phone.is_in(talk)
        if person is not None and person.removed_at is None:
            await messages.delete(context, talk.room_id, session, id)
    with beside(context.database._folder) as connection:
        if not ON_POSTGRESQL:
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


async def test_a_code_that_is_used_twice_at_once_signs_in_once(
    context: Context, phone: Device
) -> None:
    [code, *_] = await phone.keeps()
    tries = [Device(context) for _ in range(5)]
    came = await asyncio.gather(*(each.signs_in(code) for each in tries), return_exceptions=True)
    assert sum(isinstance(each, SignInFailed) for each in came) == 4
