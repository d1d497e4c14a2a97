"""The search over a conversation that the server can't read: it is made in the page, and what is
typed stays there.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Page, WebSocket, expect

from tests.browser.seeding import PATIENCE_S
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


LONG = 10_000
WATCHES_TASKS = """
globalThis.tasks = [];
new PerformanceObserver((list) => tasks.push(...list.getEntries().map(
  ({ startTime, duration }) => [startTime, duration])),
).observe({ type: "longtask", buffered: true });
"""
WITHIN_S = 60.0
"""Where ten other things go on; it takes a twentieth of that where nothing does."""


def says_much(stranger: Stranger, data: Path, texts: Sequence[str]) -> None:
    """Past the server, by somebody who has spoken: each call costs as much as a hundred rows."""
    database = sqlite3.connect(data / "parley.db", timeout=PATIENCE_S)
    with contextlib.closing(database), database:
        database.execute("BEGIN IMMEDIATE")
        (conversation, seq) = database.execute(
            "SELECT id, seq FROM conversations WHERE room_id = ?", (stranger.room_id,)
        ).fetchone()
        columns = "session_id, user_id, username, type, sent_at, role, is_alike, is_unproven"
        database.executemany(
            f"INSERT INTO messages (conversation_id, seq, id, changed_seq, client_id, text,"
            f" {columns}) SELECT conversation_id, ?1, ?1 || '-seeded', ?1, ?2, ?3, {columns}"
            f" FROM messages WHERE conversation_id = ?4 AND user_id = ?5 ORDER BY seq LIMIT 1",
            (
                (at, f"x-{at}", stranger.sealed(text, f"x-{at}"), conversation, stranger.user_id)
                for at, text in enumerate(texts, seq + 1)
            ),
        )
        database.execute(
            "UPDATE conversations SET seq = seq + ?1, message_count = message_count + ?1"
            " WHERE id = ?2",
            (len(texts), conversation),
        )


def test_ten_thousand_messages_are_soon_searched(ada: Visitor, data: Path) -> None:
    link = starts_encrypted(ada)
    cleo = Stranger(link, "Cleo")
    cleo.says("The oldest kestrel", "c-0")
    says_much(cleo, data, [f"Tea and a word or two on number {at}, as ever" for at in range(LONG)])
    ada.context.add_init_script(WATCHES_TASKS)
    ada.reloads()
    ada.is_connected()
    opens_search(ada).fill("kestrel")
    found = ada.page.wait_for_function(
        """() => document.querySelector(".found-status")?.textContent === "1 result"
          && {ms: performance.now(), tasks, reads: performance.getEntriesByType("resource")
            .filter(({ name }) => name.includes("/messages?")).length}""",
        timeout=WITHIN_S * 1000,
    ).json_value()
    print(f"\nSearchable after {found['ms'] / 1000:.1f} s: {found}")
    assert found["reads"] < LONG / 100
    assert found["ms"] < WITHIN_S * 1000
