"""The tests that tell most, in Firefox as well. All of them run in it by `make browsers`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser import firefox
from tests.browser.conftest import BROWSER, FIREFOX_LIMIT, a_firefox
from tests.browser.test_kept_form import (
    test_a_half_written_title_outlasts_going_away_and_coming_back,
)
from tests.browser.test_looks import (
    test_boxes_show_whether_they_are_ticked,
    test_one_button_at_a_time_is_the_next_thing_to_do,
)
from tests.browser.test_read_marks import (
    test_who_has_seen_a_message_stands_under_it_until_they_keep_it_to_themselves,
)
from tests.browser.test_sharing import test_copy_link_works_over_plain_http
from tests.browser.test_talking import (
    test_a_restart_loses_nothing_and_doubles_nothing,
    test_people_talk_by_link,
)
from tests.browser.test_unread import (
    talk,
    test_back_and_a_reload_open_the_page_where_one_was,
    test_what_came_while_the_tab_was_closed_is_marked,
)

__all__ = [
    "talk",
    "test_a_half_written_title_outlasts_going_away_and_coming_back",
    "test_a_restart_loses_nothing_and_doubles_nothing",
    "test_back_and_a_reload_open_the_page_where_one_was",
    "test_boxes_show_whether_they_are_ticked",
    "test_copy_link_works_over_plain_http",
    "test_one_button_at_a_time_is_the_next_thing_to_do",
    "test_people_talk_by_link",
    "test_what_came_while_the_tab_was_closed_is_marked",
    "test_who_has_seen_a_message_stands_under_it_until_they_keep_it_to_themselves",
]

pytestmark = FIREFOX_LIMIT

if BROWSER == "firefox":
    pytest.skip("All tests run in Firefox already.", allow_module_level=True)
if firefox.find() is None:
    pytest.skip(firefox.MISSING, allow_module_level=True)


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with a_firefox(playwright) as browser:
        yield browser
