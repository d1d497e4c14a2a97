"""What owners pin stands under the title, for everybody, and leads there."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import Visitor


def strip(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("navigation", name="Pinned messages")


def pins(visitor: Visitor, text: str) -> None:
    visitor.message(text).hover()
    visitor.message(text).get_by_role("button", name="Pin", exact=True).click()
    expect(visitor.page.locator(".toast")).to_have_text("Pinned")


def test_what_an_owner_pins_stands_under_the_title_and_leads_there(
    seeding: Seeding, arrive: Arrive
) -> None:
    said = [Said("Ben", "Four o'clock"), *(Said("Ben", f"line {n}") for n in range(40))]
    seeded = seeding.conversation(said=[*said, Said("Ada", "Bring\ncake")], owner="Ada")
    ada, ben = arrive("Ada"), arrive("Ben")
    for who in (ada, ben):
        who.has_session(seeded.tokens[who.name])
        who.opens(seeded.link)
        who.is_connected()
        expect(strip(who)).to_be_hidden()
    ben.message("line 39").hover()
    expect(ben.page.get_by_role("toolbar")).to_be_visible()
    expect(ben.page.get_by_role("toolbar").get_by_role("button", name="Pin")).to_have_count(0)

    ada.scrolls_to("Four o'clock")
    pins(ada, "Four o'clock")
    expect(strip(ben)).to_contain_text("Ben Four o'clock")
    expect(ben.page.locator("#pin-next")).to_be_hidden()
    ada.message("Bring cake").focus()
    ada.page.keyboard.press("p")
    expect(strip(ben)).to_contain_text("Ada Bring cake")
    expect(strip(ben)).to_contain_text("1 of 2")

    # It survives a reload, and shows one after the other.
    ben.reloads()
    expect(strip(ben)).to_contain_text("Ada Bring cake")
    ben.is_connected()
    ben.page.get_by_role("button", name="Next pinned message").click()
    expect(strip(ben)).to_contain_text("Ben Four o'clock")
    expect(strip(ben)).to_contain_text("2 of 2")
    strip(ben).get_by_role("link").click()
    expect(ben.page.locator("#m-1")).to_be_focused()
    expect(ben.page.locator("#m-1")).to_be_in_viewport()
    expect(strip(ben)).to_contain_text("1 of 2")

    # Editing and deleting reach it.
    seeding.edit(seeded, "Ben", 1, "Five o'clock")
    ben.page.get_by_role("button", name="Next pinned message").click()
    expect(strip(ben)).to_contain_text("Ben Five o'clock")
    seeding.delete_last(seeded)
    expect(strip(ben)).to_contain_text("Five o'clock")
    expect(ben.page.locator("#pin-next")).to_be_hidden()
    ada.page.locator("#m-1").focus()
    ada.page.get_by_role("toolbar").get_by_role("button", name="Unpin").click()
    for who in (ada, ben):
        expect(strip(who)).to_be_hidden()


def test_what_was_pinned_while_one_was_away_is_there_on_coming_back(
    seeding: Seeding, arrive: Arrive
) -> None:
    said = [Said("Ada", "Read this"), *(Said("Ada", f"line {n}") for n in range(3))]
    seeded = seeding.conversation(said=said, owner="Ada")
    ben = arrive("Ben")
    ben.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
    ben.opens(seeded.link)
    ben.is_connected()
    ben.context.set_offline(True)
    ben.has_badge("Offline")
    seeding.pin(seeded, 1)
    ben.context.set_offline(False)
    ben.is_connected()
    expect(strip(ben)).to_contain_text("Read this")


def test_without_javascript_the_strip_leads_to_all_of_them(
    seeding: Seeding, arrive: Arrive
) -> None:
    said = [Said("Ada", "First"), Said("Ada", "Second"), Said("Ada", "Third")]
    seeded = seeding.conversation(said=said, owner="Ada")
    seeding.pin(seeded, 1)
    seeding.pin(seeded, 2)
    ben = arrive("Ben", java_script_enabled=False)
    ben.opens(seeded.link)
    expect(strip(ben).get_by_role("link").first).to_have_text(re.compile("Second"))
    strip(ben).locator("summary").click()  # "1 more"
    strip(ben).get_by_role("link").last.click()
    expect(ben.page).to_have_url(re.compile(r"\?at=1#m-1$"))
