"""Pages in a real browser, and how soon they are as a person wants them."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.test_encrypted_page import starts_encrypted
from tests.browser.test_files import chips
from tests.browser.test_large_encrypted import peak, renderers
from tests.browser.visitor import Visitor

WITHIN_MS = 240_000
WATCH = """
const isThere = (last) =>
  document.getElementById("items")?.lastElementChild?.textContent.includes(last);
new MutationObserver(() => {
  const last = sessionStorage.getItem("bench-last");
  if (last && !globalThis.seen && isThere(last)) {
    globalThis.seen = true;
    // Once it is drawn.
    requestAnimationFrame(() => setTimeout(() => (globalThis.shownAt = performance.now())));
  }
  const isConnected = document.querySelector("#badge[data-state=connected]");
  if (isConnected) globalThis.connectedAt ??= performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true });
"""
SEND = """(text) => new Promise((done) => {
  const field = document.getElementById("message");
  const items = document.getElementById("items");
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  setTimeout(() => {
    const began = performance.now();
    let shown;
    const watching = new MutationObserver(() => {
      const own = [...items.querySelectorAll(":scope > .mine")].at(-1);
      if (!own?.textContent.includes(text)) return;
      shown ??= performance.now() - began;
      if (own.matches(".pending")) return;
      watching.disconnect();
      done({ shown, stored: performance.now() - began });
    });
    watching.observe(items, { subtree: true, childList: true, attributes: true });
    const enter = { key: "Enter", bubbles: true, cancelable: true };
    field.dispatchEvent(new KeyboardEvent("keydown", enter));
  }, 50);
})"""
FOUND = """() => document.querySelector(".found-status")?.textContent === "1 result"
  && performance.now()"""
DELETE_LAST = """async (room) => {
  const { id } = [...document.querySelectorAll("#items .mine")].at(-1).dataset;
  const path = `/api/conversations/${room}/messages/${id}`;
  return (await fetch(path, { method: "DELETE", headers: { "Parley-Page": "1" } })).status;
}"""


@dataclass(frozen=True)
class Shown:
    """After how many milliseconds from when the page was asked for."""

    shown_ms: float
    connected_ms: float


class Pages:
    """A Chromium, and what is measured in it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Pages:
        playwright = self._stack.enter_context(sync_playwright())
        self.browser: Browser = chromium.launch(playwright)
        self._stack.callback(self.browser.close)
        self.context: BrowserContext = self.browser.new_context()
        self.context.add_init_script(WATCH)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def shown(self, path: str, last: str) -> Shown:
        """Until the newest message is drawn, in a new tab of a browser that was here before."""
        page = self.context.new_page()
        page.add_init_script(f"sessionStorage.setItem('bench-last', {last!r})")
        page.goto(f"{self.url}{path}")
        page.wait_for_function(
            "() => globalThis.shownAt && globalThis.connectedAt", timeout=WITHIN_MS
        )
        found = Shown(
            page.evaluate("() => globalThis.shownAt"), page.evaluate("() => globalThis.connectedAt")
        )
        page.close()
        return found

    def searchable_ms(self, path: str, word: str) -> float:
        """Until a word of the oldest message is found, looked for from the beginning on."""
        page = self.context.new_page()
        page.goto(f"{self.url}{path}")
        page.wait_for_function("() => globalThis.connectedAt", timeout=WITHIN_MS)
        page.keyboard.press("Control+k")
        field = page.get_by_role("combobox").or_(page.get_by_role("searchbox")).first
        field.fill(word)
        found: float = page.wait_for_function(FOUND, timeout=WITHIN_MS).json_value()
        page.close()
        return found

    @contextlib.contextmanager
    def joined(self, path: str) -> Iterator[Page]:
        """A tab of somebody who may write there."""
        page = self.context.new_page()
        page.goto(f"{self.url}{path.partition('#')[0]}")
        page.get_by_placeholder("Your name").fill("Ada")
        page.keyboard.press("Enter")
        page.get_by_role("textbox", name="Message", exact=True).wait_for()
        page.wait_for_function("() => globalThis.connectedAt", timeout=WITHIN_MS)
        yield page
        page.close()

    def sending_ms(self, page: Page, text: str) -> dict[str, float]:
        """From Enter until one's own message is there, and until it is stored."""
        page.bring_to_front()
        found: dict[str, float] = page.evaluate(SEND, text)
        return found

    def files(
        self, path: Path, rounds: int
    ) -> tuple[dict[str, dict[str, list[float]]], dict[str, list[int]]]:
        """A file sent and saved again, by turns in an open conversation and an encrypted one: how
        many seconds each took, and by how many bytes the pages grew at most.
        """
        ada = Visitor("Ada", self.browser, self.url)
        ada.starts()
        links = {"open": ada.page.url}
        starts_encrypted(ada)
        links["encrypted"] = ada.page.url
        took: dict[str, dict[str, list[float]]] = {
            name: {"sent": [], "saved": []} for name in links
        }
        grew: dict[str, list[int]] = {name: [] for name in links}
        for _ in range(rounds):
            for name, link in links.items():
                ada.opens(link)
                ada.is_connected()
                with peak(renderers(self.browser)) as more:
                    took[name]["sent"].append(_sending_s(ada, path))
                    took[name]["saved"].append(_saving_s(ada, path.name))
                grew[name].append(more[0])
                self._deletes_last(ada)
        ada.goes_home()
        return took, grew

    def _deletes_last(self, who: Visitor) -> None:
        """So that the disk needn't hold all of them."""
        room_id = who.page.url.partition("/conversation/")[2].partition("#")[0]
        status: Any = who.page.evaluate(DELETE_LAST, room_id)
        assert status == 200, status


def _sending_s(who: Visitor, path: Path) -> float:
    """Until all of it is there; then the message goes."""
    began = time.monotonic()
    with who.page.expect_file_chooser() as chosen:
        who.page.get_by_role("button", name="Attach files").click()
    chosen.value.set_files(path)
    chip = chips(who)
    expect(chip).to_have_attribute("data-status", re.compile("done|failed"), timeout=WITHIN_MS)
    took_s = time.monotonic() - began
    expect(chip).to_have_attribute("data-status", "done")
    who.says("There it is")
    return took_s


def _saving_s(who: Visitor, name: str) -> float:
    """Until the browser has saved it."""
    began = time.monotonic()
    found = who.messages.last.locator(".document")
    expect(found).to_contain_text(name)
    with who.page.expect_download(timeout=WITHIN_MS) as saved:
        found.click()
    saved.value.path()
    took_s = time.monotonic() - began
    saved.value.delete()
    return took_s
