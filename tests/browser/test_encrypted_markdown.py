"""What people mark in an encrypted conversation, and whom they mention, shows as in an open one."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.test_encrypted_page import Stranger, starts_encrypted
from tests.browser.test_markdown import PLAN, looks_like_the_plan, text
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

LOADED = """() => performance.getEntriesByType("resource").map(({name}) => name)
  .filter(name => /markdown|\\bparts-/.test(name))"""
FOR_YOU = re.compile("for-you")


def comes_by(link: str, who: Visitor) -> None:
    who.may_meet("status 403", "console: Failed to load resource")
    who.opens(link)
    who.joins()


def mentions(visitor: Visitor) -> Locator:
    return text(visitor).locator(".mention")


def test_what_is_marked_is_shown_as_in_an_open_conversation(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    comes_by(link, ben)
    ada.says("Plain words")
    ben.reads("Plain words")
    assert ben.measures(LOADED) == []
    ada.says(PLAN)
    looks_like_the_plan(ada)
    looks_like_the_plan(ben)
    # Of what is read late the acknowledgement comes first: nobody takes the log for another.
    ben.says("I see")
    ada.reads("I see")
    for who in (ada, ben):
        expect(who.page.get_by_text("Someone here was shown different messages")).to_have_count(0)
    ada.says(PLAN)
    looks_like_the_plan(ben)
    spoken = ben.page.locator("#announcer p").last
    expect(spoken).to_contain_text("Ada: Tea at three four as planned, see the plan three suits")
    expect(spoken).not_to_contain_text("**")
    live = text(ben).inner_html()
    for who in (ada, ben):
        who.reloads()
        looks_like_the_plan(who)
        who.is_connected()
        assert text(who).inner_html() == live
        assert who.measures(LOADED) != []
    Stranger(link, "Cleo").says(PLAN, "c-1")
    expect(ben.messages).to_have_count(5)
    assert text(ben).inner_html() == live
    # It is edited as it was written.
    ada.composer.press("ArrowUp")
    expect(ada.composer).to_have_value(PLAN)
    ada.composer.fill("Tea is *off*")
    ada.composer.press("Enter")
    for again in (False, True):
        for who in (ada, ben):
            if again:
                who.reloads()
            off = who.messages.nth(3).locator(".message-text")
            expect(off.locator("em")).to_have_text("off")
            expect(off).to_have_text("Tea is off")
    # An open one has the very same elements.
    ada.is_connected()
    ada.starts()
    ada.says(PLAN)
    looks_like_the_plan(ada)
    assert text(ada).inner_html() == live


def test_who_is_mentioned_sees_it_and_stays_it(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    comes_by(link, ben)
    expect(ada.page.locator(".notice").get_by_text("Ben joined")).to_be_visible()
    ada.says("Hi @Ben, not `@Ben` nor @Nobody")
    for again in (False, True):
        for who in (ada, ben):
            if again:
                who.reloads()
            expect(mentions(who)).to_have_text(["@Ben"])
            expect(text(who).locator("code")).to_have_text("@Ben")
        expect(ben.messages.last).to_have_class(FOR_YOU)
        expect(ada.messages.last).not_to_have_class(FOR_YOU)
    ada.is_connected()
    ada.says("Only `@Ben` in code")
    expect(text(ben).locator("code")).to_have_text("@Ben")
    expect(ben.messages.last).not_to_have_class(FOR_YOU)
    # A program that says no more than the words means whom they name.
    cleo = Stranger(link, "Cleo")
    cleo.says("And @Ben as well", "c-1")
    expect(mentions(ben)).to_have_text(["@Ben"])
    expect(ben.messages.last).to_have_class(FOR_YOU)
    ada.composer.press("ArrowUp")
    ada.composer.fill("Only @Cleo now")
    ada.composer.press("Enter")
    edited = ben.message("Only @Cleo now")
    expect(edited.locator(".mention")).to_have_text(["@Cleo"])


def test_a_long_history_is_read_after_it_is_shown(ada: Visitor, arrive: Arrive) -> None:
    link = starts_encrypted(ada)
    program = Stranger(link, "Cleo")
    for number in range(60):
        program.says(f"**{number}** " + "*a **b `c` " * 60, f"c-{number}")
    ben = arrive("Ben")
    comes_by(link, ben)
    strong = ben.page.locator(".message-text strong")
    expect(ben.messages.last.locator("strong").first).to_have_text("59")
    expect(ben.messages.first.locator("strong").first).to_be_visible()
    assert strong.count() >= ben.messages.count()
    assert ben.from_end_px() < 2
