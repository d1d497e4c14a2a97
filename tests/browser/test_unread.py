"""What is new: where it begins, how one gets there and to the end, and what stays of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeded, Seeding
from tests.browser.test_reading import SET_VISIBILITY, TOP_OF_FIRST_VISIBLE
from tests.browser.visitor import PHONE, Visitor

LONG_AGO_MS = 3_600_000
NOBODY_LOOKS = """Object.defineProperty(
  document, "visibilityState", {configurable: true, get: () => "hidden"})"""
IS_AT_TOP = """selector => {
  const top = document.querySelector("#scroller").getBoundingClientRect().top;
  const at = document.querySelector(selector)?.getBoundingClientRect().top - top;
  return at >= 0 && at < 60;
}"""


@pytest.fixture
def talk(seeding: Seeding) -> Seeded:
    return seeding.conversation("Busy", [Said("Ben", f"before {i}") for i in range(60)])


def at_the_top(visitor: Visitor, selector: str) -> None:
    visitor.page.wait_for_function(IS_AT_TOP, arg=selector)


def goes_up(visitor: Visitor) -> None:
    visitor.page.evaluate("document.querySelector('#scroller').scrollTop = -2000")
    expect(visitor.to_end).to_be_visible()


def much_is_said(seeding: Seeding, talk: Seeded, count: int = 40) -> None:
    for i in range(count):
        seeding.say(talk, "Ben", f"new {i}")


def test_the_pill_leads_to_the_first_unread_message_and_a_button_to_the_end(
    seeding: Seeding, talk: Seeded, arrive: Arrive
) -> None:
    cleo = arrive("Cleo", **PHONE)
    cleo.page.clock.install()
    cleo.comes(talk.link)
    title = cleo.page.title()
    expect(cleo.to_end).not_to_be_visible()
    goes_up(cleo)
    much_is_said(seeding, talk)
    expect(cleo.pill).to_have_text("40 new messages")
    cleo.pill.click()
    at_the_top(cleo, ".unread")
    expect(cleo.message("new 0")).to_be_focused()
    # What is on the screen is seen, and the rest is still to come.
    expect(cleo.page).to_have_title(re.compile(r"^\(\d+\) "))
    assert 0 < int(cleo.page.title()[1:].split(")")[0]) < 40
    cleo.page.clock.fast_forward(LONG_AGO_MS)
    expect(cleo.page.locator(".unread")).to_be_in_viewport()

    cleo.to_end.click()
    expect(cleo.message("new 39")).to_be_in_viewport()
    expect(cleo.scroller).to_be_focused()
    expect(cleo.to_end).not_to_be_visible()
    expect(cleo.page).to_have_title(title)
    expect(cleo.page.locator(".unread")).to_have_count(1)
    cleo.says("I have read it all")
    expect(cleo.page.locator(".unread")).to_have_count(0)


def test_the_pill_goes_on_to_what_was_not_on_the_screen_yet(
    seeding: Seeding, talk: Seeded, cleo: Visitor
) -> None:
    cleo.opens(talk.link)
    cleo.is_connected()
    title = cleo.page.title()
    goes_up(cleo)
    much_is_said(seeding, talk)
    expect(cleo.pill).to_have_text("40 new messages")
    seen = []
    while cleo.pill.is_visible():
        cleo.pill.click()
        cleo.page.wait_for_function("() => document.activeElement.matches('.message')")
        seen.append(int(cleo.measures("document.activeElement.dataset.seq")))
    assert seen == sorted(set(seen))
    assert seen[0] == 61
    expect(cleo.message("new 39")).to_be_in_viewport()
    expect(cleo.page).to_have_title(title)


def test_in_a_hidden_tab_reading_begins_at_the_first_unread_message(
    seeding: Seeding, talk: Seeded, cleo: Visitor
) -> None:
    cleo.opens(talk.link)
    cleo.is_connected()
    cleo.page.evaluate(SET_VISIBILITY, "hidden")
    much_is_said(seeding, talk)
    expect(cleo.page).to_have_title(re.compile(r"^\(40\)"))
    cleo.page.evaluate(SET_VISIBILITY, "visible")
    at_the_top(cleo, ".unread")
    expect(cleo.message("new 0")).to_be_in_viewport()
    expect(cleo.pill).to_be_visible()
    # Whoever has seen all of it and comes back once more begins anew.
    cleo.page.keyboard.press("End")
    expect(cleo.pill).not_to_be_visible()
    cleo.page.evaluate(SET_VISIBILITY, "hidden")
    expect(cleo.page.locator(".unread")).to_have_count(0)


def test_the_end_key_leads_to_the_end_and_moves_the_cursor_while_one_writes(
    talk: Seeded, cleo: Visitor
) -> None:
    cleo.comes(talk.link)
    cleo.composer.fill("Half written")
    goes_up(cleo)
    cleo.composer.press("Home")
    cleo.composer.press("End")
    assert cleo.measures("document.activeElement.selectionStart") == len("Half written")
    expect(cleo.to_end).to_be_visible()
    cleo.scroller.press("End")
    expect(cleo.message("before 59")).to_be_in_viewport()
    expect(cleo.to_end).not_to_be_visible()
    goes_up(cleo)
    cleo.composer.fill("")
    cleo.composer.press("End")
    expect(cleo.message("before 59")).to_be_in_viewport()
    expect(cleo.composer).to_be_focused()

    # From far back, where the end is not loaded.
    cleo.opens(f"{talk.link}?at=1#m-1")
    expect(cleo.page.locator("#m-1")).to_be_focused()
    cleo.page.keyboard.press("End")
    expect(cleo.message("before 59")).to_be_in_viewport()


def test_a_message_that_is_not_there_is_said_not_to_be(
    seeding: Seeding, talk: Seeded, arrive: Arrive
) -> None:
    cleo = arrive("Cleo")
    missing = cleo.page.get_by_text("That message isn't here.")
    cleo.opens(f"{talk.link}#m-99999")
    expect(missing).to_be_visible()
    expect(cleo.message("before 59")).to_be_in_viewport()
    cleo.measures("location.hash = '#m-3'")
    expect(cleo.message("before 2")).to_be_focused()
    expect(missing).not_to_be_visible()
    cleo.opens(f"{talk.link}?at=99999#m-99999")
    cleo.page.get_by_role("button", name="Dismiss").click()
    expect(missing).not_to_be_visible()
    expect(cleo.scroller).to_be_focused()

    plain = arrive("Dora", java_script_enabled=False)
    plain.opens(f"{talk.link}?at=99999#m-99999")
    expect(plain.page.get_by_text("That message isn't here.")).to_be_visible()
    expect(plain.page.get_by_role("button", name="Dismiss")).to_have_count(0)
    plain.opens(f"{talk.link}?at=3#m-3")
    expect(plain.page.get_by_text("That message isn't here.")).to_have_count(0)


def test_what_came_while_the_tab_was_closed_is_marked(
    seeding: Seeding, talk: Seeded, cleo: Visitor
) -> None:
    cleo.comes(talk.link)
    cleo.says("Back soon")
    title = cleo.page.title()
    cleo.page.close()
    talk.tokens["Cleo"] = cleo.session()
    seeding.say(talk, "Cleo", "From my other device")
    much_is_said(seeding, talk, 5)

    cleo.page = cleo.context.new_page()
    cleo.opens(talk.link)
    expect(cleo.page.locator("#items .unread + .message")).to_contain_text("new 0")
    expect(cleo.page.locator(".unread")).to_be_in_viewport()
    expect(cleo.message("new 4")).to_be_in_viewport()
    expect(cleo.page).to_have_title(title)
    expect(cleo.composer).to_be_focused()
    cleo.is_connected()
    # They have been seen now, so the next time nothing is new.
    cleo.page.close()
    cleo.page = cleo.context.new_page()
    cleo.opens(talk.link)
    cleo.is_connected()
    expect(cleo.page.locator(".unread")).to_have_count(0)


def test_more_than_a_page_that_came_meanwhile_is_read_from_its_beginning(
    seeding: Seeding, talk: Seeded, arrive: Arrive
) -> None:
    cleo = arrive("Cleo", **PHONE)
    cleo.opens(talk.link)
    cleo.is_connected()
    cleo.page.close()
    much_is_said(seeding, talk, 115)
    # One tab in which nobody looks yet, and one in which somebody reads.
    aside = cleo.context.new_page()
    aside.add_init_script(NOBODY_LOOKS)
    aside.goto(talk.link)
    expect(aside).to_have_title(re.compile(r"^\(115\)"))
    cleo.page = cleo.context.new_page()
    cleo.opens(talk.link)
    at_the_top(cleo, ".unread")
    expect(cleo.message("new 0")).to_be_in_viewport()
    expect(cleo.page).to_have_title(re.compile(r"^\(1[01]\d\)"))
    expect(aside).to_have_title(re.compile(r"^\(1[01]\d\)"))

    cleo.taps(cleo.to_end)
    expect(cleo.message("new 114")).to_be_in_viewport()
    for page in (cleo.page, aside):
        expect(page).not_to_have_title(re.compile(r"^\("))


def test_back_and_a_reload_open_the_page_where_one_was(
    seeding: Seeding, talk: Seeded, cleo: Visitor
) -> None:
    much_is_said(seeding, talk, 75)
    for how in ("back", "reload"):
        cleo.opens("about:blank")
        cleo.opens(talk.link)  # anew, and so at its end
        expect(cleo.message("new 74")).to_be_in_viewport()
        cleo.is_connected()
        cleo.measures("location.hash = '#m-30'")  # farther back than the page holds
        expect(cleo.page.locator("#m-30")).to_be_focused()
        cleo.measures("document.querySelector('#scroller').scrollTop -= 90")
        first, top = cleo.measures(TOP_OF_FIRST_VISIBLE)
        if how == "back":
            cleo.opens("/")
            cleo.page.go_back()
        else:
            cleo.reloads()
        cleo.is_connected()
        expect(cleo.page.locator(f"#{first}")).to_be_in_viewport()
        cleo.page.wait_for_function(
            f"([first, top]) => {{ const [now, at] = {TOP_OF_FIRST_VISIBLE};"
            " return now === first && Math.abs(at - top) <= 1; }",
            arg=[first, top],
        )
    # Opened anew by its link, it opens at its end.
    cleo.opens("/")
    cleo.opens(talk.link)
    expect(cleo.message("new 74")).to_be_in_viewport()
