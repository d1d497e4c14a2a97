"""What is the same on all devices of an account: what is pinned, being written, muted, and how one
looks.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from parley.domain import (
    accounts,
    chest,
    conversations,
    drafts,
    looks,
    notifying,
    participation,
    removal,
)
from parley.domain.context import Context
from parley.errors import (
    AccountRequired,
    BadRequest,
    ChangedMeanwhile,
    ConversationNotFound,
    Encrypted,
    NotJoined,
    TooLarge,
)
from parley.records import (
    Chest,
    Conversation,
    Level,
    Look,
    LookChanged,
    Own,
    PartChanged,
    Visibility,
)
from parley.storage import accounts as stored_accounts
from parley.storage import conversations as stored_conversations
from tests.domain import lasting
from tests.domain.conftest import Clock, Told
from tests.domain.guests import Device

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context

SEVEN, NINE = 7, 9


@pytest_asyncio.fixture(loop_scope="module")
async def phone(context: Context) -> Device:
    return Device(context)


@pytest_asyncio.fixture(loop_scope="module")
async def desk(context: Context) -> Device:
    return Device(context)


async def listed(device: Device, limit: int = 20) -> list[Own]:
    own, _ = await participation.page(device.context, await device.session(), limit=limit)
    return own


async def titles(device: Device) -> list[str]:
    return [each.conversation.title for each in await listed(device)]


async def pins(device: Device, conversation: Conversation, *, is_pinned: bool = True) -> None:
    session = await device.session()
    await participation.pin(device.context, conversation.room_id, session, is_pinned=is_pinned)


async def look_in(context: Context, conversation: Conversation) -> dict[str, int | None]:
    """Who looks how there, by their user_ids."""

    def query(connection: sa.Connection) -> tuple[Look, ...]:
        now = stored_conversations.by_id(connection, conversation.id)
        assert now is not None
        return looks.of(connection, now)

    return {each.user_id: each.hue for each in await context.database.read(query)}


# --- pinned conversations ---


async def test_what_is_pinned_comes_first_however_old(
    context: Context, phone: Device, clock: Clock, told: Told
) -> None:
    old = await phone.starts("Old")
    for title in ("Middle", "New"):
        clock.goes_on(timedelta(minutes=1))
        await phone.starts(title)
    told.events.clear()
    await pins(phone, old)
    assert told.events == [PartChanged(old.id, (await phone.session()).id)]
    assert await titles(phone) == ["Old", "New", "Middle"]
    assert [each.is_pinned for each in await listed(phone)] == [True, False, False]
    await pins(phone, old, is_pinned=False)
    assert await titles(phone) == ["New", "Middle", "Old"]


async def test_pages_go_on_without_what_is_pinned(phone: Device, clock: Clock) -> None:
    started = []
    for number in range(5):
        clock.goes_on(timedelta(minutes=1))
        started.append(await phone.starts(f"Talk {number}"))
    await pins(phone, started[1])
    found, cursor, session = [], None, await phone.session()
    while True:
        page, cursor = await participation.page(phone.context, session, limit=2, cursor=cursor)
        found += [each.conversation.title for each in page]
        if cursor is None:
            break
    assert found == ["Talk 1", "Talk 4", "Talk 3", "Talk 2", "Talk 0"]


async def test_what_is_pinned_is_so_on_all_devices_and_for_nobody_else(
    context: Context, phone: Device, desk: Device, clock: Clock
) -> None:
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    ben = Device(context)
    tea = await phone.starts("Tea")
    await ben.joins(tea, "Ben")
    clock.goes_on(timedelta(minutes=1))
    await phone.starts("Hut")
    await pins(phone, tea)
    assert await titles(desk) == ["Tea", "Hut"]
    assert not any(each.is_pinned for each in await listed(ben))


async def test_one_pin_more_than_there_may_be_takes_the_first_ones_place(
    phone: Device, clock: Clock, told: Told
) -> None:
    started = []
    for number in range(participation.PINNED_MAX + 1):
        clock.goes_on(timedelta(minutes=1))
        started.append(await phone.starts(f"Talk {number}"))
        await pins(phone, started[-1])
    pinned = [each.conversation.id for each in await listed(phone) if each.is_pinned]
    assert pinned == [each.id for each in reversed(started[1:])]
    mine = (await phone.session()).id
    assert PartChanged(started[0].id, mine) in told.events[-2:]


async def test_pinning_twice_changes_nothing(phone: Device, told: Told) -> None:
    tea = await phone.starts()
    await pins(phone, tea)
    told.events.clear()
    await pins(phone, tea)
    assert told.events == []


async def test_only_what_is_ones_own_can_be_pinned(context: Context, phone: Device) -> None:
    tea = await phone.starts()
    stranger = Device(context)
    await stranger.starts("Elsewhere")
    with pytest.raises(NotJoined):
        await pins(stranger, tea)
    with pytest.raises(NotJoined):
        await participation.pin(context, tea.room_id, None, is_pinned=True)
    with pytest.raises(ConversationNotFound):
        await participation.pin(context, "no-such-room", await stranger.session(), is_pinned=True)


async def test_what_a_guest_pinned_comes_along(phone: Device, desk: Device, clock: Clock) -> None:
    [code, *_] = await phone.keeps()
    hut = await desk.starts("Hut")
    await pins(desk, hut)
    clock.goes_on(timedelta(minutes=1))
    await phone.starts("Tea")
    await desk.signs_in(code)
    assert await titles(phone) == ["Hut", "Tea"]


# --- drafts ---


async def writes(device: Device, conversation: Conversation, words: str, version: int = 0) -> int:
    kept = await drafts.keep(
        device.context, conversation.room_id, await device.session(), words, version=version
    )
    return kept.version


async def draft(device: Device, conversation: Conversation) -> str:
    own = await drafts.own(device.context, conversation.room_id, await device.session())
    return own.text


@pytest_asyncio.fixture(loop_scope="module")
async def tea(phone: Device, desk: Device) -> Conversation:
    """A conversation of an account on a phone and at a desk."""
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    return await phone.starts()


async def test_what_is_written_on_one_device_is_on_the_other(
    phone: Device, desk: Device, tea: Conversation
) -> None:
    await writes(phone, tea, "Half a\n sentence ")
    assert await draft(desk, tea) == "Half a\n sentence "


async def test_what_another_device_wrote_meanwhile_is_not_lost(
    phone: Device, desk: Device, tea: Conversation
) -> None:
    first = await writes(phone, tea, "One")
    second = await writes(desk, tea, "One, two", first)
    assert second > first
    with pytest.raises(ChangedMeanwhile):
        await writes(phone, tea, "One, three", first)
    assert await draft(phone, tea) == "One, two"
    await writes(phone, tea, "One, two, three", second)


@pytest.mark.parametrize("nothing", ["", " \n\t"])
async def test_what_was_sent_is_no_draft_any_more(
    phone: Device, desk: Device, tea: Conversation, nothing: str
) -> None:
    version = await writes(phone, tea, "Sent soon")
    assert await writes(phone, tea, nothing, version) == 0
    assert await draft(desk, tea) == ""
    # Whoever knows an earlier one has nothing to overwrite.
    await writes(desk, tea, "Next", version)


async def test_guests_keep_drafts_to_their_browser(context: Context) -> None:
    guest = Device(context)
    hut = await guest.starts("Hut")
    with pytest.raises(AccountRequired):
        await writes(guest, hut, "Half")
    with pytest.raises(AccountRequired):
        await draft(guest, hut)


async def test_who_takes_no_part_has_no_draft(
    context: Context, phone: Device, tea: Conversation
) -> None:
    other = await Device(context).starts("Elsewhere")
    with pytest.raises(NotJoined):
        await writes(phone, other, "Half")
    with pytest.raises(NotJoined):
        await drafts.own(context, other.room_id, None)


async def test_the_server_gets_no_draft_of_an_encrypted_conversation(
    context: Context, phone: Device, tea: Conversation
) -> None:
    created = await conversations.create(
        context,
        await phone.session(),
        visibility=Visibility.UNLISTED,
        read_proof_hash=bytes(32),
    )
    await phone.joins(created.conversation, "Ana")
    for attempt in (
        writes(phone, created.conversation, "Secret"),
        draft(phone, created.conversation),
    ):
        with pytest.raises(Encrypted):
            await attempt


async def test_only_so_many_drafts_are_kept(
    phone: Device, tea: Conversation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "DRAFTS_MAX", 2)
    talks = [tea, await phone.starts("Hut"), await phone.starts("Lake")]
    for talk in talks:
        clock.goes_on(timedelta(seconds=1))
        await writes(phone, talk, "Half")
    assert [await draft(phone, talk) for talk in talks] == ["", "Half", "Half"]


async def test_versions_rise_though_the_clock_goes_back(
    phone: Device, tea: Conversation, clock: Clock
) -> None:
    first = await writes(phone, tea, "One")
    clock.goes_on(-timedelta(days=1))
    assert await writes(phone, tea, "Two", first) == first + 1


@pytest.mark.parametrize("words", ["a\0b", "\ud800"])
async def test_what_cannot_be_kept_is_refused(phone: Device, tea: Conversation, words: str) -> None:
    with pytest.raises(BadRequest):
        await writes(phone, tea, words)
    with pytest.raises(TooLarge):
        await writes(phone, tea, "x" * 10_001)


async def test_a_deleted_account_leaves_no_draft(
    context: Context, phone: Device, tea: Conversation
) -> None:
    await writes(phone, tea, "Half")
    mine = (await phone.session()).id
    await accounts.delete(context, await phone.session(), with_messages=False)
    from parley.storage import drafts as stored

    assert await context.database.read(stored.find, tea.id, mine) is None


# --- what one is notified of ---


async def test_what_is_muted_on_one_device_is_muted_on_all(
    context: Context, phone: Device, desk: Device, tea: Conversation
) -> None:
    await notifying.decide(
        context,
        tea.room_id,
        await phone.session(),
        level=Level.NONE,
        keeps_level=False,
        quiet_for_s=3_600,
    )
    on_desk = await notifying.decided(context, tea.room_id, await desk.session())
    assert on_desk.level is Level.NONE
    assert on_desk.quiet_until is not None


# --- names and colours ---


async def test_a_colour_is_worn_everywhere_and_told(
    context: Context, phone: Device, tea: Conversation, told: Told
) -> None:
    hut = await phone.starts("Hut")
    told.events.clear()
    await accounts.change(context, await phone.session(), hue=SEVEN)
    in_tea, in_hut = await phone.is_in(tea), await phone.is_in(hut)
    assert in_tea is not None
    assert in_hut is not None
    assert told.events == [
        LookChanged(tea.id, tea.room_id, Look(in_tea.user_id, SEVEN)),
        LookChanged(hut.id, hut.room_id, Look(in_hut.user_id, SEVEN)),
    ]
    assert await look_in(context, tea) == {in_tea.user_id: SEVEN}
    await accounts.change(context, await phone.session(), hue=None)
    assert await look_in(context, tea) == {}


async def test_who_joins_with_a_colour_wears_it(
    context: Context, phone: Device, tea: Conversation, told: Told
) -> None:
    await accounts.change(context, await phone.session(), hue=SEVEN)
    hut = await Device(context).starts("Hut")
    told.events.clear()
    person = await phone.joins(hut, "Ana")
    assert told.events[-1] == LookChanged(hut.id, hut.room_id, Look(person.user_id, SEVEN))
    assert await look_in(context, hut) == {person.user_id: SEVEN}


async def test_a_name_alone_leaves_the_colour(
    context: Context, phone: Device, desk: Device, tea: Conversation, told: Told
) -> None:
    await accounts.change(context, await phone.session(), hue=SEVEN)
    told.events.clear()
    await accounts.change(context, await phone.session(), name=" Ana \n B. ", keeps_hue=True)
    account = (await desk.mine()).account
    assert (account.name, account.hue) == ("Ana B.", SEVEN)
    assert told.events == []
    assert await accounts.own_name(context, await desk.session()) == "Ana B."
    await accounts.change(context, await phone.session(), hue=NINE)
    assert (await desk.mine()).account.name == "Ana B."


async def test_what_a_guest_brings_along_wears_the_colour(
    context: Context, phone: Device, told: Told
) -> None:
    [code, *_] = await phone.keeps()
    await accounts.change(context, await phone.session(), hue=SEVEN)
    guest = Device(context)
    hut = await guest.starts("Hut")
    await guest.signs_in(code)
    person = await guest.is_in(hut)
    assert person is not None
    assert await look_in(context, hut) == {person.user_id: SEVEN}


async def test_who_was_removed_wears_nothing(
    context: Context, phone: Device, tea: Conversation
) -> None:
    await accounts.change(context, await phone.session(), hue=SEVEN)
    owner = Device(context)
    hut = await owner.starts("Hut")
    person = await phone.joins(hut, "Ana")
    await removal.remove(context, hut.room_id, await owner.session(), person.user_id)
    assert await look_in(context, hut) == {}
    await accounts.change(context, await phone.session(), hue=NINE)
    assert await look_in(context, hut) == {}


async def test_a_deleted_account_wears_nothing(
    context: Context, phone: Device, tea: Conversation, told: Told
) -> None:
    await accounts.change(context, await phone.session(), hue=SEVEN)
    person = await phone.is_in(tea)
    assert person is not None
    await accounts.delete(context, await phone.session(), with_messages=False)
    assert await look_in(context, tea) == {}
    assert LookChanged(tea.id, tea.room_id, Look(person.user_id)) in told.events


async def test_guests_have_no_colour_to_choose(context: Context, phone: Device) -> None:
    await phone.starts()
    with pytest.raises(AccountRequired):
        await accounts.change(context, await phone.session(), hue=SEVEN)
    assert await accounts.own_name(context, await phone.session()) == ""
    assert await accounts.own_name(context, None) == ""


# --- the chest ---


async def test_a_chest_is_on_all_devices(context: Context, phone: Device, desk: Device) -> None:
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    assert await chest.own(context, await desk.session()) == chest.NONE
    put = await chest.put(context, await phone.session(), "sealed", version=0)
    assert await chest.own(context, await desk.session()) == put == Chest("sealed", 1)


async def test_of_two_devices_one_is_first(context: Context, phone: Device, desk: Device) -> None:
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    await chest.put(context, await phone.session(), "one", version=0)
    with pytest.raises(ChangedMeanwhile):
        await chest.put(context, await desk.session(), "other", version=0)
    await chest.put(context, await desk.session(), "both", version=1)
    assert (await chest.own(context, await phone.session())).sealed == "both"


async def test_an_emptied_chest_goes_on_counting(context: Context, phone: Device) -> None:
    await phone.keeps()
    await chest.put(context, await phone.session(), "one", version=0)
    assert await chest.put(context, await phone.session(), "", version=1) == Chest("", 2)
    with pytest.raises(ChangedMeanwhile):
        await chest.put(context, await phone.session(), "one", version=0)


async def test_guests_have_no_chest(context: Context, phone: Device) -> None:
    await phone.starts()
    with pytest.raises(AccountRequired):
        await chest.own(context, await phone.session())
    with pytest.raises(AccountRequired):
        await chest.put(context, None, "sealed", version=0)


@pytest.mark.parametrize("with_messages", [False, True])
async def test_a_deleted_account_leaves_no_chest(
    context: Context, phone: Device, with_messages: bool
) -> None:
    await phone.keeps()
    await chest.put(context, await phone.session(), "sealed", version=0)
    account = (await phone.mine()).account
    await accounts.delete(context, await phone.session(), with_messages=with_messages)
    assert await context.database.read(stored_accounts.chest, account.id) is None
