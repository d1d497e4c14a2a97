"""What an encrypted conversation is called, changed later by an owner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from parley.client.encryption import Kind
from tests.browser.test_encrypted_page import COPIES, Stranger, copied_link, starts_encrypted
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

PAST_A_PAGE = 230
"""Messages: more than the page and what it asks for first."""


def manages(who: Visitor) -> None:
    who.page.locator("#manage-link").click()
    expect(who.page.get_by_role("heading", name="Manage")).to_be_visible()
    expect(who.page.get_by_label("Title")).to_be_visible()


def saves(who: Visitor, title: str, description: str = "") -> None:
    who.page.get_by_label("Title").fill(title)
    who.page.get_by_label("Description").fill(description)
    expect(who.page.locator("#sealed-about .unsaved")).to_be_visible()
    who.page.locator("#sealed-about").get_by_role("button", name="Save").click()
    expect(who.page.locator("#sealed-about .saved")).to_be_visible()
    expect(who.page.locator("#sealed-about .unsaved")).to_be_hidden()


def comes(who: Visitor, link: str) -> None:
    who.may_meet("status 403", "console: Failed to load resource")
    who.opens(link)
    who.joins()


def is_called(who: Visitor, title: str, description: str = "") -> None:
    expect(who.page.locator(".bar-title")).to_have_text(title)
    expect(who.page.locator(".opening-title")).to_have_text(title)
    expect(who.page.locator(".opening-description")).to_have_text(description)


def test_an_owner_changes_title_and_description_for_everybody(
    ada: Visitor, ben: Visitor, data: Path
) -> None:
    sent: list[str] = []
    ada.context.on("request", lambda asked: sent.append(f"{asked.url} {asked.post_data}"))
    link = starts_encrypted(ada, "Canary plans")
    ada.says("Hello")
    comes(ben, link)
    is_called(ben, "Canary plans")
    manages(ada)
    expect(ada.page.get_by_label("Title")).to_have_value("Canary plans")
    saves(ada, "Canary songs", "What the canary sings")
    expect(ada.page).to_have_title("Manage Canary songs · parley")
    expect(ada.page.locator(".manage-title")).to_have_text("Canary songs")
    is_called(ben, "Canary songs", "What the canary sings")
    ada.reloads()
    expect(ada.page.get_by_label("Description")).to_have_value("What the canary sings")
    ada.page.get_by_role("link", name="Back to the conversation").click()
    for who in (ada, ben):
        is_called(who, "Canary songs", "What the canary sings")
        who.reloads()
        is_called(who, "Canary songs", "What the canary sings")
        who.opens("/")
        expect(who.page.get_by_role("link", name="Canary songs")).to_be_visible()
    abouts = [each for each in Stranger(link, "Cleo").bodies() if "title" in each]
    assert abouts[-1] == {"title": "Canary songs", "description": "What the canary sings"}
    assert not any("canary" in each.lower() for each in sent)
    for path in data.rglob("*"):
        assert not path.is_file() or b"canary" not in path.read_bytes().lower(), path


def test_a_title_can_be_taken_away(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada, "Tea")
    ada.says("Hello")
    comes(ben, link)
    is_called(ben, "Tea")
    manages(ada)
    saves(ada, "")
    is_called(ben, "Untitled conversation")
    ada.page.get_by_role("link", name="Back to the conversation").click()
    is_called(ada, "Untitled conversation")


def test_what_waits_to_be_saved_lies_nowhere_in_the_clear(ada: Visitor) -> None:
    starts_encrypted(ada, "Tea")
    ada.says("Hello")
    manages(ada)
    ada.page.get_by_label("Title").fill("Canary")
    ada.page.get_by_role("link", name="Back to the conversation").click()
    ada.is_connected()
    stored = ada.page.evaluate("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "canary" not in stored.lower()
    is_called(ada, "Tea")


def test_what_could_not_be_said_is_told_and_can_be_tried_again(ada: Visitor) -> None:
    def refuse(route: Route) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.continue_()

    starts_encrypted(ada, "Tea")
    ada.says("Hello")
    manages(ada)
    ada.may_meet("failed: POST", "console: Failed to load resource")
    ada.context.route("**/messages", refuse)
    ada.page.get_by_label("Title").fill("Coffee")
    save = ada.page.locator("#sealed-about").get_by_role("button", name="Save")
    save.click()
    expect(ada.page.locator("#sealed-about-problem")).to_contain_text("didn't respond")
    ada.context.unroute("**/messages")
    save.click()
    expect(ada.page.locator("#sealed-about .saved")).to_be_visible()
    expect(ada.page.locator("#sealed-about-problem")).to_be_empty()
    ada.page.get_by_role("link", name="Back to the conversation").click()
    is_called(ada, "Coffee")


def test_before_anybody_has_joined_it_waits(ada: Visitor) -> None:
    ada.opens("/")
    ada.page.get_by_label("What is it about?").fill("Tea")
    ada.page.get_by_label("Encrypted").check()
    ada.page.get_by_role("button", name="Start a conversation").click()
    ada.page.wait_for_url("**/conversation/*")
    manages(ada)
    expect(ada.page.get_by_label("Title")).to_have_value("Tea")
    saves(ada, "Coffee")
    ada.page.get_by_role("link", name="Back to the conversation").click()
    is_called(ada, "Coffee")
    ada.joins()
    ada.says("Hello")
    ada.reloads()
    is_called(ada, "Coffee")


def test_what_waits_is_not_undone_by_the_conversation_in_another_tab(ada: Visitor) -> None:
    ada.context.add_init_script(COPIES)
    ada.opens("/")
    ada.page.get_by_label("What is it about?").fill("Tea")
    ada.page.get_by_label("Encrypted").check()
    ada.page.get_by_role("button", name="Start a conversation").click()
    ada.page.wait_for_url("**/conversation/*")
    before = ada.page
    ada.page = ada.opens_another_tab()
    manages(ada)
    saves(ada, "Coffee")
    ada.page.close()
    ada.page = before
    copied_link(ada)
    ada.joins()
    ada.says("Hello")
    is_called(ada, "Coffee")
    ada.reloads()
    is_called(ada, "Coffee")


def test_a_member_cannot_change_it(ada: Visitor) -> None:
    link = starts_encrypted(ada, "Tea")
    cleo = Stranger(link, "Cleo")
    body = json.dumps({"title": "Cleo's", "description": ""}).encode()
    envelope = cleo.sealer.seal(body, client_id="c-1", kind=Kind.ABOUT)
    cleo.call("messages", message=envelope, type="encrypted", client_id="c-1")
    cleo.says("After that", "c-2")
    ada.reads("After that")
    is_called(ada, "Tea")


def test_who_comes_late_learns_it_from_far_back(ada: Visitor, ben: Visitor) -> None:
    link = starts_encrypted(ada, "Tea")
    ada.says("Hello")
    cleo = Stranger(link, "Cleo")
    for number in range(PAST_A_PAGE):
        cleo.says(f"Message {number}", f"c-{number}")
    comes(ben, link)
    is_called(ben, "Tea")
    ben.reloads()
    is_called(ben, "Tea")
    ben.opens("/")
    expect(ben.page.get_by_role("link", name="Tea")).to_be_visible()


def test_without_the_key_the_page_says_what_to_do(ada: Visitor) -> None:
    starts_encrypted(ada, "Tea")
    ada.says("Hello")
    manages(ada)
    ada.page.evaluate("() => indexedDB.deleteDatabase('parley-keys') && undefined")
    ada.reloads()
    expect(ada.page.locator("#sealed-about-problem")).to_contain_text(
        "Open the conversation in this"
    )
    expect(ada.page.get_by_label("Title")).to_be_hidden()
