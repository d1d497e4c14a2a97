"""Whose address it is, and whether mail is wanted there: none goes anywhere before that is sure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from parley.config import Config
from parley.domain import (
    forgetting,
    mail_wishes,
    owning,
)
from parley.domain.context import Context
from parley.errors import NotFound, NotJoined
from parley.records import MailCode
from parley.storage.folder import NAME
from tests.domain.mailed import (
    ADDRESS,
    DAY,
    HOUR,
    MINUTE,
    Guest,
    House,
    Two,
    asked,
    code_in,
    rows,
)
from tests.effort import IS_EVERYTHING

EVERY_MINUTES = 2
QUICK_MINUTES = (*range(0, 13, 6), 54, 60, 66, 72, 12 * 60, *range(24 * 60, 26 * 60, 6))
"""Around those at which one is sent."""


async def given(house: House, guest: Guest, address: str = ADDRESS) -> None:
    told = await mail_wishes.ask(house.context, guest.session, address, words=False)
    assert (told.address, told.is_confirmed) == (address, False)
    await house.mailing.round()


async def test_nothing_goes_to_an_address_before_it_confirmed(house: House) -> None:
    talk, ada = await house.starts()
    ben = await house.joins(talk, "Ben")
    await given(house, ben)
    await house.says(talk, ada, "one")
    await house.goes_on(2 * HOUR)
    assert asked(house.box) == 1
    assert len(house.box.mails) == 1
    code = code_in(house.box.mails[0], "confirm")
    assert not (await mail_wishes.wish(house.context, ben.session)).is_confirmed  # type: ignore[union-attr]
    for _ in range(2):
        assert (await mail_wishes.confirm(house.context, code)).address == ADDRESS
    assert (await mail_wishes.wish(house.context, ben.session)).is_confirmed  # type: ignore[union-attr]


@pytest.mark.longer
async def test_nobody_is_flooded_whoever_asks(house: House) -> None:
    talk, _ = await house.starts()
    counts = []
    whole = range(0, 26 * 60, EVERY_MINUTES)
    last = 0
    for minutes in whole if IS_EVERYTHING else QUICK_MINUTES:
        house.clock.goes_on((minutes - last) * MINUTE)
        last = minutes
        mallory = await house.joins(talk, f"Mallory {minutes}")
        address = f"ben+{minutes}@example.org" if minutes else ADDRESS
        before = len(house.box.mails)
        await given(house, mallory, address)
        if len(house.box.mails) > before:
            counts.append(minutes)
    assert counts == [0, 6, 66, 25 * 60 + 6, 25 * 60 + 12]


async def test_the_last_of_them_is_a_day_before_the_next(house: House) -> None:
    talk, _ = await house.starts()
    ben = await house.joins(talk, "Ben")
    for wait in (timedelta(), 5 * MINUTE, HOUR):
        house.clock.goes_on(wait)
        await given(house, ben)
    assert asked(house.box) == 3
    house.clock.goes_on(DAY - MINUTE)
    await given(house, ben)
    assert asked(house.box) == 3
    house.clock.goes_on(MINUTE)
    await given(house, ben)
    assert asked(house.box) == 4


async def test_who_asks_again_too_soon_may_answer_the_first_mail(house: House) -> None:
    talk, _ = await house.starts()
    ben = await house.joins(talk, "Ben")
    await given(house, ben)
    await given(house, ben)
    assert asked(house.box) == 1
    await mail_wishes.confirm(house.context, code_in(house.box.mails[0], "confirm"))


async def test_a_code_confirms_no_other_address(house: House) -> None:
    talk, _ = await house.starts()
    ben = await house.joins(talk, "Ben")
    await given(house, ben)
    code = code_in(house.box.mails[0], "confirm")
    await given(house, ben, "victim@example.org")
    with pytest.raises(NotFound):
        await mail_wishes.confirm(house.context, code)
    await mail_wishes.take_back(house.context, ben.session)
    with pytest.raises(NotFound):
        await mail_wishes.confirm(house.context, code_in(house.box.mails[1], "confirm"))


@pytest.mark.sqlite("It looks at its file.")
async def test_codes_end_and_do_only_what_they_are_for(house: House, config: Config) -> None:
    talk, _ = await house.starts()
    ben = await house.joins(talk, "Ben")
    await given(house, ben)
    [mail] = house.box.mails
    confirm, refuse = code_in(mail, "confirm"), code_in(mail, "stop")
    with pytest.raises(NotFound):
        await mail_wishes.stop(house.context, confirm)
    for wrong in (refuse, "x", "", confirm.swapcase(), "\ud800"):
        with pytest.raises(NotFound):
            await mail_wishes.confirm(house.context, wrong)
    assert confirm.encode() not in (config.data / NAME).read_bytes()
    await house.goes_on(DAY)
    with pytest.raises(NotFound):
        await mail_wishes.confirm(house.context, confirm)
    assert await mail_wishes.wish(house.context, ben.session) is None
    assert rows(config, "SELECT * FROM mail_addresses") == []
    await house.goes_on(60 * DAY)
    with pytest.raises(NotFound):
        await mail_wishes.stop(house.context, refuse)
    assert rows(config, "SELECT * FROM mail_codes") == []
    assert rows(config, "SELECT * FROM mail_targets") == []


async def test_who_wants_none_of_it_is_left_alone(house: House, config: Config) -> None:
    talk, _ = await house.starts()
    mallory, ben = await house.joins(talk, "Mallory"), await house.joins(talk, "Ben")
    await given(house, mallory)
    [mail] = house.box.mails
    for _ in range(2):
        kind = await mail_wishes.stop(house.context, code_in(mail, "stop"))
        assert kind is MailCode.REFUSE
    assert await mail_wishes.wish(house.context, mallory.session) is None
    for _ in range(89):
        house.clock.goes_on(DAY)
        await given(house, ben)  # who is told the same as ever
        await given(house, mallory, "ben+again@example.org")
    assert len(house.box.mails) == 1
    assert b"example.org" not in b"".join(
        str(row).encode() for row in rows(config, "SELECT * FROM mail_targets")
    )
    house.clock.goes_on(DAY)
    await given(house, ben)
    assert asked(house.box) == 2


async def test_who_wants_no_more_asking_keeps_what_they_confirmed(house: House, two: Two) -> None:
    talk, _, ben = two
    mallory = await house.joins(talk, "Mallory")
    house.clock.goes_on(HOUR)
    await given(house, mallory)
    await mail_wishes.stop(house.context, code_in(house.box.mails[0], "stop"))
    assert await mail_wishes.wish(house.context, mallory.session) is None
    assert await mail_wishes.wish(house.context, ben.session) is not None


async def test_one_click_stops_it_on_every_browser(house: House, two: Two, config: Config) -> None:
    talk, ada, ben = two
    phone = await house.joins(talk, "Ben on the way")
    house.clock.goes_on(HOUR)
    await house.wants(phone)
    await house.says(talk, ada, "Hello @Ben")
    await house.goes_on(2 * HOUR)
    [mail] = house.told()
    for _ in range(2):
        kind = await mail_wishes.stop(house.context, code_in(mail, "stop"))
        assert kind is MailCode.STOP
    for guest in (ben, phone):
        assert await mail_wishes.wish(house.context, guest.session) is None
    assert rows(config, "SELECT * FROM mail_addresses") == []
    await house.says(talk, ada, "Hello @Ben")
    await house.goes_on(2 * DAY)
    assert len(house.box.mails) == 1


async def test_an_address_that_takes_nothing_now_is_asked_later(house: House) -> None:
    talk, _ = await house.starts()
    ben = await house.joins(talk, "Ben")
    house.box.recipient_says[ADDRESS] = "450 4.2.1 Greylisted"
    await given(house, ben)
    house.box.recipient_says.clear()
    await house.goes_on(MINUTE)
    assert house.box.mails == []
    await house.goes_on(20 * MINUTE)
    assert asked(house.box) == 1
    await mail_wishes.confirm(house.context, code_in(house.box.mails[0], "confirm"))


async def test_an_address_that_is_none_is_not_asked_again(house: House) -> None:
    talk, _ = await house.starts()
    ben = await house.joins(talk, "Ben")
    house.box.recipient_says[ADDRESS] = "550 5.1.1 No such user"
    await given(house, ben)
    house.box.recipient_says.clear()
    await house.goes_on(2 * HOUR)
    assert house.box.mails == []


async def test_another_address_takes_the_place_of_the_first(house: House, two: Two) -> None:
    talk, ada, ben = two
    await given(house, ben, "new@example.org")
    await house.says(talk, ada, "one")
    await house.goes_on(2 * HOUR)
    assert house.told() == []
    assert asked(house.box, "new@example.org") == 1


async def test_a_stranger_wants_nothing(house: House) -> None:
    assert await mail_wishes.wish(house.context, None) is None
    with pytest.raises(NotJoined):
        await mail_wishes.ask(house.context, None, ADDRESS, words=False)
    with pytest.raises(NotJoined):
        await mail_wishes.take_back(house.context, None)


async def test_where_no_mail_is_sent_there_is_nothing_of_it(context: Context) -> None:
    for asks in (
        mail_wishes.wish(context, None),
        mail_wishes.ask(context, None, ADDRESS, words=False),
        mail_wishes.confirm(context, "x"),
        mail_wishes.stop(context, "x"),
    ):
        with pytest.raises(NotFound):
            await asks


async def test_a_session_that_is_forgotten_takes_it_along(
    house: House, two: Two, config: Config
) -> None:
    talk, ada, _ = two
    cleo = await house.joins(talk, "Cleo")
    house.clock.goes_on(HOUR)
    await given(house, cleo, "cleo@example.org")
    assert len(rows(config, "SELECT * FROM mail_addresses")) == 2
    await owning.delete(house.context, talk.room_id, ada.session)
    await owning.erase_deleted(house.context)
    await house.starts("So that these are not the newest")
    house.clock.goes_on(31 * DAY)
    idle = replace(house.context)
    idle.seen.forget()
    await forgetting.forget_sessions(idle, before=house.clock() - DAY, after=0)
    assert rows(config, "SELECT * FROM mail_addresses") == []
    assert rows(config, "SELECT * FROM mail_codes WHERE session_id IS NOT NULL") == []
    sessions = "SELECT id FROM sessions"
    for table in ("mail_addresses", "push_devices", "notification_levels"):
        assert rows(config, f"SELECT * FROM {table} WHERE session_id NOT IN ({sessions})") == []
