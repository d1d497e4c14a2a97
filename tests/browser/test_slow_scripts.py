"""What people touch while its script is still on its way, or which needs one that doesn't come: a
slow line loses none of it, and nobody is left without an answer.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Arrive
from tests.browser.making_files import payload
from tests.browser.seeding import Said, Seeding
from tests.browser.visitor import Visitor

SCRIPTS = re.compile(r"/static/.*(?<!/early)\.js$")
"""All but the one that nothing is shown without."""
PINS = re.compile(r"/pins(-[\w-]+\.js|\?skip=0)$")
"""What shows one pin after the other, and what is pinned."""
DID_NOT_LOAD = "That didn't load. Check your connection, or reload the page."
ASKED_AGAIN = pytest.mark.not_in_firefox(
    "until a reload it has no script that once did not come, as HTML asked for until 2026"
)
CODE = "```\nput the kettle on\n```"


class Held:
    """Scripts that a page asks for and does not get yet."""

    def __init__(self, page: Page, which: re.Pattern[str] = SCRIPTS) -> None:
        self._asked: list[Route] | None = []
        page.route(which, self._answer)

    def _answer(self, route: Route) -> None:
        if self._asked is None:
            route.continue_()
        else:
            self._asked.append(route)

    def let_go(self) -> None:
        """They come, and those that are asked for from now on."""
        asked, self._asked = self._asked or [], None
        for route in asked:
            route.continue_()

    def break_off(self) -> None:
        """They do not come."""
        asked, self._asked = self._asked or [], None
        for route in asked:
            route.abort()


def lacks(who: Visitor, script: str, *, times: int | None = None) -> None:
    """It doesn't come, or not the first times."""
    who.may_meet("failed: ", "console: Failed to load resource")
    who.page.route(
        re.compile(rf"/{script}(-[\w-]+)?\.js$"), lambda route: route.abort(), times=times
    )


@pytest.fixture
def held(ada: Visitor) -> Held:
    """From where Ada is in her conversation, and all that her page began with is there."""
    ada.starts()
    return Held(ada.page)


def test_a_question_is_asked_once_its_script_is_there(ada: Visitor, held: Held) -> None:
    with ada.page.expect_request(SCRIPTS):
        ada.page.get_by_role("link", name="End conversation").click()
    held.let_go()
    expect(ada.page.get_by_role("dialog", name="End this conversation?")).to_be_visible()


def test_another_page_asks_it_where_the_script_does_not_come(ada: Visitor, held: Held) -> None:
    ada.may_meet("failed: ", "console: Failed to load resource")
    with ada.page.expect_request(SCRIPTS):
        ada.page.get_by_role("link", name="End conversation").click()
    held.break_off()
    expect(ada.page.get_by_role("heading", name="End this conversation?")).to_be_visible()
    ada.page.get_by_role("link", name="Cancel").click()
    ada.is_connected()


def test_another_name_is_taken_once_its_script_is_there(ada: Visitor, held: Held) -> None:
    with ada.page.expect_request(SCRIPTS):
        ada.page.get_by_text("Change your name").click()
    ada.page.get_by_label("New name").fill("Adele")
    ada.page.get_by_role("button", name="Save").click()
    held.let_go()
    expect(ada.page.locator("#own-name")).to_have_text("Adele")
    expect(ada.page.get_by_role("button", name="Save")).to_be_hidden()


def test_what_is_pressed_before_any_script_is_there_is_done_once_they_are(arrive: Arrive) -> None:
    ada = arrive("Ada", viewport={"width": 390, "height": 700})
    link = ada.owns()
    held = Held(ada.page)
    ada.page.goto(link, wait_until="commit")
    ada.page.get_by_role("button", name="People and link").click()
    expect(ada.page.get_by_role("dialog")).to_be_hidden()
    held.let_go()
    ada.is_connected()
    expect(ada.page.get_by_role("dialog", name="People and link")).to_be_visible()
    # And only then: from now on it does what it says at once.
    ada.page.get_by_role("button", name="Close").click()
    expect(ada.page.get_by_role("dialog")).to_be_hidden()


def test_a_key_of_a_message_does_what_it_says_once_its_script_is_there(
    ada: Visitor, held: Held
) -> None:
    ada.says("Tea?")
    ada.messages.first.focus()
    ada.page.keyboard.press("r")
    expect(ada.page.locator("#replying")).to_be_hidden()
    held.let_go()
    expect(ada.page.locator("#replying")).to_contain_text("Tea?")


def test_the_next_pin_is_shown_once_it_is_known(seeding: Seeding, arrive: Arrive) -> None:
    seeded = seeding.conversation(said=[Said("Ada", "First"), Said("Ada", "Second")], owner="Ada")
    seeding.pin(seeded, 1)
    seeding.pin(seeded, 2)
    ben = arrive("Ben")
    held = Held(ben.page, PINS)
    with ben.page.expect_request(PINS):
        ben.opens(seeded.link)
    strip = ben.page.get_by_role("navigation", name="Pinned messages")
    expect(strip).to_contain_text("Ada Second")
    ben.page.get_by_role("button", name="Next pinned message").click()
    held.let_go()
    expect(strip).to_contain_text("Ada First")
    expect(strip).to_contain_text("2 of 2")


@ASKED_AGAIN
@pytest.mark.parametrize("script", ["ways", "uploads"])
def test_files_are_added_by_choosing_again_where_a_script_did_not_come(
    ada: Visitor, script: str
) -> None:
    ada.may_meet("failed: ", "console: Failed to load resource")
    ada.starts()
    wanted = re.compile(rf"/{script}-[\w-]+\.js$")
    ada.page.route(wanted, lambda route: route.abort())
    field = ada.page.locator("#file")
    field.set_input_files([payload("notes.txt", b"Milk")])
    expect(ada.page.locator("#composer")).to_contain_text("The files couldn't be added.")
    ada.page.unroute(wanted)
    field.set_input_files([payload("notes.txt", b"Milk")])
    expect(ada.page.get_by_role("list", name="Files to send")).to_contain_text("notes.txt")


def test_a_link_that_was_touched_before_is_taken_whole(ada: Visitor) -> None:
    ada.opens(f"{ada.owns()}/manage")
    held = Held(ada.page)
    ada.page.get_by_role("button", name="Add a device").click()
    field = ada.page.get_by_label("New link", exact=True)
    field.click()
    held.let_go()
    whole = "field => field.value.slice(field.selectionStart, field.selectionEnd) === field.value"
    ada.page.wait_for_function(whole, arg=field.element_handle())


@pytest.mark.parametrize("pressed", ["a reaction", "the copying of code", "the last to edit"])
def test_whoever_presses_what_needs_a_script_is_told_where_it_does_not_come(
    seeding: Seeding, ada: Visitor, pressed: str
) -> None:
    talk = seeding.conversation(said=[Said("Ada", CODE)])
    seeding.react(talk, "Ben", 1, "👍")
    ada.has_session(talk.tokens["Ada"])
    ada.opens(talk.link)
    ada.is_connected()
    for script in ("actions", "copying", "editing"):
        lacks(ada, script)
    if pressed == "a reaction":
        ada.page.locator(".reaction").click()
    elif pressed == "the copying of code":
        ada.page.locator(".code-copy").click()
    else:
        ada.composer.press("ArrowUp")
    expect(ada.page.locator(".toast")).to_have_text(DID_NOT_LOAD)
    expect(ada.page.locator("#announcer")).to_contain_text(DID_NOT_LOAD)


def test_a_quote_leads_there_without_the_script_of_the_way_back(
    seeding: Seeding, ada: Visitor
) -> None:
    said = [Said("Ada", "First"), *(Said("Ada", f"More {number}") for number in range(40))]
    talk = seeding.conversation(said=said)
    seeding.answer(talk, "Ada", "Yes", 1)
    ada.opens(talk.link)
    ada.is_connected()
    expect(ada.message("First")).not_to_be_in_viewport()
    lacks(ada, "jumps")
    ada.message("Yes").locator(".quote").click()
    expect(ada.message("First")).to_be_focused()
    expect(ada.message("First")).to_be_in_viewport()


@ASKED_AGAIN
def test_an_owner_is_told_who_waits_though_its_script_came_late(
    seeding: Seeding, ada: Visitor
) -> None:
    talk = seeding.conversation(owner="Ada")
    seeding.decide(talk, {"knock": True})
    seeding.knock(talk, "Kim")
    lacks(ada, "knocks", times=1)
    ada.has_session(talk.tokens["Ada"])
    ada.opens(talk.link)
    expect(ada.page.get_by_role("group", name="1 person waiting")).to_contain_text("Kim wants")
    seeding.knock(talk, "Lea")
    expect(ada.page.get_by_role("group", name="2 people waiting")).to_contain_text("Lea wants")


@ASKED_AGAIN
def test_a_file_that_comes_is_shown_though_the_script_for_it_came_late(
    seeding: Seeding, ada: Visitor
) -> None:
    talk = seeding.conversation(owner="Ada")
    lacks(ada, "show", times=2)
    ada.has_session(talk.tokens["Ada"])
    ada.opens(talk.link)
    ada.is_connected()
    seeding.send_files(talk, "Ada", "The list", ("notes.txt", b"Milk"))
    expect(ada.message("The list").get_by_role("link", name="notes.txt")).to_be_visible()


@ASKED_AGAIN
def test_files_stay_with_a_message_that_was_not_sent_until_they_can_be_put_back(
    ada: Visitor,
) -> None:
    ada.may_meet("status 4", "status of 4")
    ada.starts()
    refuses = {"error": "This file is too large.", "code": "too_large"}
    asked: list[Route] = []
    ada.page.route("**/uploads", lambda route: asked.append(route))
    with ada.page.expect_request("**/uploads"):
        ada.page.locator("#file").set_input_files([payload("notes.txt", b"Milk")])
    ada.sends("With a file")
    expect(ada.page.locator(".message.pending")).to_be_visible()
    asked[0].fulfill(status=413, json=refuses)
    failed = ada.page.locator(".message.failed")
    expect(failed).to_contain_text("Not sent.")
    ada.reloads()
    ada.is_connected()
    expect(failed).to_contain_text("Not sent.")
    lacks(ada, "uploads")
    failed.get_by_role("button", name="Edit").click()
    expect(ada.page.locator(".toast")).to_have_text(DID_NOT_LOAD)
    expect(failed).to_contain_text("notes.txt")
    expect(ada.composer).to_have_value("")
    ada.page.unroute_all()
    failed.get_by_role("button", name="Edit").click()
    expect(ada.page.get_by_role("list", name="Files to send")).to_contain_text("notes.txt")
    expect(ada.composer).to_have_value("With a file")
