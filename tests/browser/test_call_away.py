"""Pages that were away from a call, and pages that never come back to it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time
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
    hears,
    is_reached,
    joins,
    looks,
    meets,
    tile,
)
from tests.browser.visitor import Visitor
from tests.servers import Process

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

GONE_WITHIN_S = 15
"""As docs/calls.md promises."""


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


class Doomed:
    """A browser whose processes are stopped or killed, as by a machine that loses its power."""

    def __init__(self, playwright: Playwright) -> None:
        self.browser = chromium.launch(playwright, *FAKE_DEVICES)
        session = self.browser.new_browser_cdp_session()
        [main] = [
            each["id"]
            for each in session.send("SystemInfo.getProcessInfo")["processInfo"]
            if each["type"] == "browser"
        ]
        self._main: int = main

    def gets(self, number: signal.Signals) -> None:
        for pid in _with_descendants(self._main):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _with_descendants(pid: int) -> list[int]:
    """The process and all that it began."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        children = [int(each) for each in file.read().split()]
    return [pid, *(each for child in children for each in _with_descendants(child))]


@pytest.fixture
def doomed(playwright: Playwright) -> Iterator[Doomed]:
    doomed = Doomed(playwright)
    yield doomed
    with contextlib.suppress(FileNotFoundError):
        doomed.gets(signal.SIGKILL)


@pytest.mark.long("a page that is gone is missed only after ten seconds")
@pytest.mark.parametrize(
    "how",
    [
        pytest.param(signal.SIGKILL, id="killed"),
        # Its connections stay open, and nothing comes by them: a lid is closed, a cable pulled.
        pytest.param(signal.SIGSTOP, id="stopped"),
    ],
)
def test_a_dead_page_among_three_leaves_the_call(
    ada: Visitor, ben: Visitor, site: Process, doomed: Doomed, how: signal.Signals
) -> None:
    cleo = Visitor("Cleo", doomed.browser, site.url)
    link = meets(ada)
    meets(ben, link)
    meets(cleo, link)
    calls(ada)
    joins(ben)
    joins(cleo)
    for who, other in ((ada, "Ben"), (ada, "Cleo"), (ben, "Cleo"), (cleo, "Ada")):
        is_reached(who, other)
    hears(cleo)
    doomed.gets(how)
    began_s = time.monotonic()
    for who in (ada, ben):
        left_ms = max(1, (began_s + GONE_WITHIN_S - time.monotonic()) * 1000)  # 0 is without end
        expect(tile(who, "Cleo")).to_have_count(0, timeout=left_ms)
    # The others never noticed more than that.
    is_reached(ada, "Ben")
    for who in (ada, ben):
        hears(who)
    does(ada, "People and devices")
    expect(ada.page.get_by_role("region", name="People and devices")).to_contain_text(
        re.compile("Ben.*Ada", re.DOTALL)
    )
