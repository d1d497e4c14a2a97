"""Deleting a message: nothing is asked, and for five seconds it can be undone."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import Visitor

CAN_UNDO_MS = 5_000


def deletes(visitor: Visitor, text: str) -> Locator:
    """The message, as it is shown then."""
    element = visitor.page.locator(f"#{visitor.message(text).get_attribute('id')}")
    element.hover()
    element.get_by_role("button", name="Delete").click()
    expect(element.get_by_role("button", name="Undo")).to_be_visible()
    return element


def test_a_deleted_message_comes_back_or_goes_for_everybody(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts()
    ada.page.clock.install()
    ada.reloads()
    ben.comes(link)
    ben.says("Something unkind")
    ada.reads("Something unkind")
    unkind = deletes(ada, "Something unkind")
    expect(unkind.get_by_role("button", name="Undo")).to_be_focused()
    expect(ada.page.locator("#announcer")).to_contain_text("You can undo this")
    ada.does_not_see("Something unkind")
    ada.page.keyboard.press("Enter")
    ada.reads("Something unkind")
    expect(unkind).to_be_focused()
    ada.page.clock.run_for(CAN_UNDO_MS + 100)
    ada.says("Still here?")
    ben.reads("Still here?")
    ben.reads("Something unkind")

    unkind.focus()
    ada.page.keyboard.press("Delete")
    expect(unkind.get_by_role("button", name="Undo")).to_be_focused()
    ada.page.clock.run_for(CAN_UNDO_MS + 100)
    expect(unkind.locator(".message-text")).to_have_text("Deleted")
    expect(unkind).to_be_focused()
    ben.reads("Deleted")
    ben.does_not_see("Something unkind")
    ben.reloads()
    ben.reads("Deleted")


def test_reactions_go_with_the_text_and_come_back_with_it(
    ada: Visitor, ben: Visitor, seeding: Seeding
) -> None:
    said = [Said("Ben", "Plain"), Said("Ada", "Cake?"), Said("Ben", "Later")]
    seeded = seeding.conversation(said=said, owner="Ada")
    seeding.react(seeded, "Ben", 2, "🎂", "👍")
    for who in (ada, ben):
        who.has_session(seeded.tokens[who.name])
        who.opens(seeded.link)
        who.is_connected()
    cake = deletes(ada, "Cake?")
    chips = cake.locator(".reaction")
    expect(chips).to_have_count(0)
    # Whoever reacts meanwhile brings none back.
    seeding.react(seeded, "Ben", 2, "🎉")
    expect(ben.message("Cake?").locator(".reaction")).to_have_count(3)
    ben.says("I took a piece")
    ada.reads("I took a piece")
    expect(chips).to_have_count(0)
    cake.get_by_role("button", name="Undo").click()
    ada.reads("Cake?")
    expect(chips.locator(".reaction-emoji")).to_have_text(["🎂", "👍", "🎉"])


def test_what_is_deleted_goes_at_once_when_another_is_or_the_page_is_left(
    ada: Visitor, ben: Visitor
) -> None:
    link = ada.starts()
    ben.comes(link)
    for text in ("One", "Two", "Three"):
        ada.says(text)
    ben.reads("Three")
    deletes(ada, "One")
    deletes(ada, "Two")
    expect(ben.message("Deleted")).to_have_count(1)
    ben.reads("Two")
    expect(ada.page.get_by_role("button", name="Undo")).to_have_count(1)
    ada.opens("/")
    expect(ben.message("Deleted")).to_have_count(2)
    ben.reads("Three")


def test_what_could_not_be_deleted_comes_back_with_words(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Mine"), Said("Ben", "Other")], owner="Ada")
    ben = arrive("Ben")
    ben.has_session(seeded.tokens["Ben"])
    ben.opens(seeded.link)
    ben.is_connected()
    ben.may_meet(r"status 404", "the server responded with a status of 404")
    deletes(ben, "Mine")
    seeding.remove(seeded, "Ben")
    ben.measures("() => dispatchEvent(new Event('pagehide'))")
    ben.reads("Mine")
    expect(ben.page.locator(".toast")).to_contain_text("Not deleted.")
