"""A call between two makes of browsers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser import chromium, firefox
from tests.browser.conftest import BROWSER, FIREFOX_LIMIT
from tests.browser.display import display
from tests.browser.test_calls import FAKE_DEVICES, calls, does, hears, is_reached, joins, meets
from tests.browser.visitor import Visitor
from tests.servers import Process

pytestmark = FIREFOX_LIMIT

if BROWSER == "firefox":
    pytest.skip("One of both is Chromium.", allow_module_level=True)
if firefox.find() is None:
    pytest.skip(firefox.MISSING, allow_module_level=True)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    browser = chromium.launch(playwright, *FAKE_DEVICES)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def fox(playwright: Playwright) -> Iterator[Browser]:
    path = firefox.find()
    assert path is not None
    with display() as on_display:
        browser = firefox.launch(playwright, path, on_display, firefox.WITH_DEVICES)
        yield browser
        browser.close()


@pytest.mark.parametrize("begins", ["chromium", "firefox"])
def test_both_hear_and_see_each_other(
    site: Process, ada: Visitor, fox: Browser, begins: str
) -> None:
    ben = Visitor("Ben", fox, site.url)
    meets(ben, meets(ada))
    first, second = (ada, ben) if begins == "chromium" else (ben, ada)
    calls(first, video=True)
    joins(second, video=True)
    for one, other in ((ada, "Ben"), (ben, "Ada")):
        is_reached(one, other)
        hears(one)
        hears(one, "video")
    # A camera that goes and comes back is the same one to the other.
    does(ben, "Turn camera off")
    does(ben, "Turn camera on")
    hears(ada, "video")
    # And so is a connection that finds another way.
    for who in (ada, ben):
        who.measures("() => connections[0].restartIce()")
        hears(ada)
        hears(ben)
    does(ben, "Leave call")
    ben.goes_home()
    assert ben.trouble.met == []
