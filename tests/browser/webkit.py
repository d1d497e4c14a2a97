"""The WebKit that tests drive: WebKitGTK as it is released, by W3C WebDriver.

Playwright drives only a WebKit of its own. So here are the few verbs that a short set of tests
needs. What goes wrong in the console, WebDriver does not tell.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin

import requests

from tests.browser import display
from tests.servers import free_port

PROGRAM = "WebKitWebDriver"
MISSING = (
    "WebKit was not tried: WebKitWebDriver or Xvfb is not installed "
    "(Debian: apt-get install webkit2gtk-driver xvfb)."
)
PATIENCE_S = 60.0
START_WITHIN_S = 30.0
"""So long a browser takes on a busy machine, at the most."""
STOP_WITHIN_S = 45.0
ENTER = "\ue007"
ESCAPE = "\ue00c"
ARROW_UP = "\ue013"

_REPLACED = "stale element reference"
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
# Somebody else may take a free port before the driver does: it ends then.
_PORTS_TRIED = 5

# Gives what holds as soon as it does, and null after a while: the page may have been left.
_SOON = """
const done = arguments[arguments.length - 1];
const given = [...arguments].slice(0, -1);
const holds = %s;
const until = performance.now() + 1000;
const look = () => {
  let found = null;
  try {
    found = holds(...given);
  } catch {
    // Not there yet.
  }
  if (found || performance.now() > until) done(found || null);
  else setTimeout(look, 10);
};
look();
"""
_FIND = """(css, text) => [...document.querySelectorAll(css)].find(element =>
  element.checkVisibility({visibilityProperty: true})
    && (!text || element.textContent.trim() === text))"""


def is_there() -> bool:
    return shutil.which(PROGRAM) is not None and display.is_there()


class Refused(Exception):
    """What WebDriver said no to, in its own words."""


class Window:
    """A browser of its own, with cookies and a store that nobody else has, and its one page."""

    def __init__(self, url: str) -> None:
        self._driver = url
        self._http = requests.Session()
        self._session = ""

    def open(self) -> None:
        asked = {"capabilities": {"alwaysMatch": {"timeouts": {"script": 30_000}}}}
        made = self._call("POST", "/session", asked, within_s=START_WITHIN_S)
        self._session = f"/session/{made['sessionId']}"

    def close(self) -> None:
        if self._session:
            self._call("DELETE", self._session)
        self._http.close()

    def goes_to(self, url: str) -> None:
        """Comes back perhaps before the page's scripts have run."""
        self._ask("url", {"url": url})

    def goes_back(self) -> None:
        self._ask("back", {})

    def reloads(self) -> None:
        self._ask("refresh", {})

    def runs(self, function: str, *given: object) -> Any:
        """What this function of JavaScript returns."""
        script = f"return ({function})(...arguments);"
        return self._ask("execute/sync", {"script": script, "args": list(given)})

    def awaits(self, function: str, *given: object) -> Any:
        """What this function of JavaScript promises."""
        script = f"({function})(...[...arguments].slice(0, -1)).then([...arguments].at(-1));"
        return self._ask("execute/async", {"script": script, "args": list(given)})

    def until(self, function: str, *given: object) -> Any:
        """What this function of JavaScript returns, once that is something."""
        give_up = time.monotonic() + PATIENCE_S
        asked = {"script": _SOON % function, "args": list(given)}
        while True:
            problem = ""
            try:
                if found := self._ask("execute/async", asked):
                    return found
            except Refused as refused:  # the page was left meanwhile
                problem = f": {refused}"
            assert time.monotonic() < give_up, f"{function} {json.dumps(given)}{problem}"

    def clicks(self, css: str, text: str = "") -> None:
        """On the first such element that is shown, with this text and no other."""
        self._act(css, text, "click", {})

    def fills(self, css: str, text: str) -> None:
        """A field, instead of what was in it."""
        self._act(css, "", "clear", {})
        if text:
            self.presses(css, text)

    def presses(self, css: str, keys: str) -> None:
        self._act(css, "", "value", {"text": keys})

    def picture(self) -> str:
        """What is on the screen, as a PNG in base64. Of an element alone it would be drawn anew."""
        picture: str = self._call("GET", f"{self._session}/screenshot")
        return picture

    def _act(self, css: str, text: str, act: str, body: dict[str, Any]) -> None:
        """Again, where the page put another in the place of what was found."""
        give_up = time.monotonic() + PATIENCE_S
        while True:
            element = self.until(_FIND, css, text)[_ELEMENT]
            try:
                self._ask(f"element/{element}/{act}", body)
            except Refused as refused:
                if not str(refused).startswith(_REPLACED) or time.monotonic() > give_up:
                    raise
            else:
                return

    def _ask(self, path: str, body: dict[str, Any]) -> Any:
        return self._call("POST", f"{self._session}/{path}", body)

    def _call(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        within_s: float = PATIENCE_S,
    ) -> Any:
        reply = self._http.request(method, self._driver + path, json=body, timeout=within_s)
        value = reply.json()["value"]
        if not reply.ok:
            raise Refused(f"{value['error']}: {value['message']}")
        return value


class Visitor:
    """A person at a WebKit: what they do and see, in their own words."""

    def __init__(self, name: str, window: Window, url: str) -> None:
        self.name = name
        self.url = url
        self.window = window

    def starts(self, title: str = "A talk") -> str:
        """Start a conversation from the home page, and give its link."""
        self.opens("/")
        self.window.fills("input[name=title]", title)
        self.window.clicks("button", "Start a conversation")
        self.window.until("() => location.pathname.startsWith('/conversation/')")
        link: str = self.window.runs("() => location.href")
        return link

    def opens(self, address: str) -> None:
        self.window.goes_to(urljoin(self.url, address))

    def joins(self) -> None:
        self.is_connected()
        self.window.fills("#username", self.name)
        self.window.presses("#username", ENTER)
        self.sees("#message")
        self.is_connected()

    def comes(self, link: str) -> None:
        self.opens(link)
        self.joins()

    def sends(self, text: str) -> None:
        """Send it, whether or not it gets through."""
        self.window.fills("#message", text)
        self.window.presses("#message", ENTER)

    def says(self, text: str) -> None:
        """Send it, and see it confirmed."""
        self.sends(text)
        self.reads(text, ".mine:not(.pending, .failed)")

    def is_connected(self) -> None:
        self.has_badge("Connected")

    def has_badge(self, words: str) -> None:
        self.sees("#badge-text", words)

    def sees(self, css: str, text: str = "") -> None:
        """Something with this text and no other, if any is given."""
        self.window.until(f"(css, text) => !!({_FIND})(css, text)", css, text)

    def reads(self, text: str, kind: str = "") -> None:
        self.sees(f"#items .message{kind} .message-text", text)

    def texts(self) -> list[str]:
        """What stands in the transcript."""
        texts: list[str] = self.window.runs(
            "() => [...document.querySelectorAll('#items .message-text')]"
            ".map(text => text.textContent.trim())"
        )
        return texts


@contextlib.contextmanager
def window(on_display: str) -> Iterator[Window]:
    """A new browser, until the block ends."""
    with contextlib.ExitStack() as started:
        yield _opened(on_display, started)


def _opened(on_display: str, started: contextlib.ExitStack) -> Window:
    """WebKitWebDriver 2.50 waits for ever for a browser that does not find back to it, as happens
    on a busy machine: another is tried then.
    """
    for is_last in (False, False, True):
        with contextlib.ExitStack() as trying:
            window = Window(trying.enter_context(_driver(on_display)))
            trying.callback(window.close)
            try:
                window.open()
            except requests.Timeout:
                if is_last:
                    raise
                continue
            started.push(trying.pop_all())
            return window
    raise AssertionError("not reached")


@contextlib.contextmanager
def _driver(on_display: str) -> Iterator[str]:
    """A driver that answers, and in the end no more of it nor of the browser it started."""
    for _ in range(_PORTS_TRIED):
        url = f"http://127.0.0.1:{(port := free_port())}"
        started = subprocess.Popen(
            [PROGRAM, f"--port={port}"],
            env={**os.environ, "DISPLAY": on_display},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a group, to be ended as one
        )
        try:
            if _answers(url, started):
                yield url
                return
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(started.pid, signal.SIGTERM)
            started.wait(STOP_WITHIN_S)
    raise AssertionError(f"{PROGRAM} ended {_PORTS_TRIED} times as soon as it began")


def _answers(url: str, started: subprocess.Popen[bytes]) -> bool:
    give_up = time.monotonic() + PATIENCE_S
    while started.poll() is None:
        assert time.monotonic() < give_up, f"{PROGRAM} does not answer"
        with contextlib.suppress(requests.ConnectionError):
            requests.get(f"{url}/status", timeout=PATIENCE_S).raise_for_status()
            return started.poll() is None
    return False
