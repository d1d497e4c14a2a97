"""Two Parleys under two paths of one host, as browsers meet them through nginx and Caddy.

Neither may take for its own what a browser keeps of the other, though all of a host shares one
store; and one path begins like the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.test_worker import HAS_A_WORKER, comes_true
from tests.browser.visitor import SLOW_MS, Visitor
from tests.deploy.configurations import PROXIES, Proxy, every_time_one
from tests.deploy.conftest import flags_of
from tests.proxying import Place, runs
from tests.servers import Process, free_port, process

pytestmark = [pytest.mark.browser, pytest.mark.long("`make browsers` runs it")]

FIRST, SECOND = "/talk", "/talk-two"
STORED = """async () => ({
  caches: await caches.keys(),
  databases: (await indexedDB.databases()).map(({ name }) => name),
  remembered: [...Object.keys(localStorage), ...Object.keys(sessionStorage)],
  locks: (await navigator.locks.query()).held.map(({ name }) => name),
  workers: (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope),
})"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # Without this a worker's script is refused, whatever a page is allowed.
        flags = [*chromium.FLAGS, "--ignore-certificate-errors"]
        browser = playwright.chromium.launch(executable_path=chromium.path(), args=flags)
        yield browser
        browser.close()


class Two:
    """Both, and the host they share."""

    def __init__(self, origin: str, first: Process, second: Process) -> None:
        self.origin = origin
        self.servers = (first, second)
        self.urls = (f"{origin}{FIRST}/", f"{origin}{SECOND}/")


def doubled(text: str) -> str:
    """The configuration with what it has for the first for the second, too."""
    nginx = r"  location /talk/ \{\n(?:.*\n)*?  \}\n"
    caddy = r"\t@parley path /talk (?:.*\n)*?\t\}\n(?=\thandle \{)"
    [block] = re.findall(nginx, text) or re.findall(caddy, text)
    again = block.replace("/talk", SECOND).replace("@parley", "@second")
    return text.replace(block, block + again.replace("127.0.0.1:8081", "127.0.0.1:8082"))


@pytest.fixture(
    params=every_time_one([each for each in PROXIES if each.program in ("nginx", "caddy")]), ids=str
)
def two(request: pytest.FixtureRequest, at: Place, tmp_path: Path) -> Iterator[Two]:
    proxy: Proxy = request.param
    origin, ports = f"https://localhost:{at.port}", (free_port(), free_port())
    command = proxy.command(proxy.under_a_path, at, *ports, rewritten=doubled)
    with (
        process(tmp_path / "first", *flags_of(origin + FIRST, ports[0])) as first,
        process(tmp_path / "second", *flags_of(origin + SECOND, ports[1])) as second,
        runs(command, at),
    ):
        yield Two(origin, first, second)


def test_each_works_and_keeps_to_itself(browser: Browser, two: Two) -> None:
    ada = Visitor("Ada", browser, two.origin, has_worker=True)
    ben = Visitor("Ben", browser, two.origin, has_worker=True)
    for each in (ada, ben):
        # While a server is away.
        each.may_meet("ERR_|WebSocket|Failed to|status 50")
    links = []
    for number, url in enumerate(two.urls):
        title = f"Tea {number}"
        link = starts(ada, url, title)
        links.append(link)
        assert link.startswith(f"{url}conversation/")
        ben.opens(link)
        # Neither knows them from the other.
        ben.joins(f"Ben {number}")
        ben.says("Hello from Ben")
        ada.reads("Hello from Ben")
        uses(ada, title)
        ada.opens(link)
        ada.is_connected()
        keeps_page(ada, link)
    in_store = ada.measures(STORED)
    for kind in ("caches", "databases", "remembered"):
        of_first = {each.removeprefix(FIRST) for each in in_store[kind] if of(each) == FIRST}
        of_second = {each.removeprefix(SECOND) for each in in_store[kind] if of(each) == SECOND}
        assert of_first, (kind, in_store)
        assert of_second, (kind, in_store)
        assert all(of(each) for each in in_store[kind]), (kind, in_store)
    assert in_store["locks"]
    assert all(of(each) == SECOND for each in in_store["locks"]), in_store
    assert sorted(in_store["workers"]) == sorted(two.urls)
    cookies = {(each["name"], each["path"]) for each in ada.context.cookies()}
    assert cookies == {
        ("__Secure-parley_session~talk", FIRST),
        ("__Secure-parley_session~talk-two", SECOND),
    }
    # Offline each has its own page, and then goes on.
    for server, link in zip(two.servers, links, strict=True):
        server.stop()
        ada.opens(link)
        expect(ada.page.locator("html[data-kept-at]")).to_be_attached(timeout=2 * SLOW_MS)
        ada.reads("Hello from Ben")
        ada.sends("Written without a server")
        expect(ada.message("Written without a server")).to_be_visible()
        server.start()
        ben.opens(link)
        expect(ben.message("Written without a server")).to_be_visible(timeout=4 * SLOW_MS)
    for each in (ada, ben):
        each.goes_home()
        assert not each.trouble.met, each.trouble.met


def starts(ada: Visitor, url: str, title: str) -> str:
    """A conversation, from the page people begin at; its link."""
    ada.opens(url)
    ada.page.get_by_label("What is it about?").fill(title)
    ada.page.get_by_role("button", name="Start a conversation").click()
    ada.page.wait_for_url("**/conversation/*")
    ada.joins()
    return ada.page.url


def uses(ada: Visitor, title: str) -> None:
    """Files, search, export, what an owner may, and the list of one's own."""
    page = ada.page
    field = page.locator("input[type=file]").first
    field.set_input_files({"name": "list.txt", "mimeType": "text/plain", "buffer": b"Milk"})
    ada.sends("The list")
    file = page.locator("a.document")
    expect(file).to_be_visible(timeout=2 * SLOW_MS)
    with page.expect_download() as saved:
        file.click()
    assert Path(saved.value.path()).read_bytes() == b"Milk"
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name=re.compile("^Search ")).fill("hello")
    expect(page.locator(".found-row")).to_have_count(1)
    page.keyboard.press("Escape")
    goes(page, "#files-link")
    page.get_by_role("link", name="Documents").click()
    expect(page.locator("a.document")).to_be_visible()
    page.go_back()
    page.go_back()
    goes(page, "#export-link")
    with page.expect_download() as saved:
        page.get_by_role("button", name=re.compile("Markdown")).click()
    assert "Hello from Ben" in Path(saved.value.path()).read_text(encoding="utf-8")
    page.go_back()
    goes(page, "#manage-link")
    page.get_by_label("Title", exact=True).fill(f"{title}, and cake")
    page.locator('form[action$="/manage/title#about"] button').click()
    expect(page.locator(".manage-title")).to_have_text(f"{title}, and cake")
    page.locator(".home-link").click()
    row = page.locator("#own-rows a", has_text=f"{title}, and cake")
    expect(row).to_be_visible()
    expect(page.locator("#own-rows .own-row, #own-rows > li")).to_have_count(1)
    row.click()
    page.wait_for_url("**/conversation/*")


def goes(page: Page, link: str) -> None:
    page.locator(link).click()
    page.wait_for_load_state()


def keeps_page(visitor: Visitor, link: str) -> None:
    """Wait until the page is kept by the worker of its path."""
    visitor.page.wait_for_function(HAS_A_WORKER)
    comes_true(visitor.page, f"caches.match({link!r}).then((kept) => Boolean(kept))")


def of(name: str) -> str:
    """Whose something in the browser's store is, by its name; empty for nobody's."""
    return next((path for path in (SECOND, FIRST) if name.startswith(f"{path}parley")), "")
