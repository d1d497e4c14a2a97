"""Updates: nobody gets a page that is half old and half new."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Arrive
from tests.browser.test_offline import keeps, path_of
from tests.browser.test_worker import comes_true
from tests.browser.versions import Version
from tests.browser.visitor import Visitor
from tests.servers import free_port

pytestmark = pytest.mark.with_worker

VERSIONS_KEPT = """async () =>
  (await caches.keys()).filter((name) => name.startsWith("parley-assets-")).length"""
OWN_VERSION = "document.querySelector('script[type=module]').src.split('/')[4]"
SCRIPTS = """async () => {
  const [, , , , version] = document.querySelector("script[type=module]").src.split("/");
  const cache = await caches.open(`parley-assets-${version}`);
  const addresses = (await cache.keys()).map(({ url }) => url);
  const scripts = addresses.filter((url) => url.includes("/built/js/"));
  return Promise.all(scripts.map(async (url) => (await fetch(url)).text()));
}"""
LOOKS_FOR_NEWS = "async () => (await navigator.serviceWorker.ready).update().then(() => true)"
KEPT_VERSIONS = """async () => {
  const pages = await (await caches.open("parley-pages")).matchAll();
  return pages.map((page) => page.headers.get("Parley-Kept-Version"));
}"""

Serve = Callable[[str], Version]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts another version on the same port and data, in place of the one before."""
    port, made = free_port(), list[Version]()

    def serve(name: str) -> Version:
        for version in made:
            version.stop()
        made.append(Version(tmp_path, name, tmp_path / "data", port))
        made[-1].start()
        return made[-1]

    yield serve
    for version in made:
        version.stop()


def came(arrive: Arrive, name: str, url: str) -> Visitor:
    visitor = arrive(name, url=url)
    visitor.may_meet("ERR_CONNECTION_REFUSED", "WebSocket connection")
    visitor.may_meet("ERR_|WebSocket|Failed to|status 50|status 400")
    return visitor


def version_of(page: Page) -> str:
    found: str = page.evaluate(OWN_VERSION)
    return found


def test_an_open_page_goes_on_with_its_own_scripts(arrive: Arrive, serve: Serve) -> None:
    one = serve("one")
    ada = came(arrive, "Ada", one.url)
    link = ada.starts("Tea")
    keeps(ada, path_of(link))
    first = version_of(ada.page)
    two = serve("two")
    ada.is_connected()
    ada.page.evaluate(LOOKS_FOR_NEWS)
    # The new worker is there, answers this page, and looks at what is kept again.
    comes_true(ada.page, f"({VERSIONS_KEPT})().then((count) => count === 2)")
    comes_true(ada.page, f"({KEPT_VERSIONS})().then((kept) => !kept.includes({first!r}))")
    scripts = ada.page.evaluate(SCRIPTS)
    assert len(scripts) > 20
    assert all(one.mark in script and two.mark not in script for script in scripts)
    ada.says("Still of version one")
    assert version_of(ada.page) == first
    # Then nobody has the old one any more.
    ada.reloads()
    ada.is_connected()
    assert version_of(ada.page) != first
    scripts = ada.page.evaluate(SCRIPTS)
    assert all(two.mark in script for script in scripts)
    comes_true(ada.page, f"({VERSIONS_KEPT})().then((count) => count === 1)")


def test_a_worker_two_versions_old_is_no_trouble(arrive: Arrive, serve: Serve) -> None:
    ada = came(arrive, "Ada", serve("one").url)
    link = ada.starts("Tea")
    ada.says("Said in version one")
    keeps(ada, path_of(link))
    first = version_of(ada.page)
    ada.page.goto("about:blank")
    serve("two")
    third = serve("three")
    ada.opens(link)
    ada.is_connected()
    assert version_of(ada.page) != first
    comes_true(ada.page, f"({KEPT_VERSIONS})().then((kept) => !kept.includes({first!r}))")
    comes_true(ada.page, f"({VERSIONS_KEPT})().then((count) => count === 1)")
    third.stop()
    ada.opens(link)
    ada.reads("Said in version one")
    scripts = ada.page.evaluate(SCRIPTS)
    assert all(third.mark in script for script in scripts)


def test_an_old_page_opens_offline_with_its_own_scripts(arrive: Arrive, serve: Serve) -> None:
    one = serve("one")
    ada = came(arrive, "Ada", one.url)
    link = ada.starts("Tea")
    ada.says("Said in version one")
    keeps(ada, path_of(link))
    first = version_of(ada.page)
    one.stop()
    ada.opens(link)
    ada.reads("Said in version one")
    assert version_of(ada.page) == first
    assert ada.page.evaluate("document.documentElement.dataset.keptAt") is not None


@pytest.mark.not_in_firefox("only Chromium lets tests say how much may be stored")
def test_where_there_is_no_room_pages_come_from_the_network(arrive: Arrive, serve: Serve) -> None:
    one = serve("one")
    ada = came(arrive, "Ada", one.url)
    browser = ada.context.new_cdp_session(ada.page)
    browser.send("Storage.overrideQuotaForOrigin", {"origin": one.url, "quotaSize": 20_000})
    link = ada.starts("Tea")
    ada.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    ada.opens(link)
    ada.is_connected()
    ada.says("Nothing fits")
    # It may be trying again just now.
    comes_true(ada.page, f"({VERSIONS_KEPT})().then((count) => count === 0)")
    browser.send("Storage.overrideQuotaForOrigin", {"origin": one.url})
    ada.opens(link)
    keeps(ada, path_of(link))
    one.stop()
    ada.opens(link)
    ada.reads("Nothing fits")
    expect(ada.page.locator("#strip")).to_contain_text("Last updated")
