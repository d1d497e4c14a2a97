"""Mail about new messages: who gets which, when, and that nobody gets it twice or too much."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from structlog.testing import capture_logs

from parley.config import Config
from parley.domain import (
    admins,
    mail_wishes,
    messages,
    notifying,
    owning,
    participants,
    reading,
    recovery,
    removal,
    reports,
)
from parley.domain.accounts import Where
from parley.domain.mailing import Mailing, Shown
from parley.domain.messages import Draft
from parley.errors import Unavailable
from parley.present import excerpt
from parley.records import Conversation, HostRole
from parley.storage import admins as stored_admins
from tests.domain.mailed import (
    ADDRESS,
    DAY,
    HOUR,
    MINUTE,
    SHOWN,
    Guest,
    House,
    Two,
    asked,
    rows,
)
from tests.eventually import until
from tests.mail.postbox import text_of, words_of

# --- when it goes ---


async def test_a_message_that_waited_for_an_hour_is_told_of(house: House, two: Two) -> None:
    talk, ada, _ = two
    await house.says(talk, ada, "Tea at four?")
    await house.goes_on(HOUR - MINUTE)
    assert house.box.mails == []
    await house.goes_on(6 * MINUTE)
    [mail] = house.box.mails
    assert str(mail["Subject"]) == "New messages in “Tea”"
    assert f"http://localhost/conversation/{talk.room_id}" in text_of(mail)
    assert "1 new message" in text_of(mail)
    assert "Tea" in words_of(mail)
    assert "Tea at four?" not in words_of(mail)
    assert "Ada" not in words_of(mail)


async def test_words_are_in_it_where_they_are_wanted(house: House, two: Two) -> None:
    talk, ada, ben = two
    await mail_wishes.ask(house.context, ben.session, ADDRESS, words=True)
    for text in ("Tea at four?", "With *cake*", "And jam", "And more"):
        await house.says(talk, ada, text)
    await house.goes_on(2 * HOUR)
    [mail] = house.box.mails  # and nothing was asked again
    text = text_of(mail)
    assert "Ada: Tea at four?" in text
    assert "Ada: And jam" in text
    assert "And more" not in text
    assert "4 new messages" in text


async def test_a_message_without_words_is_named(house: House, two: Two) -> None:
    talk, ada, ben = two
    await mail_wishes.ask(house.context, ben.session, ADDRESS, words=True)
    shown = Shown(SHOWN.title, excerpt, SHOWN.link)
    house.mailing = Mailing(house.context, shown)
    await house.says(talk, ada, "```\n```")
    await house.goes_on(2 * HOUR)
    [mail] = house.box.mails
    assert "Ada: sent a message" in text_of(mail)


async def test_at_most_one_a_day_and_nothing_twice(house: House, two: Two) -> None:
    talk, ada, _ = two
    await house.says(talk, ada, "one")
    await house.goes_on(2 * HOUR)
    await house.says(talk, ada, "two")
    for _ in range(21):
        await house.goes_on(HOUR)
    assert len(house.told()) == 1
    await house.goes_on(4 * HOUR)
    first, second = house.told()
    assert "1 new message" in text_of(first)
    assert "1 new message" in text_of(second)
    for _ in range(3):
        await house.goes_on(DAY)
    assert len(house.told()) == 2


async def test_one_a_day_goes_to_an_address_that_was_taken_back_and_given_again(
    house: House, two: Two
) -> None:
    talk, ada, ben = two
    await house.says(talk, ada, "one")
    await house.goes_on(2 * HOUR)
    assert len(house.told()) == 1
    await mail_wishes.take_back(house.context, ben.session)
    await house.wants(ben)
    await house.says(talk, ada, "two")
    await house.goes_on(20 * HOUR)
    assert house.told() == []
    await house.goes_on(5 * HOUR)
    assert len(house.told()) == 1


async def test_what_was_said_before_the_address_confirmed_is_not_told(house: House) -> None:
    talk, ada = await house.starts()
    ben = await house.joins(talk, "Ben")
    await house.says(talk, ada, "Before")
    house.clock.goes_on(MINUTE)
    await house.wants(ben)
    await house.goes_on(DAY)
    assert house.told() == []


async def test_a_server_that_starts_again_sends_nothing_twice(house: House, two: Two) -> None:
    talk, ada, _ = two
    await house.says(talk, ada, "one")
    await house.goes_on(2 * HOUR)
    for _ in range(3):
        house.starts_again()
        await house.goes_on(MINUTE)
    assert len(house.told()) == 1


async def test_a_kill_while_it_is_handed_over_sends_nothing_twice(house: House, two: Two) -> None:
    talk, ada, _ = two
    await house.says(talk, ada, "one")
    house.box.hangs_up = True  # it has the mail, and we are not told
    await house.goes_on(2 * HOUR)
    house.box.hangs_up = False
    house.starts_again()
    for _ in range(3):
        await house.goes_on(DAY)
    assert len(house.told()) == 1


async def test_a_stop_while_the_server_is_silent_sends_nothing_twice(
    house: House, two: Two
) -> None:
    talk, ada, _ = two
    await house.says(talk, ada, "one")
    house.clock.goes_on(2 * HOUR)
    given, never = asyncio.Event(), asyncio.Event()

    async def silence() -> None:
        given.set()
        await never.wait()

    house.box.before_answer = silence
    sending = asyncio.create_task(house.mailing.round())
    await given.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    never.set()
    house.box.before_answer = None
    house.starts_again()
    for _ in range(3):
        await house.goes_on(DAY)
    assert len(house.told()) == 1


# --- which messages ---


async def test_what_was_read_is_not_told(house: House, two: Two) -> None:
    talk, ada, ben = two
    await house.says(talk, ada, "one")
    await house.says(talk, ada, "two")
    await reading.mark(house.context, talk.room_id, ben.session, reading.Mark(1))
    await house.goes_on(30 * MINUTE)
    await reading.mark(house.context, talk.room_id, ben.session, reading.Mark(2))
    await house.goes_on(2 * HOUR)
    assert house.box.mails == []


async def test_whoever_answers_has_read_what_came_before(house: House, two: Two) -> None:
    talk, ada, ben = two
    await house.says(talk, ada, "one")
    await house.says(talk, ben, "yes")
    await house.goes_on(2 * HOUR)
    assert house.box.mails == []


async def test_what_was_deleted_is_not_told(house: House, two: Two) -> None:
    talk, ada, _ = two
    id = await house.says(talk, ada, "oops")
    await messages.delete(house.context, talk.room_id, ada.session, id)
    await house.goes_on(2 * HOUR)
    assert house.box.mails == []


async def test_among_many_only_what_is_for_them_is_told(house: House, two: Two) -> None:
    talk, ada, ben = two
    await house.joins(talk, "Cleo")
    mine = await house.says(talk, ben, "Who brings the cake?")
    await house.says(talk, ada, "A word to all")
    await house.goes_on(2 * HOUR)
    assert house.box.mails == []
    await house.says(talk, ada, "I do", reply_to=mine)
    await house.says(talk, ada, "And you, @Ben, the tea")
    await house.says(talk, ada, "More to all")
    await house.goes_on(2 * HOUR)
    [mail] = house.told()
    assert "2 new messages" in text_of(mail)


async def test_two_are_two_though_one_is_away_or_others_left(house: House, two: Two) -> None:
    talk, ada, _ = two
    cleo = await house.joins(talk, "Cleo")
    await participants.leave_as(house.context, talk.room_id, cleo.session)
    await house.says(talk, ada, "Only us now")
    await house.goes_on(2 * HOUR)
    assert len(house.told()) == 1


# --- whose conversations ---


async def left(house: House, talk: Conversation, ada: Guest, ben: Guest) -> None:
    await participants.leave_as(house.context, talk.room_id, ben.session)


async def was_removed(house: House, talk: Conversation, ada: Guest, ben: Guest) -> None:
    await removal.remove(house.context, talk.room_id, ada.session, ben.id)


async def was_deleted(house: House, talk: Conversation, ada: Guest, ben: Guest) -> None:
    await owning.delete(house.context, talk.room_id, ada.session)


async def was_stopped(house: House, talk: Conversation, ada: Guest, ben: Guest) -> None:
    await mail_wishes.take_back(house.context, ben.session)


GOES = pytest.mark.parametrize("goes", [left, was_removed, was_deleted, was_stopped])


@GOES
async def test_whoever_is_gone_hears_no_more_of_it(
    house: House, two: Two, goes: Callable[..., Any]
) -> None:
    talk, ada, ben = two
    await house.says(talk, ada, "Not for Ben any more")
    await goes(house, talk, ada, ben)
    await house.goes_on(2 * HOUR)
    assert house.box.mails == []


@GOES
async def test_it_is_decided_once_the_server_is_reached(
    house: House, two: Two, goes: Callable[..., Any]
) -> None:
    talk, ada, ben = two
    await house.says(talk, ada, "Not for Ben any more")
    house.clock.goes_on(2 * HOUR)
    greeted = asyncio.Event()
    goes_on = asyncio.Event()

    async def wait() -> None:
        greeted.set()
        await goes_on.wait()

    house.box.before_greeting = wait
    sending = asyncio.create_task(house.mailing.round())
    await greeted.wait()
    await goes(house, talk, ada, ben)
    goes_on.set()
    await sending
    assert house.box.mails == []


async def test_an_owner_who_left_hears_no_more_of_it(house: House) -> None:
    talk, ada = await house.starts()
    ben = await house.joins(talk, "Ben")
    await house.wants(ada)
    await house.says(talk, ben, "one")
    await participants.leave_as(house.context, talk.room_id, ada.session)
    await house.goes_on(2 * HOUR)
    assert house.box.mails == []


async def test_several_conversations_come_in_one_mail(house: House, two: Two) -> None:
    talk, ada, ben = two
    other, cleo = await house.starts("Cake")
    await house.joins(other, "Ben", ben.session)
    await house.says(talk, ada, "one")
    await house.says(other, cleo, "two")
    await house.goes_on(2 * HOUR)
    [mail] = house.box.mails
    assert str(mail["Subject"]) == "New messages in 2 conversations"


async def test_two_browsers_with_one_address_get_one_mail(house: House, two: Two) -> None:
    talk, ada, _ = two
    other, cleo = await house.starts("Cake")
    phone = await house.joins(other, "Ben")
    house.clock.goes_on(HOUR)
    await house.wants(phone)
    await house.says(talk, ada, "one")
    await house.says(other, cleo, "two")
    await house.goes_on(2 * HOUR)
    [mail] = house.box.mails
    assert "Tea" in text_of(mail)
    assert "Cake" in text_of(mail)


async def test_what_was_read_on_another_browser_is_not_told(house: House) -> None:
    talk, ada = await house.starts()
    desk, phone = await house.joins(talk, "Ben"), await house.joins(talk, "Ben on the way")
    for guest in (desk, phone):
        house.clock.goes_on(HOUR)
        await house.wants(guest)
    await house.says(talk, ada, "@Ben and @Ben on the way")
    await reading.mark(house.context, talk.room_id, phone.session, reading.Mark(1))
    await house.goes_on(2 * HOUR)
    assert house.box.mails == []


async def pauses(house: House, talk: Conversation, guest: Guest, time: timedelta) -> None:
    await notifying.decide(
        house.context,
        talk.room_id,
        guest.session,
        level=None,
        keeps_level=True,
        quiet_for_s=time.total_seconds(),
    )


async def test_what_is_paused_is_told_later_though_other_mail_goes(house: House, two: Two) -> None:
    talk, ada, ben = two
    other, cleo = await house.starts("Cake")
    await house.joins(other, "Ben", ben.session)
    await pauses(house, talk, ben, 7 * DAY)
    await house.says(talk, ada, "one")
    await house.says(other, cleo, "two")
    await house.goes_on(2 * HOUR)
    await house.says(talk, ada, "three")
    await house.says(other, cleo, "four")
    await house.goes_on(2 * DAY)
    first, second = house.told()
    assert ["Tea" in text_of(mail) for mail in (first, second)] == [False, False]
    await house.goes_on(6 * DAY)
    third = house.told()[-1]
    assert "2 new messages" in text_of(third)
    assert "Tea" in text_of(third)
    assert "Cake" not in text_of(third)
    await house.says(talk, ada, "five")
    await house.goes_on(2 * DAY)
    assert len(house.told()) == 4
    assert "1 new message" in text_of(house.told()[-1])
    await house.goes_on(2 * DAY)
    assert len(house.told()) == 4


async def test_what_was_paused_waits_on_where_the_server_takes_nothing(
    house: House, two: Two
) -> None:
    talk, ada, ben = two
    other, cleo = await house.starts("Cake")
    await house.joins(other, "Ben", ben.session)
    await pauses(house, talk, ben, DAY)
    await house.says(talk, ada, "one")
    await house.says(other, cleo, "two")
    await house.goes_on(2 * HOUR)
    assert len(house.told()) == 1
    house.box.recipient_says[ADDRESS] = "450 4.2.1 Greylisted"
    await house.goes_on(2 * DAY)
    assert len(house.told()) == 1
    house.box.recipient_says.clear()
    await house.goes_on(2 * DAY)
    assert len(house.told()) == 2
    assert "Tea" in text_of(house.told()[-1])


async def test_what_another_browser_was_told_is_not_told_after_a_pause(house: House) -> None:
    talk, ada = await house.starts()
    desk, phone = await house.joins(talk, "Ben"), await house.joins(talk, "Ben on the way")
    for guest in (desk, phone):
        house.clock.goes_on(HOUR)
        await house.wants(guest)
    await pauses(house, talk, desk, DAY)
    await house.says(talk, ada, "@Ben and @Ben on the way")
    await house.goes_on(2 * HOUR)
    assert len(house.told()) == 1
    await house.goes_on(3 * DAY)
    assert len(house.told()) == 1


async def test_what_is_stored_only_after_a_mail_went_is_told_by_the_next(
    house: House, two: Two
) -> None:
    talk, ada, _ = two
    await house.says(talk, ada, "one")
    await house.goes_on(2 * HOUR)
    said_at = house.clock() - timedelta(seconds=5)
    late = replace(house.context, clock=lambda: said_at)
    await messages.send_as(late, talk.room_id, ada.session, Draft("It took a while"))
    await house.goes_on(2 * DAY)
    assert len(house.told()) == 2
    assert "1 new message" in text_of(house.told()[-1])


# --- what servers say ---


@pytest.mark.long("it is tried for days")
async def test_what_is_refused_for_now_is_sent_later_and_later(house: House, two: Two) -> None:
    talk, ada, _ = two
    house.box.recipient_says[ADDRESS] = "450 4.2.1 Greylisted"
    await house.says(talk, ada, "one")
    tries = []
    for minutes in range(61, 600):
        house.box.tried.clear()
        house.clock.now = house.clock.now + MINUTE if minutes > 61 else house.clock.now + HOUR
        await house.mailing.round()
        if house.box.tried:
            tries.append(minutes)
    gaps = [later - sooner for sooner, later in pairwise(tries)]
    assert gaps == sorted(gaps)
    assert 15 <= gaps[0] <= 20
    assert gaps[-1] >= 100
    house.starts_again()  # it is remembered
    house.box.recipient_says.clear()
    await house.goes_on(DAY)
    [mail] = house.told()
    assert "1 new message" in text_of(mail)


async def test_an_address_that_is_none_any_more_is_forgotten(
    house: House, two: Two, config: Config
) -> None:
    talk, ada, ben = two
    house.box.recipient_says[ADDRESS] = "550 5.1.1 No such user"
    await house.says(talk, ada, "one")
    await house.goes_on(2 * HOUR)
    assert await mail_wishes.wish(house.context, ben.session) is None
    assert rows(config, "SELECT * FROM mail_addresses") == []
    house.box.recipient_says.clear()
    await house.says(talk, ada, "two")
    await house.goes_on(2 * DAY)
    assert house.box.mails == []


async def test_a_server_that_takes_nothing_costs_nobody_their_address(
    house: House, two: Two
) -> None:
    talk, ada, ben = two
    house.box.recipient_says[ADDRESS] = "554 5.7.1 Relay access denied"
    await house.says(talk, ada, "one")
    await house.goes_on(2 * HOUR)
    assert await mail_wishes.wish(house.context, ben.session) is not None
    house.box.recipient_says.clear()
    await house.goes_on(HOUR)
    assert len(house.told()) == 1


async def test_a_mail_that_is_refused_is_not_sent_again(house: House, two: Two) -> None:
    talk, ada, _ = two
    house.box.content_says = "554 5.6.0 Looks like spam"
    await house.says(talk, ada, "one")
    await house.goes_on(2 * HOUR)
    house.box.content_says = ""
    await house.goes_on(2 * DAY)
    assert house.box.mails == []
    await house.says(talk, ada, "two")
    await house.goes_on(2 * HOUR)
    assert len(house.told()) == 1


async def test_a_server_that_is_gone_is_tried_again_and_nothing_is_lost(
    house: House, two: Two
) -> None:
    talk, ada, _ = two
    await house.says(talk, ada, "one")
    await house.box.closes()
    await house.goes_on(2 * HOUR)
    await house.box.opens()
    await house.goes_on(timedelta(seconds=30))  # too soon
    assert house.box.mails == []
    await house.goes_on(2 * HOUR)
    assert len(house.told()) == 1


async def test_an_address_at_which_the_server_hangs_up_holds_up_nobody(
    house: House, two: Two
) -> None:
    talk, ada, _ = two
    other, cleo = await house.starts("Cake")
    dan = await house.joins(other, "Dan")
    await house.wants(dan, "dan@example.org")
    house.box.recipient_says[ADDRESS] = "421 4.3.0 Goodbye"
    house.box.recipient_says["eve@example.org"] = "421 4.3.0 Goodbye"
    await mail_wishes.ask(house.context, cleo.session, "eve@example.org", words=False)
    await house.says(talk, ada, "one")
    await house.says(other, cleo, "two")
    await house.goes_on(2 * HOUR)
    for _ in range(10):
        await house.goes_on(MINUTE)
    assert len(house.told("dan@example.org")) == 1
    house.box.recipient_says.clear()
    await house.goes_on(HOUR)
    assert len(house.told()) == 1
    assert asked(house.box, "eve@example.org") == 1


def says(log: Sequence[Mapping[str, Any]], event: str) -> bool:
    return any(entry["event"] == event for entry in log)


async def test_what_goes_wrong_once_ends_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, _ = await house.starts()
    ben = await house.joins(talk, "Ben")
    fails = [RuntimeError("once"), Unavailable()]

    def due(*_: Any, **__: Any) -> list[Any]:
        if len(fails) == 1:
            monkeypatch.undo()
        raise fails.pop(0)

    monkeypatch.setattr("parley.storage.mail.due", due)
    with capture_logs() as log:
        running = asyncio.create_task(house.mailing.run())
        for event in ("mail_failed", "mail_put_off"):
            await until(partial(says, log, event))
            await mail_wishes.ask(house.context, ben.session, ADDRESS, words=False)
        await until(lambda: asked(house.box) == 1)
        running.cancel()
        await asyncio.wait([running])


# --- reports ---


async def an_admin(house: House, name: str) -> Guest:
    """Somebody in a conversation who started an account, and acts for the host."""
    talk, _ = await house.starts(f"{name}'s")
    guest = await house.joins(talk, name)
    started = await recovery.start(house.context, guest.session, Where("Desk", ""), name)
    account = started.entered.account

    def work(connection: sa.Connection) -> None:
        stored_admins.put(
            connection,
            account_id=account.id,
            role=HostRole.ADMIN,
            label=name,
            at=house.clock(),
        )

    await house.context.database.write(work)
    return Guest(started.entered.session, guest.person)


async def is_reported(house: House, talk: Conversation, by: Guest, message_id: str) -> None:
    await reports.report(
        house.context,
        talk.room_id,
        by.session,
        address="",
        reason="spam",
        message_id=message_id,
        words="Terrible",
    )


def of_reports(house: House, address: str) -> list[str]:
    return [str(mail["Subject"]) for mail in house.box.to(address) if "report" in mail["Subject"]]


async def test_admins_hear_of_reports_once_an_hour_and_not_of_what(house: House, two: Two) -> None:
    talk, ada, ben = two
    dora = await an_admin(house, "Dora")
    await house.wants(dora, "dora@example.org", words=True)
    await is_reported(house, talk, ben, await house.says(talk, ada, "Buy now!"))
    await house.goes_on(6 * MINUTE)
    assert of_reports(house, "dora@example.org") == ["1 report waits on localhost"]
    [mail] = house.box.to("dora@example.org")
    for word in ("Buy", "Terrible", "Ada", "Tea", talk.room_id):
        assert word not in text_of(mail)
    assert "/admin/reports" in text_of(mail)
    assert of_reports(house, ADDRESS) == []
    await is_reported(house, talk, ben, await house.says(talk, ada, "And this!"))
    await house.goes_on(30 * MINUTE)
    assert len(of_reports(house, "dora@example.org")) == 1
    await house.goes_on(31 * MINUTE)
    assert of_reports(house, "dora@example.org")[1:] == ["2 reports wait on localhost"]
    house.starts_again()
    await house.goes_on(2 * HOUR)
    assert len(of_reports(house, "dora@example.org")) == 2


async def test_who_is_an_admin_no_more_hears_of_no_report(house: House, two: Two) -> None:
    talk, ada, ben = two
    dora = await an_admin(house, "Dora")
    await house.wants(dora, "dora@example.org")
    await is_reported(house, talk, ben, await house.says(talk, ada, "Buy now!"))
    await house.context.database.write(
        lambda connection: admins.remove(connection, 1, at=house.clock())
    )
    await house.goes_on(6 * MINUTE)
    assert of_reports(house, "dora@example.org") == []
