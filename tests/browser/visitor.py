"""Somebody with a browser: what they do and see, in their own words.

Each visitor has a browser context of their own, and notes whatever goes wrong
on their pages: a console error, an exception, a request that failed or that
went to another host. A test that provokes trouble says so with `may_meet`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit
from weakref import WeakKeyDictionary

import requests
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    WebSocket,
    expect,
)

SLOW_MS = 15_000
"""For what waits for the network or for a timer of the page's."""
# What browsers say when somebody leaves a page whose requests are still under way.
LEFT = ("net::ERR_ABORTED", "NS_BINDING_ABORTED")
# What Chromium says of a request that goes through a worker, whatever became of it.
THROUGH_A_WORKER = "ERR_FAILED"
# What Chromium says, and with which words Firefox says it.
IN_FIREFOX = {
    "ERR_CONNECTION_REFUSED": "NS_ERROR_CONNECTION_REFUSED",
    "ERR_INTERNET_DISCONNECTED": "NS_ERROR_OFFLINE",
    "WebSocket connection": (
        "can’t establish a connection|connection .* was interrupted|WEBSOCKET_CONNECTION_REFUSED"
    ),
    # What the page's own policy forbids.
    "console": "exception: The page’s settings blocked",
}

PHONE = {"viewport": {"width": 320, "height": 640}, "has_touch": True, "is_mobile": True}

NO_WORKER = """
if (globalThis.ServiceWorkerContainer) {
  ServiceWorkerContainer.prototype.register = () => new Promise(() => {});
}
"""
"""Everybody's browser is new, and would load all scripts of the site for a worker, which is most of
what such a test costs.
"""

_COOKIE = "parley_session"

_in_front: WeakKeyDictionary[Browser, Page] = WeakKeyDictionary()
"""The last page that came to the front, of each Firefox."""


@dataclass
class Trouble:
    """What went wrong on one visitor's pages, but for what a test allows."""

    host: str
    met: list[str] = field(default_factory=list)
    allowed: list[re.Pattern[str]] = field(default_factory=list)

    def note(self, what: str) -> None:
        if not any(pattern.search(what) for pattern in self.allowed):
            self.met.append(what)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.note(f"exception: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)
        context.on("page", lambda page: page.on("websocket", self._websocket))

    def _console(self, message: ConsoleMessage) -> None:
        # CSP violations are among them: Chromium tells of each as an error.
        if message.type in ("error", "warning"):
            self.note(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        self._check_host(request.url)

    def _websocket(self, socket: WebSocket) -> None:
        self._check_host(socket.url)

    def _failed(self, request: Request) -> None:
        if request.failure not in LEFT:
            self.note(f"failed: {request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.note(f"status {response.status}: {response.request.method} {response.url}")

    def _check_host(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != self.host:
            self.note(f"another host: {url}")


class Visitor:
    """A person at their browser. `options` are those of a Playwright context."""

    def __init__(
        self, name: str, browser: Browser, url: str, *, has_worker: bool = False, **options: Any
    ) -> None:
        self.name = name
        self.url = url
        self._browser = browser
        self.is_in_chromium = browser.browser_type.name == "chromium"
        # A Firefox has the pointer that the machine has, whatever Playwright says.
        self.is_by_touch = bool(options.get("has_touch")) and self.is_in_chromium
        self.context = browser.new_context(**{"locale": "en-GB", "timezone_id": "UTC", **options})
        if not has_worker:
            self.context.add_init_script(NO_WORKER)
        self.trouble = Trouble(urlsplit(url).netloc)
        if not options.get("java_script_enabled", True):
            # Chromium says so of each script it was told not to run.
            self.may_meet(r"\.js: csp$")
        # Chromium's words for a worker that it could not have, where the server has gone or has a
        # certificate that nobody signed. Pages do without.
        self.may_meet("error occurred when fetching the script")
        # Firefox's for a script that was on its way when its page was left, which nobody can catch
        # any more. Of one that did not come for another reason its request tells.
        self.may_meet("error loading dynamically imported module")
        self.trouble.watch(self.context)
        self.page = self.context.new_page()

    @property
    def page(self) -> Page:
        """Theirs. In Firefox, whose windows do not all have the focus as if each were alone, it
        comes to the front where that of somebody else was.
        """
        if not self.is_in_chromium and _in_front.get(self._browser) is not self._page:
            _in_front[self._browser] = self._page
            self._page.bring_to_front()
        return self._page

    @page.setter
    def page(self, page: Page) -> None:
        """One that is new, and so in front."""
        self._page = _in_front[self._browser] = page

    # --- what they do ---

    def owns(self, title: str = "A talk", *, description: str = "", listed: bool = False) -> str:
        """Have started a conversation, without a look at it, and give its link."""
        started = self._calls(
            "create",
            title=title,
            description=description,
            visibility="listed" if listed else "unlisted",
        )
        return urljoin(self.url, f"/conversation/{started['room_id']}")

    def starts(self, title: str = "A talk", *, description: str = "", listed: bool = False) -> str:
        """Have started a conversation and joined it, be where it is, and give its link."""
        self.comes(self.owns(title, description=description, listed=listed))
        return self.page.url

    def decides(self, link: str, **wishes: bool | int | str) -> None:
        """What an owner may, as on their page."""
        self._calls(_room_id(link), method="PATCH", **wishes)

    def starts_nameless(self, title: str = "A talk") -> str:
        """Have started a conversation, be asked there for a name, and give its link."""
        self.opens(self.owns(title))
        return self.page.url

    def starts_by_hand(
        self, title: str = "A talk", *, description: str = "", listed: bool = False
    ) -> str:
        """Start a conversation on the home page, and give its link."""
        self.opens("/")
        self.page.get_by_label("What is it about?").fill(title)
        if description:
            self.page.get_by_text("Add a description").click()
            self.page.get_by_label("Description", exact=True).fill(description)
        if listed:
            self.page.get_by_label("Show in the public list").check()
        self.page.get_by_role("button", name="Start a conversation").click()
        self.page.wait_for_url("**/conversation/*")
        return self.page.url

    def opens(self, address: str) -> None:
        """A link, or an address on this server."""
        self.page.goto(urljoin(self.url, address))

    def comes(self, link: str, name: str = "") -> None:
        """Be there under the own name, or this one, as somebody who has joined before.

        It saves the page that asks for a name, and what follows when one is given.
        """
        self._calls(f"{_room_id(link)}/join", username=name or self.name)
        self.opens(link)
        self.is_connected()

    def comes_by_hand(self, link: str) -> None:
        """Open the link and join under the own name."""
        self.opens(link)
        self.joins()

    def joins(self, name: str = "") -> None:
        """Give a name where the page asks for it, press Enter, and be there."""
        self.page.get_by_placeholder("Your name").fill(name or self.name)
        self.page.keyboard.press("Enter")
        expect(self.composer).to_be_visible()
        self.is_connected()

    def types(self, text: str) -> None:
        """Key by key, as the page hears of it while somebody writes."""
        self.composer.press_sequentially(text)

    def pastes(self, text: str) -> None:
        """All of it at once, where the cursor is."""
        self.composer.focus()
        if self.is_in_chromium:
            self.page.keyboard.insert_text(text)
        else:  # where that would press a key for each letter
            self.measures("text => navigator.clipboard.writeText(text)", text)
            self.page.keyboard.press("Control+v")

    def sends(self, text: str) -> None:
        """Send it, whether or not it gets through."""
        self.composer.fill(text)
        if self.is_by_touch:  # where Enter breaks the line
            self.taps(self.page.get_by_role("button", name="Send"))
        else:
            self.composer.press("Enter")

    def says(self, text: str) -> None:
        """Send it, and see it confirmed."""
        own = self.messages.and_(self.page.locator(".mine:not(.pending, .failed)"))
        before = own.count()
        self.sends(text)
        expect(own).to_have_count(before + 1)

    def taps(self, what: Locator) -> None:
        """With a finger, where there is one. In Firefox Playwright's `tap` does nothing at all."""
        if self.is_by_touch:
            what.tap()
        else:
            what.click()

    def reloads(self) -> None:
        # A dialog that was closed is on its way out of the history, which would break this off.
        self.page.wait_for_function(
            "() => !history.state?.dialogs || document.querySelector('dialog:modal')"
        )
        self.page.reload()

    def opens_another_tab(self) -> Page:
        """The same browser and cookie, the same page once more."""
        tab = self.context.new_page()
        tab.goto(self.page.url)
        return tab

    def scrolls_to(self, text: str) -> None:
        self.message(text).last.scroll_into_view_if_needed()

    def scrolls_by(self, pixels: int) -> None:
        """Turn the wheel over the transcript; a negative number goes up."""
        self.scroller.hover()
        self.page.mouse.wheel(0, pixels)

    def goes_home(self) -> None:
        self.context.close()

    def has_session(self, token: str) -> None:
        """Be whom a program's token stands for."""
        self.context.add_cookies([{"name": _COOKIE, "value": token, "url": self.url}])

    def _calls(self, call: str, *, method: str = "POST", **fields: object) -> dict[str, Any]:
        """Over REST, as whom the browser's cookie stands for or as somebody new; be them then."""
        reply = requests.request(
            method,
            urljoin(self.url, f"/api/conversations/{call}"),
            json=fields,
            headers={"Authorization": f"Bearer {session}"} if (session := self.session()) else {},
            timeout=SLOW_MS / 1000,
        )
        assert reply.ok, (call, reply.status_code, reply.text)
        answer: dict[str, Any] = reply.json()
        if "token" in answer:
            self.has_session(answer["token"])
        return answer

    def may_use_the_clipboard(self) -> None:
        """Firefox asks nobody who may copy, and knows no such permission."""
        if self.is_in_chromium:
            self.context.grant_permissions(["clipboard-read", "clipboard-write"])

    def session(self) -> str:
        """The token that a program would need to be this person; none before they did anything."""
        cookies = self.context.cookies()
        return next((cookie["value"] for cookie in cookies if cookie["name"] == _COOKIE), "")

    def may_meet(self, *patterns: str) -> None:
        """Trouble that the test provokes, in Chromium's words."""
        words = [*patterns, *(IN_FIREFOX[each] for each in patterns if each in IN_FIREFOX)]
        if any("ERR_" in each for each in patterns):
            words.append(THROUGH_A_WORKER)
        self.trouble.allowed += [re.compile(pattern) for pattern in words]

    # --- what they see ---

    def reads(self, text: str) -> None:
        expect(self.message(text).last).to_be_visible()

    def reads_once(self, text: str) -> None:
        expect(self.message(text)).to_have_count(1)

    def does_not_see(self, text: str) -> None:
        expect(self.page.get_by_text(text)).not_to_be_visible()

    def is_connected(self) -> None:
        self.has_badge("Connected")

    def has_badge(self, words: str) -> None:
        expect(self.page.locator("#badge-text")).to_have_text(words, timeout=SLOW_MS)

    def has_focus_on(self, what: Locator) -> None:
        expect(what).to_be_focused()

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message", exact=True)

    @property
    def name_field(self) -> Locator:
        return self.page.get_by_placeholder("Your name")

    @property
    def scroller(self) -> Locator:
        return self.page.get_by_role("region", name="Transcript")

    @property
    def messages(self) -> Locator:
        return self.page.get_by_role("log").locator(".message")

    @property
    def notices(self) -> Locator:
        return self.page.get_by_role("log").locator(".notice")

    @property
    def pill(self) -> Locator:
        return self.page.get_by_role("button", name=re.compile("new message"))

    @property
    def to_end(self) -> Locator:
        return self.page.get_by_role("button", name="Go to the newest message")

    @property
    def people(self) -> Locator:
        return self.page.locator("#people .person")

    def message(self, text: str) -> Locator:
        """The messages with exactly this text."""
        return self.messages.filter(has=self.page.locator(".message-text", has_text=_exactly(text)))

    def texts(self) -> list[str]:
        return self.messages.locator(".message-text").all_inner_texts()

    def from_end_px(self) -> float:
        """How far the transcript is from its end."""
        distance: float = self.scroller.evaluate("scroller => -scroller.scrollTop")
        return distance

    def measures(self, script: str, argument: object = None) -> Any:
        return self.page.evaluate(script, argument)


def _exactly(text: str) -> re.Pattern[str]:
    words = r"\s+".join(re.escape(word) for word in text.split())
    return re.compile(rf"^\s*{words}\s*$")


def _room_id(link: str) -> str:
    return urlsplit(link).path.removeprefix("/conversation/")
