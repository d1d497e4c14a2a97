"""What of the pages' tests every change must pass; all else runs by `make browsers`.

Of many parts one or two, chosen by what they cost: what of a part is told as well without a browser
(tests/transport, tests/js) is told there. Whoever names a file or a folder of tests gets all of it.
"""

from __future__ import annotations

from pathlib import Path

TESTS = Path(__file__).parent.parent
WHOLE = ("browser/test_firefox.py",)
"""A short set of its own."""
SHORT: dict[str, tuple[str, ...]] = {
    "browser/test_accounts.py": ("test_a_guest_keeps_who_they_are_and_is_that_on_another_device",),
    "browser/test_embedding.py": (
        "test_a_visitor_presses_the_button_and_talks_with_whoever_owns_the_desk",
    ),
    "browser/test_reporting.py": ("test_a_message_is_reported_and_the_owner_finds_it",),
    "browser/test_bots.py": ("test_a_command_is_completed_used_and_answered_for_whoever_asked",),
    "browser/test_calls.py": ("test_two_people_hear_and_see_each_other",),
    "browser/test_documentation.py": ("test_a_call_and_an_event_are_tried_from_the_page",),
    "browser/test_deleting.py": ("test_what_could_not_be_deleted_comes_back_with_words",),
    "browser/test_dialogs.py": ("test_back_closes_one_dialog_at_a_time",),
    "browser/test_editing.py": ("test_an_edit_that_fails_says_why_and_keeps_the_text",),
    "browser/test_encrypted_page.py": (
        "test_people_talk_by_a_link_whose_key_the_server_never_gets",
    ),
    "browser/test_exporting.py": ("test_it_works_without_javascript",),
    "browser/test_files.py": ("test_pasted_and_dropped_files_are_attached",),
    "browser/test_fit.py": ("test_words_that_a_field_has_no_room_for_end_in_an_ellipsis",),
    "browser/test_installing.py": ("test_a_conversation_can_be_installed",),
    "browser/test_kept_form.py": ("test_what_was_sent_and_never_arrived_is_still_there",),
    "browser/test_mentions.py": ("test_an_at_sign_offers_people_by_keyboard",),
    "browser/test_nothing_stays.py": ("test_nothing_stays_of_what_is_over[leaves]",),
    "browser/test_offline.py": ("test_a_conversation_opens_without_a_server",),
    "browser/test_original_client.py": ("test_the_original_example_runs_as_it_was_written",),
    "browser/test_outbox.py": ("test_a_busy_server_is_asked_again_and_the_page_says_so",),
    "browser/test_owners.py": ("test_read_only_takes_the_composer_away_live",),
    "browser/test_pins.py": ("test_what_was_pinned_while_one_was_away_is_there_on_coming_back",),
    "browser/test_reactions.py": ("test_a_finger_that_presses_long_looks_and_a_tap_reacts",),
    "browser/test_safety.py": (
        "test_a_search_is_shown_and_never_run",
        "test_what_people_wrote_is_shown_and_never_run",
    ),
    "browser/test_searching.py": ("test_the_best_can_come_first",),
    "browser/test_service_lines.py": ("test_a_line_of_the_service_has_no_name",),
    "browser/test_webkit.py": ("test_people_talk_by_link",),
    "browser/test_talking.py": (
        "test_a_restart_loses_nothing_and_doubles_nothing",
        "test_people_talk_by_link",
    ),
    "browser/test_unsaved.py": ("test_a_passphrase_that_was_not_sent_is_stored_nowhere",),
    "browser/test_without_javascript.py": (
        "test_after_posting_from_a_phone_the_message_is_in_sight",
        "test_nothing_that_needs_a_script_is_offered_without_one",
    ),
    "security/browser/test_forms.py": (
        "test_a_page_that_can_only_poll_over_plain_http_is_who_its_cookie_says",
    ),
    "security/browser/test_https.py": ("test_people_talk_without_javascript",),
    "security/browser/test_other_sites.py": (
        "test_html_made_from_text_is_refused_by_the_page_itself",
        "test_no_other_site_shows_our_pages_in_a_frame",
    ),
    "security/browser/test_xss.py": (
        "test_names_and_messages_that_come_live_run_nothing",
        "test_the_list_runs_nothing",
        "test_there_is_enough_of_it",
    ),
}
"""By file, the names of tests; of one with parameters all, or those in brackets alone."""


def has(path: Path, name: str) -> bool:
    """Whether a test is among them, by its name with or without parameters."""
    file = path.relative_to(TESTS).as_posix()
    return file in WHOLE or bool({name, name.partition("[")[0]} & set(SHORT.get(file, ())))
