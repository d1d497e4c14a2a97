"""The client for JavaScript on pages of others: of an allowed origin, and of any other."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.servers import Process, process

PAGE = b"""<!doctype html><title>A page of others</title><ul></ul>
<script type="module">
const asked = new URLSearchParams(location.hash.slice(1));
const show = (text) => {
  const item = document.createElement("li");
  item.textContent = text;
  document.querySelector("ul").append(item);
};
try {
  const { join, start } = await import(`${asked.get("server")}/client.js`);
  const { link, token } = await start(asked.get("server"), { title: "Tea" });
  const [ada, ben] = [await join(link, { name: "Ada", token }), await join(link, { name: "Ben" })];
  await ada.send("Hello", { files: [await ada.upload(new Blob(["cake"]), { name: "cake.txt" })] });
  for await (const message of ben) {
    show(`${message.username}: ${message.message}`);
    show(await (await ben.download(message.attachments[0])).text());
    await ben.leave();
  }
  show("The end");
} catch (error) {
  show(`Failed: ${error.name}`);
}
</script>"""


class Others(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def others() -> Iterator[str]:
    """Their server's origin, until the block ends."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Others) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


def looks_at(page: Page, origin: str, server: Process) -> None:
    page.goto(f"{origin}/#server={server.url}")


def test_a_page_of_an_allowed_origin_takes_part(page: Page, tmp_path: Path) -> None:
    flags = ("--port", "0", "--allowed-origins")
    with others() as origin, process(tmp_path / "data", *flags, origin) as server:
        looks_at(page, origin, server)
        expect(page.locator("li")).to_have_text(["Ada: Hello", "cake", "The end"], timeout=30_000)


def test_a_page_of_any_other_gets_nothing(page: Page, site: Process) -> None:
    with others() as origin:
        looks_at(page, origin, site)
        expect(page.locator("li")).to_have_text(["Failed: TypeError"], timeout=30_000)
