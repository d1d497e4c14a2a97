"""Whatever was missed, the page comes to where a freshly loaded one is."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.line import Line
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.test_reading import LOADED, LOADED_AT_MOST, SET_VISIBILITY, TOP_OF_FIRST_VISIBLE
from tests.browser.visitor import Visitor
from tests.servers import process

MISSED = 1_000
WITHIN_MS = 5_000
# The newest messages and people as they stand on the page: as many as a fresh page shows.
TRANSCRIPT = """[
  [...document.querySelectorAll("#items .message")].slice(-100).map(message =>
    [message.dataset.seq, ...["author", "time", "text"].map(part =>
      message.querySelector(`[data-part="${part}"]`).textContent.trim())]),
  [...document.querySelectorAll("#people .person")].map(person => person.textContent.trim()),
]"""


@pytest.fixture
def talk(seeding: Seeding) -> Seeded:
    return seeding.conversation(
        "A talk that goes on", [Said("Ben", f"line {i}") for i in range(60)]
    )


def goes_offline(visitor: Visitor) -> None:
    visitor.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    visitor.context.set_offline(True)
    visitor.has_badge("Offline")


def comes_back(visitor: Visitor) -> None:
    visitor.context.set_offline(False)
    visitor.is_connected()


def equals_a_fresh_page(visitor: Visitor, fresh: Visitor, link: str) -> None:
    fresh.opens(link)
    fresh.is_connected()
    expected = fresh.measures(TRANSCRIPT)
    visitor.page.wait_for_function(
        f"expected => JSON.stringify({TRANSCRIPT}) === expected",
        arg=fresh.measures(f"JSON.stringify({TRANSCRIPT})"),
        timeout=WITHIN_MS,
    )
    assert visitor.measures(TRANSCRIPT) == expected
    assert visitor.measures(LOADED) <= LOADED_AT_MOST


def test_a_thousand_messages_missed_equal_a_fresh_page(
    seeding: Seeding, talk: Seeded, ada: Visitor, cleo: Visitor, arrive: Arrive
) -> None:
    for visitor in (ada, cleo):
        visitor.opens(talk.link)
        visitor.is_connected()
    title = cleo.page.title()
    cleo.scrolls_by(-900)
    cleo.page.wait_for_function("() => document.querySelector('#scroller').scrollTop === -900")
    place = cleo.measures(TOP_OF_FIRST_VISIBLE)
    for visitor in (ada, cleo):
        goes_offline(visitor)
    seeding.say_many(talk, "Ben", [f"missed {i}" for i in range(MISSED)])

    comes_back(ada)
    equals_a_fresh_page(ada, arrive("Dora"), talk.link)
    expect(ada.message(f"missed {MISSED - 1}")).to_be_in_viewport()

    # Whoever was reading further up reads on there, and is told how much is new.
    comes_back(cleo)
    expect(cleo.pill).to_have_text(f"{MISSED} new messages")
    expect(cleo.page).to_have_title(f"({MISSED}) {title}")
    still, top = cleo.measures(TOP_OF_FIRST_VISIBLE)
    assert still == place[0]
    # Browsers scroll by whole pixels, and lay text out in parts of them.
    assert abs(top - place[1]) <= 1
    cleo.pill.click()
    expect(cleo.message("missed 0")).to_be_in_viewport()
    cleo.to_end.click()
    expect(cleo.page).to_have_title(title)
    equals_a_fresh_page(cleo, arrive("Eve"), talk.link)


def test_some_messages_missed_are_added_to_what_was_there(
    seeding: Seeding, talk: Seeded, cleo: Visitor, arrive: Arrive
) -> None:
    cleo.opens(talk.link)
    cleo.is_connected()
    goes_offline(cleo)
    for i in range(20):
        seeding.say(talk, "Ben", f"missed {i}")
    comes_back(cleo)
    cleo.reads("missed 19")

    assert cleo.measures(LOADED) == 80
    expect(cleo.page.locator("#announcer")).to_have_text("20 new messages")
    equals_a_fresh_page(cleo, arrive("Dora"), talk.link)


def test_an_end_that_was_missed_is_known_after(
    seeding: Seeding, talk: Seeded, cleo: Visitor
) -> None:
    cleo.opens(talk.link)
    cleo.is_connected()
    goes_offline(cleo)
    seeding.end(talk)
    comes_back(cleo)

    expect(cleo.page.locator("#ended")).to_be_visible()


def test_an_event_that_was_lost_is_asked_for_when_the_next_one_comes(
    seeding: Seeding, talk: Seeded, cleo: Visitor, arrive: Arrive
) -> None:
    line = Line(cleo.page)
    cleo.opens(talk.link)
    cleo.is_connected()
    line.lose("new_message")
    for i in range(3):
        seeding.say(talk, "Ben", f"lost {i}")
    line.has_lost(3)
    line.keep()
    seeding.say(talk, "Ben", "not lost")
    cleo.reads("not lost")
    cleo.reads("lost 0")

    assert cleo.texts()[-4:] == ["lost 0", "lost 1", "lost 2", "not lost"]
    assert line.count("sync") == 1
    equals_a_fresh_page(cleo, arrive("Dora"), talk.link)


def test_the_last_event_lost_is_found_by_the_position(
    seeding: Seeding, talk: Seeded, cleo: Visitor
) -> None:
    line = Line(cleo.page)
    cleo.opens(talk.link)
    cleo.is_connected()
    line.lose("new_message", "conversation_ended")
    seeding.say(talk, "Ben", "the last")
    seeding.end(talk)
    line.has_lost(2)
    line.tell("room_position", {"room_id": talk.room_id, "seq": 62})

    cleo.reads("the last")
    expect(cleo.page.locator("#ended")).to_be_visible()


def test_a_page_that_was_hidden_for_a_minute_asks_what_it_missed(
    arrive: Arrive, tmp_path: Path
) -> None:
    # The page's clock is put on by more than a heartbeat may be late.
    with process(tmp_path, "--port", "0", "--ping-timeout-s", "300") as site:
        seeding = Seeding(site.url, tmp_path)
        talk = seeding.conversation(said=[Said("Ben", "before")])
        cleo = arrive("Cleo", url=site.url)
        cleo.page.clock.install()
        line = Line(cleo.page)
        cleo.opens(talk.link)
        cleo.is_connected()
        line.lose("new_message")
        cleo.page.evaluate(SET_VISIBILITY, "hidden")
        seeding.say(talk, "Ben", "while it slept")
        line.has_lost(1)
        cleo.page.clock.fast_forward(30_000)
        cleo.page.evaluate(SET_VISIBILITY, "visible")
        assert line.count("sync") == 0

        cleo.page.evaluate(SET_VISIBILITY, "hidden")
        cleo.page.clock.fast_forward(60_000)
        cleo.page.evaluate(SET_VISIBILITY, "visible")
        cleo.reads("while it slept")
        assert line.count("sync") == 1
        seeding.close()
        cleo.goes_home()
