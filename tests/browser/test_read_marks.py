"""How far one has read: the same on every device, seen by few others, told after a time away."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.making_files import png
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.test_reading import SET_VISIBILITY
from tests.browser.visitor import PHONE, SLOW_MS, Visitor

LOOKED_LONG_AGO = """() => {
  for (const key of Object.keys(localStorage).filter((key) => key.startsWith("parley:looked:"))) {
    localStorage.setItem(key, String(Date.now() - 2 * 3600 * 1000));
  }
}"""


def device_of(visitor: Visitor, arrive: Arrive, talk: Seeded, **options: object) -> Visitor:
    """Another device of theirs, with the session of the first and nothing else of it."""
    other = arrive(visitor.name, **options)
    other.has_session(visitor.session())
    other.opens(talk.link)
    other.is_connected()
    return other


def seen(page: Page) -> list[str]:
    return page.locator(".seen").all_inner_texts()


def test_what_is_read_on_the_phone_is_read_on_the_laptop(seeding: Seeding, arrive: Arrive) -> None:
    talk = seeding.conversation("Tea", [Said("Ada", f"before {i}") for i in range(30)])
    laptop = arrive("Ben")
    laptop.comes(talk.link)
    laptop.is_connected()
    phone = device_of(laptop, arrive, talk, **PHONE)
    for device in (laptop, phone):
        device.page.evaluate(SET_VISIBILITY, "hidden")
    for i in range(3):
        seeding.say(talk, "Ada", f"new {i}")
    for device in (laptop, phone):
        expect(device.page).to_have_title(re.compile(r"^\(3\) "))
    phone.page.evaluate(SET_VISIBILITY, "visible")
    phone.page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = 0; }")
    expect(laptop.page).to_have_title(re.compile("^Tea"))
    expect(laptop.page.locator(".unread")).to_have_count(0)

    # Nor is it new on a device that was off meanwhile; what comes later is, as on the list.
    laptop.opens("about:blank")
    phone.opens("about:blank")
    seeding.say(talk, "Ada", "later")
    laptop.opens(talk.link)
    expect(laptop.page.locator(".unread + .message")).to_contain_text("later")


def test_who_has_seen_a_message_stands_under_it_until_they_keep_it_to_themselves(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    link = ada.starts("Tea")
    for guest in (ben, cleo):
        guest.comes(link)
        guest.is_connected()
    ada.says("Milk?")
    line = ada.page.locator(".seen")
    expect(line).to_have_text("Seen by Ben and Cleo")
    cleo.says("Lemon")
    expect(line).to_have_text("Seen by Ben")
    assert grave_faults(ada.page) == []

    ben.page.get_by_label("Show how far I've read").uncheck()
    expect(line).to_have_count(0)
    ben.opens(link)
    expect(ben.page.get_by_label("Show how far I've read")).not_to_be_checked()
    ben.page.get_by_label("Show how far I've read").check()
    expect(line).to_have_text("Seen by Ben")


PLACES = """() => [...document.querySelectorAll('#items > :not(.seen)')].map(
  (each) => each.getBoundingClientRect().top)"""
COVERED = """line => {
  const own = line.getBoundingClientRect();
  return [...document.querySelectorAll('#items > :not(.seen)')].filter((each) => {
    const box = each.getBoundingClientRect();
    return box.top < own.bottom - 1 && box.bottom > own.top + 1;
  }).length;
}"""


@pytest.mark.parametrize("width", [320, 1280])
def test_that_somebody_has_seen_it_moves_nothing(
    seeding: Seeding, arrive: Arrive, width: int
) -> None:
    said = [Said(who, f"from {who}") for who in ("Ben", *("Cleo", "Dan", "Dan") * 10, "Ada")]
    talk = seeding.conversation("Tea", said, owner="Ada")
    ada = arrive("Ada", viewport={"width": width, "height": 700})
    ada.has_session(talk.tokens["Ada"])
    ada.opens(talk.link)
    ada.is_connected()
    expect(seen_by := ada.page.locator(".seen")).to_have_count(0)
    before = ada.measures(PLACES)
    # While she is at the end, under the last message and further up; and while she reads above it.
    seeding.read(talk, "Ben", 28)
    expect(seen_by).to_have_text(["Seen by Ben"])
    seeding.read(talk, "Cleo", 32)
    expect(seen_by).to_have_text(["Seen by Ben", "Seen by Cleo"])
    assert ada.measures(PLACES) == before
    for line in seen_by.all():
        assert line.evaluate(COVERED) == 0
    expect(seen_by.last).to_be_in_viewport()
    ada.scroller.evaluate("scroller => { scroller.scrollTop = -400; }")
    before = ada.measures(PLACES)
    seeding.read(talk, "Ben", 32)
    expect(seen_by).to_have_text(["Seen by Ben and Cleo"])
    assert ada.measures(PLACES) == before


def test_a_page_that_was_loaded_while_somebody_was_away_shows_what_they_had_seen(
    ada: Visitor, ben: Visitor
) -> None:
    link = ada.starts("Tea")
    ben.comes(link)
    ben.says("Milk?")
    line = ben.page.locator(".seen")
    expect(line).to_have_text("Seen by Ada")
    ada.opens("about:blank")
    expect(ben.people.filter(has_text="Ada")).to_have_count(0, timeout=SLOW_MS)
    ben.reloads()
    ben.is_connected()
    expect(line).to_have_count(0)
    ada.opens(link)
    expect(line).to_have_text("Seen by Ada", timeout=SLOW_MS)


def test_whoever_comes_back_after_hours_is_told_what_was_missed(
    seeding: Seeding, arrive: Arrive
) -> None:
    talk = seeding.conversation("Tea", [Said("Ada", f"before {i}") for i in range(30)])
    ben = arrive("Ben")
    ben.comes(talk.link)
    ben.is_connected()
    card = ben.page.get_by_role("region", name="While you were away")
    expect(card).not_to_be_visible()
    ben.opens("/conversations")
    ben.page.evaluate(LOOKED_LONG_AGO)
    for i in range(120):
        seeding.say(talk, "Ada" if i % 3 else "Cleo", f"new {i}")
    ben.opens(talk.link)
    expect(card).to_contain_text("120 messages: 80 from Ada and 40 from Cleo.")
    expect(card).not_to_contain_text("shared")
    # Not all of it is loaded, and the count is right all the same.
    expect(ben.page).to_have_title(re.compile(r"^\(1[01]\d\) "))
    assert grave_faults(ben.page) == []
    ben.page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = 0; }")
    ben.page.keyboard.press("n")
    expect(ben.message("new 0")).to_be_focused()
    expect(card).not_to_be_visible()

    # Soon after, there is nothing to be told.
    ben.opens("about:blank")
    seeding.say(talk, "Ada", "one more")
    ben.opens(talk.link)
    expect(ben.page.locator(".unread")).to_have_count(1)
    expect(card).not_to_be_visible()


def test_so_is_whoever_looks_at_a_tab_again_that_was_hidden_for_hours(
    seeding: Seeding, arrive: Arrive
) -> None:
    talk = seeding.conversation("Tea", [Said("Ada", f"before {i}") for i in range(30)])
    ben = arrive("Ben", **PHONE)
    ben.page.clock.install()
    ben.comes(talk.link)
    card = ben.page.get_by_role("region", name="While you were away")
    ben.page.evaluate(SET_VISIBILITY, "hidden")
    seeding.say(talk, "Ada", "At once")
    expect(ben.page).to_have_title(re.compile(r"^\(1\) "))
    ben.page.evaluate(SET_VISIBILITY, "visible")
    expect(card).not_to_be_visible()
    ben.page.locator("#scroller").evaluate("scroller => { scroller.scrollTop = 0; }")
    expect(ben.page).to_have_title(re.compile(r"^Tea"))

    ben.page.evaluate(SET_VISIBILITY, "hidden")
    for i in range(40):
        seeding.say(talk, "Ada", f"later {i}")
    for name, content in (("lake.png", png()), ("hill.png", png(red=90)), ("plan.txt", b"Plan")):
        seeding.send_files(talk, "Ada", "", (name, content))
    expect(ben.page).to_have_title(re.compile(r"^\(43\) "))
    ben.page.clock.fast_forward(2 * 3_600_000)
    ben.page.evaluate(SET_VISIBILITY, "visible")
    expect(card).to_contain_text("43 messages from Ada. 2 pictures and 1 file were shared.")
    assert grave_faults(ben.page) == []
    card.get_by_role("button", name="Dismiss").click()
    expect(card).not_to_be_visible()
