"""What opens without a server, and what is kept of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.test_worker import HAS_A_WORKER, comes_true
from tests.browser.visitor import Visitor
from tests.servers import Process, free_port

pytestmark = pytest.mark.with_worker

MOST = 30
CHANGED = "(path) => navigator.serviceWorker.controller.postMessage({ type: 'changed', path })"
OPENED_WITHIN_MS = 500
"""What it is to take on a machine that does nothing else."""
KEPT = """async () => {
  const pages = await caches.open("parley-pages");
  return (await pages.keys()).map(({ url }) => new URL(url).pathname);
}"""
RECORDS = """async (name) => {
  // To open it would make one, and without what belongs in it.
  if (!(await indexedDB.databases()).some((known) => known.name === name)) return "[]";
  const opened = indexedDB.open(name);
  const database = await new Promise((done) => (opened.onsuccess = () => done(opened.result)));
  const found = [];
  for (const store of database.objectStoreNames) {
    const asked = database.transaction(store).objectStore(store).getAll();
    found.push(...(await new Promise((done) => (asked.onsuccess = () => done(asked.result)))));
  }
  database.close();
  return JSON.stringify(found);
}"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Process]:
    """One of the test's own, which it can stop and start on the same port."""
    server = Process(tmp_path / "data", "--port", str(free_port()))
    server.start()
    yield server
    if server.is_running:
        server.stop()


@pytest.fixture
def ada(arrive: Arrive, server: Process) -> Visitor:
    return away(arrive, "Ada", server)


@pytest.fixture
def ben(arrive: Arrive, server: Process) -> Visitor:
    return away(arrive, "Ben", server)


def away(arrive: Arrive, name: str, server: Process) -> Visitor:
    """Whom no server answers at times."""
    visitor = arrive(name, url=server.url)
    visitor.may_meet("ERR_|NS_ERROR|WebSocket|Failed to|status 50", "WebSocket connection")
    return visitor


def keeps(visitor: Visitor, path: str) -> None:
    """Wait until a page is kept by the worker."""
    visitor.page.wait_for_function(HAS_A_WORKER)
    comes_true(visitor.page, f"({KEPT})().then((kept) => kept.includes({path!r}))")


def opens_without_network(visitor: Visitor, address: str) -> None:
    """As `opens`. Playwright takes it for failed in Firefox, where the worker's own request did."""
    try:
        visitor.opens(address)
    except PlaywrightError:
        if visitor.is_in_chromium:
            raise
    expect(visitor.page.locator("html[data-kept-at], #kept")).to_be_attached()


def path_of(link: str) -> str:
    return "/" + link.split("/", 3)[3]


def test_a_conversation_opens_without_a_server(ada: Visitor, server: Process) -> None:
    link = ada.starts("Tea")
    ada.says("Still here?")
    keeps(ada, path_of(link))
    comes_true(ada.page, f"({RECORDS})('parley-kept').then((kept) => kept.includes('Still here?'))")
    server.stop()
    opens_without_network(ada, link)
    expect(ada.message("Still here?")).to_be_visible()
    expect(ada.page.locator("#strip")).to_contain_text("Last updated today at")
    ada.sends("Later")
    expect(ada.message("Later")).to_be_visible()
    server.start()
    ada.is_connected()
    expect(ada.message("Later").and_(ada.page.locator(":not(.pending)"))).to_be_visible()
    expect(ada.page.locator("#strip")).to_be_hidden()


def test_what_came_live_is_shown_where_the_page_was_kept_before(
    ada: Visitor, server: Process
) -> None:
    link = ada.starts("Tea")
    keeps(ada, path_of(link))
    ada.says("Said after")
    comes_true(ada.page, f"({RECORDS})('parley-kept').then((kept) => kept.includes('Said after'))")
    server.stop()
    # A page that dies has told nobody.
    ada.page.close(run_before_unload=False)
    ada.page = ada.context.new_page()
    opens_without_network(ada, link)
    expect(ada.message("Said after")).to_be_visible()


def test_a_page_that_is_not_kept_leads_to_those_that_are(ada: Visitor, server: Process) -> None:
    link = ada.starts("Tea & <cake>")
    keeps(ada, path_of(link))
    other = ada.owns("Never seen")
    server.stop()
    opens_without_network(ada, other)
    expect(ada.page.get_by_role("heading", name="The server doesn't answer")).to_be_visible()
    ada.page.get_by_role("link", name="Tea & <cake>").click()
    ada.page.wait_for_url(link)
    expect(ada.page.locator(".bar-title")).to_have_text("Tea & <cake>")
    opens_without_network(ada, other)
    server.start()
    ada.page.get_by_role("link", name="Try again").click()
    expect(ada.page.locator(".bar-title")).to_have_text("Never seen")


def test_the_list_opens_without_a_server_and_says_of_when_it_is(
    ada: Visitor, server: Process
) -> None:
    ada.starts("Tea")
    ada.opens("/")
    keeps(ada, "/")
    server.stop()
    opens_without_network(ada, "/")
    expect(ada.page.get_by_role("link", name="Tea")).to_be_visible()
    expect(ada.page.get_by_text("Last updated today at")).to_be_visible()
    server.start()
    ada.page.get_by_role("link", name="Load again").click()
    expect(ada.page.get_by_text("Last updated")).to_be_hidden()


def test_a_network_that_says_nothing_is_as_good_as_none(ada: Visitor, server: Process) -> None:
    link = ada.starts("Tea")
    ada.says("Still here?")
    keeps(ada, path_of(link))
    os.kill(server.pid, signal.SIGSTOP)
    try:
        ada.opens(link)
        ada.reads("Still here?")
        assert ada.page.evaluate("document.documentElement.dataset.keptAt") is not None
    finally:
        os.kill(server.pid, signal.SIGCONT)
    ada.is_connected()


@pytest.mark.timeout(300)
def test_only_the_newest_pages_are_kept(ada: Visitor) -> None:
    first = ada.starts("The first")
    keeps(ada, path_of(first))
    for number in range(MOST):
        link = ada.owns(f"Number {number}")
        ada.page.evaluate(
            """async (link) => {
              const join = `${link.replace("/conversation/", "/api/conversations/")}/join`;
              const headers = { "Content-Type": "application/json", "Parley-Page": "1" };
              const body = JSON.stringify({ username: "Ada" });
              await fetch(join, { method: "POST", headers, body });
            }""",
            link,
        )
        ada.page.evaluate(CHANGED, path_of(link))
        keeps(ada, path_of(link))
    kept = ada.page.evaluate(KEPT)
    assert len([path for path in kept if path != "/"]) == MOST
    assert path_of(first) not in kept


def test_it_opens_at_once(ada: Visitor, server: Process) -> None:
    link = ada.starts("Tea")
    for number in range(40):
        ada.sends(f"Line {number} of a talk as people have.")
    ada.reads("Line 39 of a talk as people have.")
    keeps(ada, path_of(link))
    comes_true(ada.page, f"({RECORDS})('parley-kept').then((kept) => kept.includes('Line 39'))")
    ada.page.goto("about:blank")
    server.stop()
    took = []
    for _ in range(5):
        opens_without_network(ada, link)
        ada.reads("Line 39 of a talk as people have.")
        took.append(
            ada.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        )
    print(f"offline, the conversation is on the screen after {sorted(round(ms) for ms in took)} ms")
    assert min(took) < 4 * OPENED_WITHIN_MS


@pytest.mark.not_in_firefox("it has no Background Sync")
def test_what_was_written_offline_goes_out_by_the_worker(ada: Visitor, server: Process) -> None:
    link = ada.starts("Tea")
    keeps(ada, path_of(link))
    port = server.port
    server.stop()
    ada.sends("One")
    ada.sends("Two")
    comes_true(
        ada.page,
        f"({RECORDS})('parley').then((kept) => kept.includes('One') && kept.includes('Two'))",
    )
    ada.page.close()
    ada.page = ada.context.new_page()
    server.start()
    assert server.port == port
    syncs(ada)
    asked = ada.context.new_page()
    asked.goto(f"{server.url}/conversations")
    comes_true(asked, f"({RECORDS})('parley').then((kept) => kept === '[]')")
    ada.opens(link)
    assert ada.texts() == ["One", "Two"]
    syncs(ada)
    ada.reloads()
    assert ada.texts() == ["One", "Two"]


@pytest.mark.not_in_firefox("it has no Background Sync")
def test_the_worker_sends_only_as_who_wrote_it(ada: Visitor, ben: Visitor, server: Process) -> None:
    link = ada.starts("Tea")
    keeps(ada, path_of(link))
    ben.comes(link)
    session = ben.session()
    assert session is not None
    server.stop()
    ada.sends("In my own name")
    comes_true(ada.page, f"({RECORDS})('parley').then((kept) => kept.includes('In my own name'))")
    ada.page.close()
    ada.page = ada.context.new_page()
    server.start()
    ada.has_session(session)
    syncs(ada)
    ben.opens(link)
    ben.is_connected()
    ben.says("Nobody spoke before")
    assert ben.texts() == ["Nobody spoke before"]


def test_a_kept_page_that_comes_live_again_is_as_all_others_are(ada: Visitor, ben: Visitor) -> None:
    link = ada.starts("Tea")
    ada.says("Before")
    ben.comes(link)
    keeps(ben, path_of(link))
    ben.context.set_offline(True)
    ben.opens(link)
    ben.reads("Before")
    expect(ben.page.locator("#strip")).to_contain_text("You're offline.")
    ada.says("Meanwhile")
    ada.page.evaluate(
        """async (path) => fetch(path, { method: "POST", headers: { "Parley-Page": "1" } })""",
        path_of(link).replace("/conversation/", "/api/conversations/") + "/end",
    )
    ben.context.set_offline(False)
    ben.reads("Meanwhile")
    expect(ben.page.locator("#ended")).to_be_visible()
    expect(ben.composer).to_be_hidden()
    assert ben.page.evaluate("document.documentElement.dataset.keptAt") is None


def syncs(visitor: Visitor) -> None:
    """As the browser does once there is a network again."""
    page = visitor.context.new_page()
    page.goto(f"{visitor.url}/conversations")
    browser = visitor.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    browser.on(
        "ServiceWorker.workerRegistrationUpdated", lambda told: found.extend(told["registrations"])
    )
    browser.send("ServiceWorker.enable")
    page.wait_for_function(HAS_A_WORKER)
    page.evaluate("navigator.serviceWorker.ready.then(() => 1)")
    browser.send(
        "ServiceWorker.dispatchSyncEvent",
        {
            "origin": visitor.url,
            "registrationId": found[-1]["registrationId"],
            "tag": "outbox",
            "lastChance": False,
        },
    )
    page.close()
