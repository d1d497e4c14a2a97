"""Meaning somebody: "@" offers the people of the conversation, and they see that they are meant."""

from __future__ import annotations

import re
from typing import Literal

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import PHONE, Visitor

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


def offered(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("listbox", name="People to mention").get_by_role("option")


def test_an_at_sign_offers_people_by_keyboard(seeding: Seeding, arrive: Arrive) -> None:
    said = [Said(who, "Hello") for who in ("Ben", "Anna Maria", "Anna", "李小龍", "שרה")]
    seeded = seeding.conversation(said=said, owner="Ada")
    ada, ben = arrive("Ada"), arrive("Ben")
    for each in (ada, ben):
        each.has_session(seeded.tokens[each.name])
        each.opens(seeded.link)
        each.is_connected()
    expect(ada.people.filter(has_text="Ben")).to_have_class(re.compile("online"))

    ada.types("Hi @")
    # Who is here comes first.
    expect(offered(ada)).to_have_text(
        [re.compile(each) for each in ("Ben", "Anna", "Anna Maria", "שרה", "李小龍")]
    )
    expect(ada.composer).to_have_attribute("aria-activedescendant", "naming-0")
    ada.types("anna")
    expect(offered(ada)).to_have_count(2)
    ada.page.keyboard.press("ArrowDown")
    expect(offered(ada).last).to_have_attribute("aria-selected", "true")
    ada.page.keyboard.press("Enter")
    expect(ada.composer).to_have_value("Hi @Anna Maria ")
    expect(offered(ada)).to_have_count(0)
    ada.types("and @李")
    ada.page.keyboard.press("Tab")
    expect(ada.composer).to_have_value("Hi @Anna Maria and @李小龍 ")
    assert ada.measures("document.activeElement.id") == "message"
    # Escape closes it for this one, and no more.
    ada.types("@b")
    expect(offered(ada)).to_have_count(1)
    ada.page.keyboard.press("Escape")
    expect(offered(ada)).to_have_count(0)
    ada.types("e")
    expect(offered(ada)).to_have_count(0)
    ada.types("n, ada@home")
    expect(offered(ada)).to_have_count(0)

    # Who is meant hears and sees it, and how often from elsewhere.
    ben.page.evaluate("Object.defineProperty(document, 'visibilityState', {value: 'hidden'})")
    ada.page.keyboard.press("Enter")
    expect(ada.composer).to_have_value("")
    meant = ben.messages.last
    expect(meant).to_have_class(re.compile("for-you"))
    expect(ben.page.locator("#announcer")).to_contain_text("Ada, to you: Hi @Anna Maria")
    expect(ben.page).to_have_title(re.compile(r"^\(1 @\) "))
    expect(ada.messages.last).not_to_have_class(re.compile("for-you"))
    ada.says("And all of you")
    expect(ben.page).to_have_title(re.compile(r"^\(2, 1 @\) "))
    ben.reloads()
    ben.is_connected()
    expect(ben.messages.nth(5)).to_have_class(re.compile("for-you"))


@pytest.mark.not_in_firefox("it has the pointer that the machine has, whatever Playwright says")
def test_of_two_of_one_name_the_chosen_one_is_meant(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(owner="Ada")
    seeding.say(seeded, "Ben", "The first")
    first = seeded.tokens.pop("Ben")
    seeding.say(seeded, "Ben", "The second")
    ada, ben, other = arrive("Ada", **PHONE), arrive("Ben"), arrive("Ben the other")
    for who, token in ((ada, seeded.tokens["Ada"]), (ben, first), (other, seeded.tokens["Ben"])):
        who.has_session(token)
        who.opens(seeded.link)
        who.is_connected()
    ada.composer.tap()
    ada.types("@be")
    expect(offered(ada)).to_have_count(2)
    # The mark that tells them apart stands there as well; a finger chooses.
    offered(ada).filter(has_text="same name as someone else").tap()
    expect(ada.composer).to_have_value("@Ben ")
    ada.page.get_by_role("button", name="Send").tap()
    expect(other.messages.last).to_have_class(re.compile("for-you"))
    expect(ben.messages).to_have_count(3)
    expect(ben.messages.last).not_to_have_class(re.compile("for-you"))


def test_in_a_crowd_the_server_finds_who_is_meant(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(owner="Ada")
    seeding.join_many(seeded, [f"Guest {number:03}" for number in range(105)])
    seeding.join_many(seeded, ["Zoë of the last row"])
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    ada.types("@last")
    expect(offered(ada)).to_have_text([re.compile("Zoë of the last row")])


def test_axe_finds_nothing_serious_in_answers_and_mentions(
    seeding: Seeding, arrive: Arrive
) -> None:
    seeded = seeding.conversation(said=[Said("Ada", "Tea?"), Said("Ben", "Tea?")], owner="Ada")
    seeding.answer(seeded, "Ben", "Tea, @Ada", 1)
    seeding.answer(seeded, "Ada", "Tea, @Ben", 2)
    ada = arrive("Ada")
    ada.has_session(seeded.tokens["Ada"])
    ada.opens(seeded.link)
    ada.is_connected()
    ada.messages.nth(1).focus()
    ada.page.get_by_role("toolbar").get_by_role("button", name="Reply").click()
    ada.types("Yes, @")
    expect(offered(ada)).to_have_count(1)
    for scheme in SCHEMES:
        ada.page.emulate_media(color_scheme=scheme)
        assert grave_faults(ada.page) == []
