"""The tests that tell most, in Firefox as well. All of them run in it by `make browsers`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser import firefox
from tests.browser.conftest import BROWSER, FIREFOX_LIMIT, a_firefox
from tests.browser.test_deleting import (
    test_what_is_deleted_goes_at_once_when_another_is_or_the_page_is_left,
)
from tests.browser.test_editing import test_a_draft_and_a_half_written_edit_outlast_a_reload
from tests.browser.test_kept_form import (
    test_a_half_written_title_outlasts_going_away_and_coming_back,
)
from tests.browser.test_looks import (
    test_boxes_show_whether_they_are_ticked,
    test_one_button_at_a_time_is_the_next_thing_to_do,
)
from tests.browser.test_markdown import (
    test_what_is_marked_is_shown_alike_to_all_and_after_a_reload,
)
from tests.browser.test_mentions import test_an_at_sign_offers_people_by_keyboard
from tests.browser.test_message_menu import (
    test_by_keyboard_each_action_has_its_key_and_never_while_one_types,
)
from tests.browser.test_reactions import (
    test_an_emoji_is_found_and_chosen_by_keyboard_alone,
    test_people_react_to_what_was_said_and_take_it_back,
)
from tests.browser.test_read_marks import (
    test_who_has_seen_a_message_stands_under_it_until_they_keep_it_to_themselves,
)
from tests.browser.test_replies import test_an_answer_quotes_and_follows_what_it_answers
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
from tests.browser.test_unsaved import (
    test_what_is_not_saved_in_one_form_outlasts_saving_another,
)

__all__ = [
    "talk",
    "test_a_draft_and_a_half_written_edit_outlast_a_reload",
    "test_a_half_written_title_outlasts_going_away_and_coming_back",
    "test_a_restart_loses_nothing_and_doubles_nothing",
    "test_an_answer_quotes_and_follows_what_it_answers",
    "test_an_at_sign_offers_people_by_keyboard",
    "test_an_emoji_is_found_and_chosen_by_keyboard_alone",
    "test_back_and_a_reload_open_the_page_where_one_was",
    "test_boxes_show_whether_they_are_ticked",
    "test_by_keyboard_each_action_has_its_key_and_never_while_one_types",
    "test_copy_link_works_over_plain_http",
    "test_one_button_at_a_time_is_the_next_thing_to_do",
    "test_people_react_to_what_was_said_and_take_it_back",
    "test_people_talk_by_link",
    "test_what_came_while_the_tab_was_closed_is_marked",
    "test_what_is_deleted_goes_at_once_when_another_is_or_the_page_is_left",
    "test_what_is_marked_is_shown_alike_to_all_and_after_a_reload",
    "test_what_is_not_saved_in_one_form_outlasts_saving_another",
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
