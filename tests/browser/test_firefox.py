"""One test for every change, in Firefox as well. All tests run in it by `make browsers`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser import firefox
from tests.browser.conftest import BROWSER, FIREFOX_LIMIT, a_firefox
from tests.browser.test_talking import test_people_talk_by_link

__all__ = ["test_people_talk_by_link"]

pytestmark = FIREFOX_LIMIT

if BROWSER == "firefox":
    pytest.skip("All tests run in Firefox already.", allow_module_level=True)
if firefox.find() is None:
    pytest.skip(firefox.MISSING, allow_module_level=True)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with a_firefox(playwright) as browser:
        yield browser
