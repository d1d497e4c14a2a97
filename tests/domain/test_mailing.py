"""Mail about new messages: who gets which, when, and that nobody gets it twice or too much."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email.message import EmailMessage
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from structlog.testing import capture_logs

from parley.config import Config
from parley.domain import (
    conversations,
    forgetting,
    mail_wishes,
    messages,
    notifying,
    owning,
    participants,
    reading,
    removal,
    sessions,
)
from parley.domain.context import Context
from parley.domain.mailing import Mailing, Shown
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.errors import NotFound, NotJoined, Unavailable
from parley.mail.choice import mail_of
from parley.present import excerpt
from parley.records import Conversation, MailCode, Participant, Session
from parley.storage.folder import NAME
from tests.domain.conftest import Clock
from tests.eventually import until
from tests.mail.postbox import Postbox, postbox, text_of, with_mail

ADDRESS = "ben@example.org"
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
SHOWN = Shown(
    title=lambda conversation: conversation.title,
    excerpt=lambda text: text,
    link=lambda conversation: f"http://localhost/conversation/{conversation.room_id}",
)


@dataclass
class Guest:
    """Somebody in a conversation, and their session."""

    session: Session
    person: Participant

    @property
    def id(self) -> str:
        return self.person.user_id


@dataclass
class House:
    """A server that sends mail, and the box it goes to."""

    context: Context
    clock: Clock
    box: Postbox
    mailing: Mailing = field(init=False)

    def __post_init__(self) -> None:
        self.starts_again()

    def starts_again(self) -> None:
        """As after a stop, or a kill: nothing is known but what is stored."""
        self.mailing = Mailing(self.context, SHOWN)

    async def goes_on(self, time: timedelta) -> None:
        """So much time passes, then it is looked what there is to send."""
        self.clock.goes_on(time)
        await self.mailing.round()

    async def starts(self, title: str = "Tea") -> tuple[Conversation, Guest]:
        """A conversation of Ada's, who has joined it."""
        created = await conversations.create(self.context, None, title=title)
        session = await sessions.resolve(self.context, created.token)
        return created.conversation, await self.joins(created.conversation, "Ada", session)

    async def joins(
        self, conversation: Conversation, name: str, session: Session | None = None
    ) -> Guest:
        joining = Joining(session, username=name)
        joined = await participants.join(self.context, conversation.room_id, joining)
        if joined.token is not None:
            session = await sessions.resolve(self.context, joined.token)
        assert session is not None
        return Guest(session, joined.participant)

    async def says(
        self, conversation: Conversation, guest: Guest, text: str, reply_to: str = ""
    ) -> str:
        self.clock.goes_on(timedelta(seconds=1))
        draft = Draft(text, reply_to=reply_to)
        sent = await messages.send_as(self.context, conversation.room_id, guest.session, draft)
        return sent.message.id

    async def wants(self, guest: Guest, address: str = ADDRESS, *, words: bool = False) -> None:
        """They give an address, and its owner confirms that."""
        await mail_wishes.ask(self.context, guest.session, address, words=words)
        await self.mailing.round()
        await mail_wishes.confirm(self.context, code_in(self.box.mails[-1], "confirm"))
        self.box.mails.clear()

    def told(self, address: str = ADDRESS) -> list[EmailMessage]:
        """The mails about new messages that came."""
        return [mail for mail in self.box.to(address) if "New messages" in str(mail["Subject"])]


def code_in(mail: EmailMessage, kind: str) -> str:
    """The code of the link in a mail."""
    [found] = [line for line in text_of(mail).split() if f"/mail/{kind}/" in line]
    return found.rpartition("/")[2]


def asked(box: Postbox, address: str = ADDRESS) -> int:
    return sum("Confirm" in str(mail["Subject"]) for mail in box.to(address))


@pytest.fixture
async def house(context: Context, clock: Clock, config: Config) -> AsyncIterator[House]:
    began = clock()
    async with postbox() as box:
        sending = replace(
            context,
            mail=mail_of(with_mail(config, box.url)),
            elapsed=lambda: (clock() - began).total_seconds(),
        )
        yield House(sending, clock, box)


@pytest.fixture
async def two(house: House) -> tuple[Conversation, Guest, Guest]:
    """Ada and Ben in a conversation of two; Ben wants mail."""
    talk, ada = await house.starts()
    ben = await house.joins(talk, "Ben")
    await house.wants(ben)
    return talk, ada, ben


Two = tuple[Conversation, Guest, Guest]


def rows(config: Config, statement: str) -> list[Any]:
    with closing(sqlite3.connect(config.data / NAME)) as connection:
        return connection.execute(statement).fetchall()


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
    assert "Tea at four?" not in mail.as_string()
    assert "Ada" not in mail.as_string()


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


# --- asking for an address's word ---


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


async def test_nobody_is_flooded_whoever_asks(house: House) -> None:
    talk, _ = await house.starts()
    counts = []
    for minutes in range(0, 26 * 60, 2):
        mallory = await house.joins(talk, f"Mallory {minutes}")
        address = f"ben+{minutes}@example.org" if minutes else ADDRESS
        before = len(house.box.mails)
        await given(house, mallory, address)
        if len(house.box.mails) > before:
            counts.append(minutes)
        house.clock.goes_on(2 * MINUTE)
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
    assert rows(config, "PRAGMA foreign_key_check") == []
