"""An account: one person on several devices, each with a secret of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from parley.config import Config
from parley.domain import accounts, erasing_own, messages, notifying, recovery, removal
from parley.domain.context import Context
from parley.domain.entering import renewed
from parley.domain.notifying import Subscription
from parley.errors import (
    AccountRequired,
    ConfirmationRequired,
    ConversationNotFound,
    NotFound,
    SignedInAlready,
    SignInFailed,
)
from parley.records import MessageChanged, SessionRenewed
from tests.domain.conftest import Clock, Told
from tests.domain.guests import DESK, Device
from tests.domain.test_forgetting import LATER, SESSIONS_ALONE, kept, swept


@pytest.fixture
async def phone(context: Context) -> Device:
    return Device(context)


@pytest.fixture
async def desk(context: Context) -> Device:
    return Device(context)


async def test_who_starts_one_is_who_they_were(context: Context, phone: Device, told: Told) -> None:
    tea = await phone.starts()
    before, old_token = await phone.session(), phone.token
    await phone.keeps()
    now = await phone.session()
    assert now.id == before.id
    assert now.is_of_account
    assert await phone.is_in(tea) is not None
    assert not await Device(context, old_token).is_known()
    assert SessionRenewed(before.id, None, before.id) in told.events


async def test_a_stranger_can_start_one(phone: Device, desk: Device) -> None:
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    assert (await desk.session()).id == (await phone.session()).id


async def test_what_happens_on_one_device_is_on_the_other(phone: Device, desk: Device) -> None:
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    tea = await desk.starts()
    there = await phone.is_in(tea)
    assert there is not None
    await phone.says(tea, "From the phone")


async def test_a_code_is_good_once(context: Context, phone: Device, desk: Device) -> None:
    codes = await phone.keeps()
    await desk.signs_in(codes[0])
    with pytest.raises(SignInFailed):
        await Device(context).signs_in(codes[0])
    assert (await phone.mine()).codes_left == len(codes) - 1


@pytest.mark.parametrize("written", ["{} ", "{upper}", "{spaced}", "{alike}"])
async def test_a_code_is_read_as_people_write_it(phone: Device, desk: Device, written: str) -> None:
    [code, *_] = await phone.keeps()
    typed = written.format(
        code,
        upper=code.upper(),
        spaced=code.replace("-", " "),
        alike=code.replace("0", "o").replace("1", "l"),
    )
    await desk.signs_in(typed)


@pytest.mark.parametrize("code", ["", "-", "0000-0000-0000-0000", "\ud800", "x" * 5_000])
async def test_what_is_no_code_is_refused(phone: Device, desk: Device, code: str) -> None:
    await phone.keeps()
    with pytest.raises(SignInFailed):
        await desk.signs_in(code)


async def test_new_codes_end_those_before(phone: Device, desk: Device, context: Context) -> None:
    old = await phone.keeps()
    new = await recovery.make(context, await phone.session())
    assert not set(old) & set(new)
    with pytest.raises(SignInFailed):
        await desk.signs_in(old[0])
    await desk.signs_in(new[0])


async def test_new_codes_want_a_fresh_proof(context: Context, phone: Device, clock: Clock) -> None:
    codes = await phone.keeps()
    clock.goes_on(accounts.CONFIRMED_FOR)
    with pytest.raises(ConfirmationRequired):
        await recovery.make(context, await phone.session())
    await phone.signs_in(codes[0])
    await recovery.make(context, await phone.session())


async def test_codes_stand_nowhere_as_they_are(
    context: Context, phone: Device, clock: Clock
) -> None:
    codes = await phone.keeps()
    from parley.storage.schema import recovery_codes

    rows = await context.database.read(
        lambda connection: connection.execute(recovery_codes.select()).all()
    )
    assert len(rows) == len(codes)
    assert not {code.replace("-", "").encode() for code in codes} & {row[0] for row in rows}


async def test_its_devices_are_listed(phone: Device, desk: Device, clock: Clock) -> None:
    [code, *_] = await phone.keeps()
    clock.goes_on(timedelta(hours=1))
    await desk.signs_in(code)
    mine = await phone.mine()
    assert [each.label for each in mine.devices] == [DESK.label, "Firefox on Android"]
    assert mine.device.label == "Firefox on Android"
    assert [each.place for each in mine.devices] == ["198.51.100.0/24", "203.0.113.0/24"]


async def test_a_device_that_is_signed_out_is_nobody(
    context: Context, phone: Device, desk: Device, told: Told
) -> None:
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    out = await desk.session()
    told.events.clear()
    await accounts.sign_out(context, await phone.session(), device_id=out.device_id)
    assert not await desk.is_known()
    assert await phone.is_known()
    assert told.events == [SessionRenewed(out.id, None, out.device_id, is_over=True)]
    assert [each.label for each in (await phone.mine()).devices] == ["Firefox on Android"]


async def test_all_others_can_be_signed_out(context: Context, phone: Device) -> None:
    codes = await phone.keeps()
    others = [Device(context) for _ in range(3)]
    for device, code in zip(others, codes, strict=False):
        await device.signs_in(code)
    assert await accounts.sign_out(context, await phone.session(), all_others=True) == 3
    assert [await device.is_known() for device in others] == [False] * 3
    assert await phone.is_known()


async def test_nobody_signs_out_what_is_not_theirs(
    context: Context, phone: Device, desk: Device
) -> None:
    await phone.keeps()
    await desk.keeps("Ben")
    theirs = await desk.session()
    with pytest.raises(NotFound):
        await accounts.sign_out(context, await phone.session(), device_id=theirs.device_id)
    with pytest.raises(NotFound):
        await accounts.sign_out(context, await phone.session(), device_id=theirs.id)
    assert await desk.is_known()


async def test_guests_have_nothing_to_sign_out(context: Context, phone: Device) -> None:
    await phone.starts()
    for session in (None, await phone.session()):
        with pytest.raises(AccountRequired):
            await accounts.sign_out(context, session)
        with pytest.raises(AccountRequired):
            await accounts.delete(context, session, with_messages=True)
        with pytest.raises(AccountRequired):
            await recovery.make(context, session)


async def test_of_too_many_devices_the_one_not_seen_for_longest_goes(
    context: Context, phone: Device, desk: Device, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "DEVICES_MAX", 2)
    codes = await phone.keeps()
    clock.goes_on(timedelta(days=1))
    await desk.signs_in(codes[0])
    clock.goes_on(timedelta(days=1))
    third = Device(context)
    await third.signs_in(codes[1])
    assert [await each.is_known() for each in (phone, desk, third)] == [False, True, True]


async def test_another_account_has_to_be_signed_out_of_first(
    context: Context, phone: Device, desk: Device
) -> None:
    [code, *_] = await phone.keeps()
    await desk.keeps("Ben")
    with pytest.raises(SignedInAlready):
        await desk.signs_in(code)
    with pytest.raises(SignedInAlready):
        await desk.keeps("Ben")
    await Device(context).signs_in(code)  # it is not used up


async def test_a_right_that_is_gained_gives_a_new_secret_to_that_device_alone(
    context: Context, phone: Device, desk: Device
) -> None:
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    before, old_token = await desk.session(), desk.token

    session, token, _ = await context.database.write(
        lambda connection: renewed(connection, before, context)
    )
    assert (session.id, session.device_id) == (before.id, before.device_id)
    assert not await Device(context, old_token).is_known()
    assert await Device(context, token).is_known()
    assert await phone.is_known()


async def test_who_is_removed_is_out_on_every_device(
    context: Context, phone: Device, desk: Device
) -> None:
    ada = Device(context)
    tea = await ada.starts("Tea", "Ada")
    [code, *_] = await phone.keeps()
    ana = await phone.joins(tea, "Ana")
    await desk.signs_in(code)
    await removal.remove(context, tea.room_id, await ada.session(), ana.user_id)
    with pytest.raises(ConversationNotFound):
        await desk.says(tea, "Still here")


async def test_what_was_said_stays_when_an_account_is_deleted(
    context: Context, phone: Device, desk: Device
) -> None:
    ada = Device(context)
    tea = await ada.starts("Tea", "Ada")
    await phone.joins(tea, "Ana")
    await phone.says(tea, "Hello")
    codes = await phone.keeps()
    await desk.signs_in(codes[0])
    await accounts.delete(context, await phone.session(), with_messages=False)
    assert [await phone.is_known(), await desk.is_known()] == [False, False]
    with pytest.raises(SignInFailed):
        await Device(context).signs_in(codes[1])
    found, _ = await messages.history(context, tea.room_id, await ada.session(), limit=9)
    assert [(each.username, each.text) for each in found] == [("Ana", "Hello")]


async def test_deleting_wants_a_fresh_proof(context: Context, phone: Device, clock: Clock) -> None:
    await phone.keeps()
    clock.goes_on(accounts.CONFIRMED_FOR)
    with pytest.raises(ConfirmationRequired):
        await accounts.delete(context, await phone.session(), with_messages=False)


async def test_neither_an_account_nor_its_devices_are_forgotten(
    context: Context, clock: Clock
) -> None:
    counted = replace(context, elapsed=lambda: 0.0)
    phone, desk = Device(counted), Device(counted)
    codes = await phone.keeps()
    await desk.signs_in(codes[0])
    await Device(counted).starts("Newest")
    await swept(counted, clock, LATER)
    await Device(counted).starts("Newer still")
    clock.goes_on(timedelta(seconds=1))
    assert [await phone.is_known(), await desk.is_known()] == [True, True]


async def test_a_device_that_was_signed_out_is_forgotten(
    context: Context, clock: Clock, config: Config
) -> None:
    counted = replace(context, elapsed=lambda: 0.0)
    phone, desk = Device(counted), Device(counted)
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    out = await desk.session()
    await accounts.sign_out(counted, out)
    await Device(counted).starts("Newest")
    await swept(counted, clock, timedelta(hours=1), SESSIONS_ALONE)  # who called is noted
    before = kept(config, "sessions")
    await swept(counted, clock, LATER, SESSIONS_ALONE)
    assert kept(config, "sessions") == before - 1


async def test_who_was_brought_along_is_not_forgotten_before_what_they_said(
    context: Context, clock: Clock
) -> None:
    counted = replace(context, elapsed=lambda: 0.0)
    ada, phone, desk = Device(counted), Device(counted), Device(counted)
    tea = await ada.starts("Tea", "Ada")
    await desk.joins(tea, "Ben")
    said = await desk.says(tea, "Hello")
    codes = await phone.keeps()
    await desk.signs_in(codes[0])
    await Device(counted).starts("Newest")
    await swept(counted, clock, LATER)
    await phone.signs_in(codes[1])
    await messages.delete(context, tea.room_id, await phone.session(), said)


async def test_what_was_said_goes_with_an_account_where_that_is_wished(
    context: Context, phone: Device, desk: Device, clock: Clock, told: Told
) -> None:
    ada = Device(context)
    tea, coffee = await ada.starts("Tea", "Ada"), await ada.starts("Coffee", "Ada")
    await phone.joins(tea, "Ana")
    await desk.joins(tea, "Ana at the desk")
    await desk.joins(coffee, "Ana")
    for device, talk in ((ada, tea), (phone, tea), (desk, tea), (ada, coffee), (desk, coffee)):
        await device.says(talk, "Hello")
    codes = await phone.keeps()
    await desk.signs_in(codes[0])
    await accounts.delete(context, await phone.session(), with_messages=True)
    with pytest.raises(SignInFailed):
        await Device(context).signs_in(codes[1])
    told.events.clear()
    await erasing_own.go_on(context)
    assert [type(each) for each in told.events] == [MessageChanged] * 3
    for talk, left in ((tea, ["Hello", "", ""]), (coffee, ["Hello", ""])):
        found, _ = await messages.history(context, talk.room_id, await ada.session(), limit=9)
        assert [each.text for each in found] == left
    told.events.clear()
    await erasing_own.go_on(context)  # there is nothing left to do
    assert told.events == []


async def test_a_kill_between_loses_no_wish(
    context: Context, phone: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = Device(context)
    tea, coffee = await ada.starts("Tea", "Ada"), await ada.starts("Coffee", "Ada")
    for talk in (tea, coffee):
        await phone.joins(talk, "Ana")
        await phone.says(talk, "Hello")
    await phone.keeps()
    await accounts.delete(context, await phone.session(), with_messages=True)
    stored = erasing_own._erase_in

    async def killed(context: Context, conversation_id: int, mine: Collection[int]) -> int:
        if conversation_id == coffee.id:
            raise KeyboardInterrupt
        return await stored(context, conversation_id, mine)

    with monkeypatch.context() as patched:
        patched.setattr(erasing_own, "_erase_in", killed)
        with pytest.raises(KeyboardInterrupt):
            await erasing_own.go_on(context)
    await erasing_own.go_on(context)
    for talk in (tea, coffee):
        found, _ = await messages.history(context, talk.room_id, await ada.session(), limit=9)
        assert [each.text for each in found] == [""]


async def test_only_a_device_that_is_signed_out_is_notified_no_more(
    context: Context, phone: Device, desk: Device
) -> None:
    await phone.starts()
    await subscribes(context, phone, "phone")
    [code, *_] = await phone.keeps()
    await desk.signs_in(code)
    await subscribes(context, desk, "desk")
    out = await desk.session()
    assert len(await notifying.devices(context, out)) == 2
    await accounts.sign_out(context, out)
    [left] = await notifying.devices(context, await phone.session())
    assert left.endpoint.endswith("/phone")
    assert out.id in context.notified
    await accounts.sign_out(context, await phone.session())
    assert out.id not in context.notified


async def subscribes(context: Context, device: Device, name: str) -> None:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    subscription = Subscription(
        endpoint=f"https://push.example.org/{name}",
        key=point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        auth=bytes(16),
        shows_words=True,
        quiet_hours=None,
    )
    await notifying.add_device(context, await device.session(), subscription)
