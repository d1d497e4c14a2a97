"""Pages that were away from a call, and what becomes of it meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Playwright, expect

from tests.browser import chromium
from tests.browser.axe import grave_faults
from tests.browser.test_calls import (
    FAKE_DEVICES,
    calls,
    does,
    goes_in,
    is_reached,
    joins,
    looks,
    meets,
)
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = chromium.launch(playwright, *FAKE_DEVICES)
    yield browser
    browser.close()


def bar(who: Visitor) -> Locator:
    return who.page.get_by_role("region", name="Call")


def ends(who: Visitor) -> None:
    """For everybody, as an owner."""
    does(who, "People and devices")
    who.page.get_by_role("button", name="End call for everyone").click()
    expect(who.page.get_by_role("dialog", name="Call", exact=True)).to_be_hidden()


def test_who_comes_back_once_the_call_is_over_rings_at_nobody(
    ada: Visitor, ben: Visitor, cleo: Visitor
) -> None:
    link = meets(ada)
    meets(ben, link)
    meets(cleo, link)
    calls(ada)
    joins(ben)
    is_reached(ada, "Ben")
    expect(bar(cleo)).to_contain_text("Ada")
    for who in (ben, cleo):
        who.may_meet("ERR_INTERNET_DISCONNECTED", "WebSocket connection")
        who.context.set_offline(True)
    ben.page.get_by_role("button", name="Back to messages").click()
    for who in (ben, cleo):
        expect(who.page.locator("#badge-text")).not_to_have_text("Connected")
    ends(ada)
    for who in (ben, cleo):
        who.context.set_offline(False)
        who.is_connected()
    # Who wasn't in it is offered no more to join it.
    expect(bar(cleo)).to_be_hidden()
    expect(bar(ben)).to_contain_text("The call ended while you were away.")
    assert grave_faults(ben.page) == []
    ben.says("I was away.")
    ada.reads("I was away.")
    expect(bar(ada)).to_be_hidden()
    # To call again is for whoever presses the button.
    bar(ben).get_by_role("button", name="Call again").click()
    goes_in(ben, "Start call", video=False)
    expect(bar(ada)).to_contain_text("Ben is calling")
    ben.page.get_by_role("button", name="Back to messages").click()
    expect(bar(ben)).not_to_contain_text("away")


def test_a_page_that_is_opened_again_comes_into_no_other_call(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    meets(ben, link)
    ben.context.grant_permissions(["microphone", "camera"])
    calls(ada)
    joins(ben)
    is_reached(ada, "Ben")
    # As a phone does with a page that was not looked at for long.
    ben.opens("about:blank")
    ends(ada)
    calls(ada)
    ben.opens(link)
    expect(bar(ben)).to_contain_text("Ada is calling")
    expect(bar(ben).get_by_role("button", name="Join call")).to_be_visible()


def test_a_call_that_ends_before_one_joins_is_not_begun_anew(ada: Visitor, ben: Visitor) -> None:
    link = meets(ada)
    meets(ben, link)
    calls(ada)
    looks(ben, "Join call")
    ends(ada)
    asked = ben.page.locator(".call-before")
    asked.get_by_role("button", name="Join", exact=True).click()
    expect(asked.get_by_role("alert")).to_contain_text("This call is over")
    expect(ben.page.get_by_role("dialog", name="Start a call")).to_be_visible()
    expect(bar(ada)).to_be_hidden()
    goes_in(ben, "Start call", video=False)
    expect(bar(ada)).to_contain_text("Ben is calling")
