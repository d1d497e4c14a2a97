"""Writing a message otherwise, where one writes, and what everybody sees of it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Arrive
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import Visitor


def edited(visitor: Visitor, text: str) -> Locator:
    return visitor.message(text).locator(".message-edited")


def opens_editing(visitor: Visitor, text: str) -> None:
    visitor.message(text).hover()
    visitor.message(text).get_by_role("button", name="Edit").click()
    expect(visitor.page.get_by_text("Editing your message")).to_be_visible()


def test_an_edit_is_seen_by_everybody_at_once_and_after_a_reload(
    ada: Visitor, ben: Visitor
) -> None:
    link = ada.starts()
    ben.comes(link)
    ada.says("Before")
    ada.says("👍")
    ben.reads("👍")
    expect(ben.messages.last).to_have_class(re.compile("emoji-only"))
    expect(ben.messages.last).to_have_class(re.compile("continued"))
    ada.composer.fill("Half a thought")
    opens_editing(ada, "👍")
    expect(ada.composer).to_have_value("👍")
    expect(ada.composer).to_be_focused()
    ada.composer.fill("See https://example.org\n" + "line\n" * 30 + "`end`")
    ada.composer.press("Enter")
    expect(ada.page.get_by_text("Editing your message")).to_be_hidden()
    expect(ada.composer).to_have_value("Half a thought")
    for who in (ada, ben):
        last = who.messages.last
        expect(last.get_by_role("link", name="https://example.org")).to_be_visible()
        expect(last).not_to_have_class(re.compile("emoji-only|continued"))
        expect(last.locator(".fold")).to_have_count(1)
        expect(last.locator(".message-edited")).to_have_text(re.compile(r"^edited \d\d:\d\d$"))
    expect(ben.page.locator("#announcer")).to_be_empty()
    title = ben.messages.last.locator(".message-edited time").get_attribute("title")
    assert title is not None
    assert re.search(r"^\w+day \d+ \w+ 20\d\d at", title)
    ben.reloads()
    ben.is_connected()
    expect(ben.messages.last.locator(".message-edited")).to_have_text(re.compile("^edited"))
    expect(ben.messages.last).not_to_have_class(re.compile("continued"))
    expect(edited(ben, "Before")).to_have_count(0)
    assert ben.messages.last.locator("code").inner_text() == "end"


def test_the_arrow_up_in_an_empty_field_edits_what_one_said_last(ada: Visitor) -> None:
    ada.starts()
    ada.says("First")
    ada.says("Second, with `code`")
    ada.composer.press("ArrowUp")
    expect(ada.page.get_by_text("Editing your message")).to_be_visible()
    expect(ada.composer).to_have_value("Second, with `code`")
    ada.composer.press("Escape")
    expect(ada.page.get_by_text("Editing your message")).to_be_hidden()
    expect(ada.composer).to_have_value("")
    expect(ada.composer).to_be_focused()
    # The same of what the server rendered.
    ada.reloads()
    ada.is_connected()
    ada.composer.press("ArrowUp")
    expect(ada.composer).to_have_value("Second, with `code`")
    ada.page.get_by_role("button", name="Cancel").click()
    ada.types("a")
    ada.composer.press("ArrowUp")
    expect(ada.composer).to_have_value("a")


@pytest.mark.parametrize("way", ["Escape", "the button"])
def test_an_edit_that_is_cancelled_changes_nothing_and_brings_the_draft_back(
    ada: Visitor, ben: Visitor, way: str
) -> None:
    link = ada.starts()
    ben.comes(link)
    ada.says("Tea at four")
    ada.composer.fill("Half a thought")
    opens_editing(ada, "Tea at four")
    expect(ada.page.locator(".message.editing")).to_have_count(1)
    ada.composer.fill("Tea at five")
    if way == "Escape":
        ada.composer.press("Escape")
    else:
        ada.page.get_by_role("button", name="Cancel").click()
    expect(ada.page.get_by_text("Editing your message")).to_be_hidden()
    expect(ada.page.locator(".message.editing")).to_have_count(0)
    expect(ada.composer).to_have_value("Half a thought")
    expect(ada.composer).to_be_focused()
    ada.reloads()
    ada.is_connected()
    expect(ada.composer).to_have_value("Half a thought")
    expect(ada.page.get_by_text("Editing your message")).to_have_count(0)
    # What is sent then is another message.
    ada.composer.press("Enter")
    ben.reads("Half a thought")
    ben.reads("Tea at four")
    expect(edited(ben, "Tea at four")).to_have_count(0)


def test_a_draft_and_a_half_written_edit_outlast_a_reload(ada: Visitor) -> None:
    ada.starts()
    ada.says("Tea at for")
    ada.types("And bring")
    opens_editing(ada, "Tea at for")
    ada.composer.fill("Tea at four, or")
    ada.reloads()
    ada.is_connected()
    expect(ada.page.get_by_text("Editing your message")).to_be_visible()
    expect(ada.composer).to_have_value("Tea at four, or")
    ada.composer.fill("Tea at four")
    ada.composer.press("Enter")
    ada.reads("Tea at four")
    expect(ada.composer).to_have_value("And bring")
    ada.reloads()
    ada.is_connected()
    expect(ada.composer).to_have_value("And bring")
    expect(ada.page.get_by_text("Editing your message")).to_have_count(0)


def test_an_edit_that_fails_says_why_and_keeps_the_text(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said("Ben", "Hello")], owner="Ada")
    ben = arrive("Ben")
    ben.has_session(seeded.tokens["Ben"])
    ben.opens(seeded.link)
    ben.is_connected()
    opens_editing(ben, "Hello")
    ben.composer.fill("Hello, all")
    seeding.delete_last(seeded)
    ben.reads("Deleted")
    ben.composer.press("Enter")
    expect(ben.page.get_by_text("Not saved. This message was deleted.")).to_be_visible()
    expect(ben.composer).to_have_value("Hello, all")
    ben.page.get_by_role("button", name="Cancel").click()
    ben.says("Hello, all")


def test_only_ones_own_can_be_edited_and_only_while_one_may_post(
    seeding: Seeding, arrive: Arrive
) -> None:
    said = [Said("Ada", "Hers"), Said("Ben", "His")]
    seeded = seeding.conversation(said=said, owner="Ada")
    ben = arrive("Ben")
    ben.has_session(seeded.tokens["Ben"])
    ben.opens(seeded.link)
    ben.is_connected()
    tool = ben.page.get_by_role("toolbar").get_by_role("button", name="Edit")
    ben.message("Hers").hover()
    expect(ben.page.get_by_role("toolbar")).to_be_visible()
    expect(tool).to_have_count(0)
    ben.message("His").hover()
    expect(tool).to_be_visible()
    seeding.end(seeded)
    expect(tool).to_have_count(0)
