"""Dialogs: Back closes them and leaves the page alone, and the focus comes back from them."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Arrive
from tests.browser.test_owners import knocks
from tests.browser.visitor import PHONE, Visitor

CLOSED = "() => !history.state?.dialogs"


def goes_back(page: Page) -> None:
    page.evaluate("history.back()")


def opens_sheet(visitor: Visitor) -> Locator:
    visitor.page.get_by_role("button", name="People and link").click()
    sheet = visitor.page.get_by_role("dialog", name="People and link")
    expect(sheet).to_be_visible()
    return sheet


def test_back_closes_the_sheet_and_then_leaves_the_page(arrive: Arrive) -> None:
    ada = arrive("Ada", **PHONE)
    link = ada.starts_by_hand()
    ada.joins()
    sheet = opens_sheet(ada)
    goes_back(ada.page)
    expect(sheet).not_to_be_visible()
    expect(ada.page).to_have_url(link)
    expect(ada.page.get_by_role("button", name="People and link")).to_be_focused()

    # Closed otherwise, it leaves nothing behind that one more Back would have to undo.
    sheet = opens_sheet(ada)
    sheet.get_by_role("button", name="Close").click()
    ada.page.wait_for_function(CLOSED)
    opens_sheet(ada)
    ada.page.keyboard.press("Escape")
    ada.page.wait_for_function(CLOSED)
    # Loaded again with the sheet open, the page has none open.
    opens_sheet(ada)
    ada.reloads()
    ada.is_connected()
    ada.page.wait_for_function(CLOSED)
    ada.page.go_back()
    expect(ada.page.get_by_role("heading", name="Talk by link.")).to_be_visible()


def test_back_closes_one_dialog_at_a_time(arrive: Arrive) -> None:
    ada = arrive("Ada", **PHONE)
    ada.starts()
    sheet = opens_sheet(ada)
    sheet.get_by_role("link", name="End conversation").click()
    question = ada.page.get_by_role("dialog", name="End this conversation?")
    expect(question).to_be_visible()
    goes_back(ada.page)
    expect(question).not_to_be_visible()
    expect(sheet).to_be_visible()
    expect(sheet.get_by_role("link", name="End conversation")).to_be_focused()

    sheet.get_by_role("link", name="End conversation").click()
    question.get_by_role("button", name="End conversation").click()
    expect(sheet).not_to_be_visible()
    ada.page.wait_for_function(CLOSED)


def test_after_the_last_knock_is_answered_the_focus_is_on_the_transcript(
    ada: Visitor, arrive: Arrive
) -> None:
    link = ada.owns()
    ada.decides(link, knock=True)
    knocks(arrive("Kim", **PHONE), link)
    ada.comes(link)
    ada.page.get_by_role("button", name="Decline", exact=True).click()
    expect(ada.page.locator("#knocks")).not_to_be_visible()
    # In Firefox Kim's window is in front of this one.
    ada.page.wait_for_function("() => document.activeElement.id === 'scroller'")
