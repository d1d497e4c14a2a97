"""What stands in the transcript: groups, days, times, and what a message's text becomes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import Visitor

DAY_MS = 24 * 60 * 60 * 1000


def test_one_author_within_five_minutes_is_one_group(seeding: Seeding, cleo: Visitor) -> None:
    start = datetime.now(UTC) - timedelta(minutes=60)
    said = [
        Said("Ada", "first", start),
        Said("Ada", "four minutes on", start + timedelta(minutes=4)),
        Said("Ada", "six minutes after that", start + timedelta(minutes=10)),
        Said("Ben", "somebody else", start + timedelta(minutes=11)),
        Said("Ada", "and back", start + timedelta(minutes=12)),
    ]
    cleo.opens(seeding.conversation(said=said).link)
    cleo.is_connected()

    expect(cleo.page.locator(".message.continued")).to_have_count(1)
    expect(cleo.message("four minutes on")).to_have_class(re.compile("continued"))


def test_a_message_that_comes_live_joins_its_group(ada: Visitor, ben: Visitor) -> None:
    ben.comes(ada.starts())
    ada.says("one")
    ada.says("two")
    ben.reads("two")

    for visitor in (ada, ben):
        expect(visitor.message("one")).not_to_have_class(re.compile("continued"))
        expect(visitor.message("two")).to_have_class(re.compile("continued"))


def test_days_and_times_are_the_readers_own(seeding: Seeding, arrive: Arrive) -> None:
    # In UTC one day; in Auckland, twelve or thirteen hours on, two.
    said = [
        Said("Ada", "before midnight", datetime(2024, 3, 5, 9, 30, tzinfo=UTC)),
        Said("Ada", "after midnight", datetime(2024, 3, 5, 12, 15, tzinfo=UTC)),
    ]
    link = seeding.conversation(said=said).link
    here = arrive("Ben", locale="de-DE")
    there = arrive("Cleo", locale="en-NZ", timezone_id="Pacific/Auckland")
    for visitor in (here, there):
        visitor.opens(link)
        visitor.is_connected()
    days, times = ".day", ".message-time time"
    tuesday, wednesday = "Tuesday 5 March 2024", "Wednesday 6 March 2024"

    expect(here.page.locator(days)).to_have_text([tuesday])
    expect(here.page.locator(times)).to_have_text(["09:30", "12:15"])
    expect(there.page.locator(days)).to_have_text([tuesday, wednesday])
    expect(there.page.locator(times)).to_have_text(["10:30\u202fpm", "1:15\u202fam"])


def test_today_and_yesterday_are_called_so(seeding: Seeding, cleo: Visitor) -> None:
    noon = datetime.now(UTC).replace(hour=0, minute=1)
    said = [Said("Ada", "then", noon - timedelta(days=1)), Said("Ada", "now", noon)]
    cleo.opens(seeding.conversation(said=said).link)

    expect(cleo.page.locator(".day")).to_have_text(["Yesterday", "Today"])


@pytest.mark.parametrize(
    ("locale", "clock", "full"),
    [
        ("de-DE", r"^17:05$", r"^Tuesday,? 5 March 2024 at 17:05$"),
        ("es-US", r"^5:05\spm$", r"^Tuesday,? 5 March 2024 at 5:05\spm$"),
        ("fa-IR", r"^17:05$", r"^Tuesday,? 5 March 2024 at 17:05$"),
        ("en-US", r"^5:05\sPM$", r"^Tuesday, March 5, 2024 at 5:05\sPM$"),
    ],
)
def test_dates_are_in_english_with_the_hours_the_reader_is_used_to(
    seeding: Seeding, arrive: Arrive, locale: str, clock: str, full: str
) -> None:
    moment = datetime(2024, 3, 5, 16, 5, tzinfo=UTC)
    talk = seeding.conversation(said=[Said("Ben", "then", moment)], at=moment)
    cleo = arrive("Cleo", locale=locale, timezone_id="Europe/Berlin")
    cleo.opens(talk.link)
    cleo.is_connected()
    expect(cleo.page.locator(".message-time time")).to_have_text(re.compile(clock))
    expect(cleo.page.locator(".message-time time")).to_have_attribute("title", re.compile(full))
    expect(cleo.page.locator(".opening-facts time")).to_have_text(re.compile(full))
    expect(cleo.page.locator(".day")).to_have_text(re.compile("^Tuesday,? "))


def test_today_is_called_yesterday_when_the_day_is_over(seeding: Seeding, arrive: Arrive) -> None:
    """In a tab that stays open, whether something is said or not, in the reader's time zone."""
    now = datetime.now(UTC)
    talk = seeding.conversation(said=[Said("Ben", "said today", now - timedelta(days=1))])
    cleo = arrive("Cleo", timezone_id="Pacific/Auckland")
    days = cleo.page.locator(".day")
    cleo.page.clock.install(time=now - timedelta(days=1))
    cleo.opens(talk.link)
    cleo.is_connected()
    expect(days).to_have_text(["Today"])
    cleo.page.clock.fast_forward(DAY_MS)
    expect(days).to_have_text(["Yesterday"])
    seeding.say(talk, "Ben", "said a day later")
    cleo.reads("said a day later")
    expect(days).to_have_text(["Yesterday", "Today"])
    # A machine that slept tells no timer the time.
    cleo.page.clock.set_fixed_time(now + timedelta(days=1))
    cleo.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(days).to_have_text([re.compile(r"^\w+,? \d+ \w+$"), "Yesterday"])


@pytest.mark.not_in_firefox("it gives generated text as attr(…), and not what is shown")
def test_the_full_date_is_there_on_hover_and_on_focus(seeding: Seeding, cleo: Visitor) -> None:
    said = [Said("Ada", "then", datetime(2024, 3, 5, 9, 30, tzinfo=UTC))]
    cleo.opens(seeding.conversation(said=said).link)
    cleo.is_connected()
    full = "Tuesday 5 March 2024 at 09:30"

    expect(cleo.page.locator(".message time")).to_have_attribute("title", full)
    cleo.page.locator(".message-time").focus()
    shown = cleo.measures(
        "getComputedStyle(document.querySelector('.message-time'), '::after').content"
    )
    assert full in shown


def test_links_are_links_code_is_code_and_emoji_alone_are_large(ada: Visitor, ben: Visitor) -> None:
    ben.comes(ada.starts())
    ada.says("See https://example.org/a?b=1 and run `make`.")
    ada.says("🎉")
    ada.says("```\nprint('hi')\n```")
    ada.says("שלום לכולם")

    for visitor in (ada, ben):
        link = visitor.page.get_by_role("link", name="https://example.org/a?b=1")
        expect(link).to_have_attribute("href", "https://example.org/a?b=1")
        expect(link).to_have_attribute("rel", re.compile("noopener"))
        expect(visitor.page.locator(".message-text :not(pre) > code")).to_have_text("make")
        expect(visitor.page.locator(".message-text pre")).to_have_text("print('hi')")
        expect(visitor.page.locator(".message.emoji-only .message-text")).to_have_text("🎉")
        expect(visitor.message("שלום לכולם").locator(".message-text")).to_have_css(
            "direction", "rtl"
        )
    large, plain = (
        ada.measures(
            "selector => parseFloat(getComputedStyle(document.querySelector(selector)).fontSize)",
            f"{kind} .message-text",
        )
        for kind in (".emoji-only", ".message:not(.emoji-only)")
    )
    assert large >= 2 * plain


def test_what_the_server_renders_the_page_keeps(ada: Visitor, ben: Visitor) -> None:
    """Live and loaded again, a transcript is the same, tag for tag."""
    ben.comes(ada.starts())
    for text in ("Hello", "See https://example.org", "`x`\n```\ny\n```", "🎉 🎈", "<b>&amp;</b>"):
        ada.says(text)
    ben.reads("Hello")
    bodies = "[...document.querySelectorAll('#items .message-text')].map(one => one.innerHTML)"
    expect(ben.messages).to_have_count(5)
    live = ben.measures(bodies)
    ben.reloads()
    ben.is_connected()

    assert ben.measures(bodies) == live
