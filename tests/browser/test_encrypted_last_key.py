"""Whoever has the last key of an encrypted conversation is told so before it is gone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Dialog, Locator, expect

from tests.browser.axe import grave_faults
from tests.browser.conftest import Arrive
from tests.browser.test_encrypted_page import COPIES, ENCRYPTED, starts_encrypted
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

ONLY_HERE = "Only this browser has the key so far"


def starts(who: Visitor) -> None:
    """And takes the link nowhere."""
    who.context.add_init_script(COPIES)
    who.opens("/")
    who.page.get_by_label(ENCRYPTED).check()
    who.page.get_by_role("button", name="Start a conversation").click()
    who.page.wait_for_url("**/conversation/*")
    who.joins()
    who.says("Hello")


def comes(who: Visitor, link: str) -> None:
    who.may_meet("status 403", "console: Failed to load resource")
    who.opens(link)
    who.joins()


def note(who: Visitor) -> Locator:
    return who.page.locator("#key-note")


def presses_leave(who: Visitor) -> None:
    who.page.locator("#leave").get_by_role("button", name="Leave").click()


def test_whoever_leaves_last_is_asked_and_can_copy_the_link(ada: Visitor) -> None:
    starts(ada)
    presses_leave(ada)
    dialog = ada.page.get_by_role("dialog", name="Leave as the last one?")
    expect(dialog).to_contain_text("no one can ever read this conversation again")
    expect(dialog).to_contain_text("haven't copied the link yet")
    assert grave_faults(ada.page) == []
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    ada.says("Still here")
    presses_leave(ada)
    dialog.get_by_role("button", name="Copy link").click()
    expect(dialog).to_contain_text("Copied")
    link = str(ada.page.evaluate("() => globalThis.copied"))
    dialog.get_by_role("button", name="Leave").click()
    ada.page.wait_for_url("**/left")
    ada.may_meet("status 403", "console: Failed to load resource")
    ada.opens(link.partition("#")[0])
    expect(ada.page.locator("#unlock-text")).to_contain_text("has lost its key")
    ada.opens(link)
    ada.reads("Still here")


def test_whoever_leaves_others_behind_is_not_asked(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada)
    comes(ben, link)
    expect(ben.page.locator("#people-count")).to_have_text("2")
    presses_leave(ben)
    ben.page.wait_for_url("**/left")
    expect(ada.page.locator("#people-count")).to_have_text("1")
    presses_leave(ada)
    expect(ada.page.get_by_role("dialog", name="Leave as the last one?")).to_be_visible()
    expect(ada.page.get_by_role("dialog")).not_to_contain_text("haven't copied")


def test_whoever_forgets_the_last_key_is_asked(ada: Visitor) -> None:
    starts(ada)
    ada.page.locator("#forget summary").click()
    forget = ada.page.get_by_role("button", name="Forget the key here")
    forget.click()
    dialog = ada.page.get_by_role("dialog", name="Forget the last key?")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0)
    ada.reloads()
    ada.reads("Hello")
    ada.page.locator("#forget summary").click()
    forget.click()
    dialog.get_by_role("button", name="Forget the key").click()
    ada.page.wait_for_url(re.compile(r"/$"))


def test_the_panel_says_that_only_this_browser_has_the_key(ada: Visitor) -> None:
    starts(ada)
    expect(note(ada)).to_contain_text(ONLY_HERE)
    ada.reloads()
    expect(note(ada)).to_contain_text(ONLY_HERE)
    ada.page.locator(".invite copy-link button").click()
    expect(note(ada)).to_contain_text("The link contains the key")
    ada.reloads()
    ada.is_connected()
    expect(note(ada)).to_contain_text("The link contains the key")


def test_a_code_that_was_shown_may_have_been_taken(ada: Visitor) -> None:
    starts(ada)
    expect(note(ada)).to_contain_text(ONLY_HERE)
    ada.page.locator("#key-qr summary").click()
    expect(note(ada)).to_contain_text("The link contains the key")


@pytest.mark.not_in_firefox("asks nothing when Playwright closes a page")
def test_whoever_closes_the_only_browser_with_the_key_is_asked(ada: Visitor) -> None:
    starts(ada)
    expect(note(ada)).to_contain_text(ONLY_HERE)
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    ada.page.on("dialog", stay)
    ada.page.get_by_role("link", name="Manage").click()
    ada.page.get_by_role("link", name="Back to the conversation").click()
    ada.is_connected()
    expect(note(ada)).to_contain_text(ONLY_HERE)
    assert not asked
    ada.composer.click()
    ada.page.close(run_before_unload=True)
    dialog = ada.page.get_by_role("dialog", name="Keep the link")
    expect(dialog).to_be_visible()
    assert asked == ["beforeunload"]
    dialog.get_by_role("button", name="Copy link").click()
    expect(dialog).to_contain_text("Copied")
    dialog.get_by_role("button", name="Close").click()
    with ada.page.expect_event("close"):
        ada.page.close(run_before_unload=True)
    assert asked == ["beforeunload"]


def test_the_list_lets_go_of_a_key_only_where_somebody_else_is_there(
    arrive: Arrive, ada: Visitor
) -> None:
    starts(ada)
    ada.page.get_by_role("button", name="Copy link").first.click()
    link = str(ada.page.evaluate("() => globalThis.copied"))
    ben, eve = arrive("Ben"), arrive("Eve")
    for each in (ben, eve):
        comes(each, link)
    eve.opens("/conversations")
    eve.page.locator(".own-row").get_by_role("button", name=re.compile("^Leave")).click()
    expect(eve.page.locator("#own-left")).to_contain_text("You left")
    presses_leave(ada)
    ada.page.wait_for_url("**/left")
    ben.opens("/conversations")
    row = ben.page.locator(".own-row")
    row.get_by_role("button", name=re.compile("^Leave")).click()
    said = ben.page.locator("#own-left")
    expect(said).to_contain_text("You're the last one there")
    expect(row).to_be_visible()
    said.get_by_role("link", name="Open it").click()
    ben.page.wait_for_url("**/conversation/*")
    expect(ben.messages.first).to_contain_text("Hello")
