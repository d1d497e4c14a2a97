"""The service worker, from its first visit on."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser import chromium
from tests.browser.conftest import Arrive
from tests.browser.visitor import SLOW_MS, Visitor
from tests.servers import Process, process

pytestmark = pytest.mark.with_worker

HAS_A_WORKER = "() => navigator.serviceWorker.controller !== null"
REGISTRATIONS = "async () => (await navigator.serviceWorker.getRegistrations()).length"
BROKEN = """
addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(caches.open("old").then((cache) => cache.put("/kept", new Response("words"))));
  const opened = indexedDB.open("parley-kept", 1);
  opened.onsuccess = () => opened.result.close();
});
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => event.respondWith(new Response("broken")));
"""


def comes_true(page: Page, promise: str) -> None:
    """Wait for what a page has to ask for: `wait_for_function` takes any promise for true."""
    page.evaluate(
        f"""async () => {{
          const last = Date.now() + {SLOW_MS};
          while (!(await ({promise}))) {{
            if (Date.now() > last) throw new Error("It did not come true.");
            await new Promise((resolve) => setTimeout(resolve, 50));
          }}
        }}"""
    )


def test_a_page_gets_a_worker_once_it_is_there(ada: Visitor) -> None:
    ada.starts()
    ada.page.wait_for_function(HAS_A_WORKER)
    assert ada.page.evaluate("navigator.serviceWorker.controller.scriptURL") == (
        f"{ada.url}/worker.js"
    )


def test_without_a_secure_address_there_is_none_and_nobody_is_told(
    arrive: Arrive, site: Process
) -> None:
    ada = arrive("Ada", url=f"http://{chromium.PLAIN_HTTP_HOST}:{site.port}")
    ada.opens("/")
    assert ada.page.evaluate("[isSecureContext, 'serviceWorker' in navigator]") == [False, False]
    ada.page.wait_for_load_state("networkidle")


def test_no_other_script_becomes_the_worker(ada: Visitor) -> None:
    ada.starts()
    ada.page.wait_for_function(HAS_A_WORKER)
    ada.may_meet("console")
    for attempt in (
        "navigator.serviceWorker.register('/static/x/js/page.js')",
        "navigator.serviceWorker.register('/worker.js')",
        "Promise.resolve().then(() => trustedTypes.createPolicy('parley', {}))",
        "Promise.resolve().then(() => new Worker('/worker.js'))",
    ):
        told = ada.page.evaluate(f"() => {attempt}.then(() => '', (error) => error.name)")
        assert told == "TypeError", attempt


@pytest.mark.not_in_firefox("Playwright cannot answer there for a worker's script")
def test_a_server_without_a_worker_takes_away_any_there_was(arrive: Arrive, tmp_path: Path) -> None:
    with process(tmp_path / "data", "--port", "0") as first:
        ada = arrive("Ada", url=first.url)
        ada.context.route(
            "**/worker.js",
            lambda route: route.fulfill(body=BROKEN, content_type="text/javascript"),
        )
        ada.opens("/")
        ada.page.wait_for_function(HAS_A_WORKER)
        ada.opens("/")
        assert ada.page.locator("body").inner_text() == "broken"
        port = first.url.rpartition(":")[2]
    ada.context.unroute("**/worker.js")
    with process(tmp_path / "data", "--port", port, "--service-worker", "off"):
        # The browser itself asks for the worker again when a page is opened.
        ada.opens("/")
        comes_true(ada.page, f"({REGISTRATIONS})().then((count) => !count)")
        ada.opens("/")
        assert "broken" not in ada.page.locator("body").inner_text()
        assert ada.page.evaluate("caches.keys()") == []
        assert ada.page.evaluate("indexedDB.databases()") == []
        ada.page.wait_for_load_state("networkidle")
        assert ada.page.evaluate(REGISTRATIONS) == 0
        # Nor is anything kept anew.
        ada.starts("Tea")
        ada.says("Not for later")
        ada.reloads()
        ada.reads("Not for later")
        assert ada.page.evaluate("caches.keys()") == []
        names = ada.page.evaluate("async () => (await indexedDB.databases()).map((it) => it.name)")
        assert "parley-kept" not in names
        # What it may still be loading would fail as the server ends.
        ada.opens("about:blank")
