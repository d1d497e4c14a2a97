"""The search over a conversation that the server can't read: it is made in the page, and what is
typed stays there.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.browser.test_encrypted_page import Stranger, starts_encrypted
from tests.browser.test_searching import field, opens_search, rows, shows, walking
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

MANY = 230
"""More than the page shows, and than one page of the history has."""


def finds(who: Visitor, typed: str, results: str) -> None:
    opens_search(who).fill(typed)
    expect(who.page.locator(".found-status")).to_have_text(re.compile(f"^{re.escape(results)}"))


def searches_anew(who: Visitor, typed: str, results: str) -> None:
    """As the same words would find what was found before."""
    who.page.keyboard.press("Escape")
    opens_search(who)
    field(who.page).fill("")
    finds(who, typed, results)


def listens(page: Page) -> list[str]:
    """All that goes from it to the server from now on."""
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))

    def follow(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(str(frame)))

    page.on("websocket", follow)
    return sent


def test_old_and_new_is_found_and_nothing_of_what_is_typed_leaves_the_page(ada: Visitor) -> None:
    link = starts_encrypted(ada)
    cleo = Stranger(link, "Cleo")
    cleo.says("A Straßenbahnhaltestelle far back", "c-0")
    for number in range(1, MANY):
        cleo.says(f"Tea for number {number}", f"c-{number}")
    ada.says("Nobody expects a unicorn")
    sent = listens(ada.page)
    ada.reloads()
    ada.is_connected()
    opens_search(ada)
    finds(ada, "haltestelle", "1 result")
    expect(rows(ada.page)).to_contain_text("A Straßenbahnhaltestelle far back")
    assert rows(ada.page).locator("mark").all_inner_texts() == ["haltestelle"]
    href = rows(ada.page).locator("a").get_attribute("href") or ""
    assert "haltestelle" not in href
    field(ada.page).press("Enter")
    expect(walking(ada.page)).to_contain_text("1 of 1")
    shows(ada, "A Straßenbahnhaltestelle far back")
    ada.page.keyboard.press("Escape")
    opens_search(ada)
    finds(ada, "UNICORN from:ada", "1 result")
    finds(ada, "tea", "20+ results")
    finds(ada, '"number 12" -from:ada', "1 result")
    finds(ada, "nobody from:cleo", "Nothing found")
    expect(ada.page.locator(".found-hint")).not_to_contain_text("all your conversations")
    field(ada.page).fill("from:cl")
    expect(ada.page.get_by_role("option", name=re.compile("Cleo"))).to_be_visible()
    assert sent
    for typed in ("haltestelle", "unicorn", "search?", "from%3A", "cl&"):
        assert not any(typed in each.lower() for each in sent), typed


def test_what_is_edited_and_deleted_is_found_as_it_is(ada: Visitor, ben: Visitor) -> None:
    ben.may_meet("status 403", "console: Failed to load resource")
    link = starts_encrypted(ada)
    ben.opens(link)
    ben.joins()
    ada.says("Meet me at the lighthouse")
    ben.reads("Meet me at the lighthouse")
    opens_search(ben)
    finds(ben, "lighthouse", "1 result")
    ada.composer.press("ArrowUp")
    expect(ada.page.get_by_text("Editing your message")).to_be_visible()
    ada.composer.fill("Meet me at the harbour")
    ada.composer.press("Enter")
    expect(ben.message("Meet me at the harbour")).to_have_count(1)
    searches_anew(ben, "lighthouse", "Nothing found")
    finds(ben, "harbour", "1 result")
    message = ada.message("Meet me at the harbour")
    message.focus()
    ada.page.keyboard.press("Delete")
    expect(ben.message("Meet me at the harbour")).to_have_count(0)
    searches_anew(ben, "harbour", "Nothing found")
