"""The line between a page and the server, held in a test's hands."""

from __future__ import annotations

import json
import re
import time
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

from tests.browser.visitor import SLOW_MS

# Engine.IO's `4` (message), Socket.IO's `2` (event), the number of the wanted acknowledgement.
_EVENT_WITH_ACK = re.compile(r"^42(?P<ack>\d+)(?P<fields>\[.*)$", re.DOTALL)
_ACK = "43{ack}{fields}"
_ANSWER = re.compile(r"^43(?P<ack>\d+)\[")


class Line:
    """Passes everything on, but for what it is told to hold, to refuse or to lose."""

    def __init__(self, page: Page) -> None:
        self._held_event = ""
        self._held: list[tuple[WebSocketRoute, str | bytes]] = []
        self._refusal: dict[str, Any] | None = None
        self._lost_events: set[str] = set()
        self._lost_answers: set[str] = set()
        self._unanswered: set[str] = set()
        self._is_cut = False
        self._ends: list[WebSocketRoute] = []
        self._dead: set[int] = set()
        self.opened = 0
        """How many lines there were."""
        self._page = page
        self.sent: list[tuple[str, Any]] = []
        self.lost = 0
        """How many events of the server's never arrived."""
        page.route_web_socket(re.compile(r"/socket\.io/"), self._open)

    def hold(self, event: str) -> None:
        """Keep these back until `release`."""
        self._held_event = event

    def release(self) -> None:
        self._held_event = ""
        held, self._held = self._held, []
        for server, frame in held:
            server.send(frame)

    def refuse(self, error: str, code: str = "forbidden") -> None:
        """Answer every message that is sent with this error, until `accept`."""
        self._refusal = {"ok": False, "code": code, "error": error}

    def accept(self) -> None:
        self._refusal = None

    def lose(self, *events: str) -> None:
        """Let these events of the server's never arrive, until `keep`."""
        self._lost_events |= set(events)

    def lose_answers(self, *events: str) -> None:
        """Let what the page sends arrive, but not the acknowledgement, until `keep`."""
        self._lost_answers |= set(events)

    def keep(self, *events: str) -> None:
        """Lose none of these any more, or nothing at all; what is lost already stays so."""
        for lost in (self._lost_events, self._lost_answers):
            lost.difference_update(events or set(lost))

    def tell(self, event: str, fields: dict[str, Any]) -> None:
        """Say something to the page as the server would."""
        self._ends[-1].send("42" + json.dumps([event, fields]))

    def cut(self) -> None:
        """Break the connection. Every new one breaks as it opens, until `mend`."""
        self._is_cut = True
        ends, self._ends = self._ends, []
        for end in ends:
            end.close()

    def swallow(self) -> None:
        """As where the network changed without a word: the lines there are carry nothing any more
        and look alive. New ones work.
        """
        self._dead |= set(map(id, self._ends))
        self._ends = []

    def mend(self) -> None:
        """The page hears of it as of a network that is back, and tries at once."""
        self._is_cut = False
        self._page.evaluate("dispatchEvent(new Event('online'))")

    def has_lost(self, events: int) -> None:
        """Wait until so many never arrived."""
        until = time.monotonic() + SLOW_MS / 1000
        while self.lost < events:
            assert time.monotonic() < until, f"lost {self.lost} events"
            self._page.evaluate("0")  # the line is in this thread's hands, and works meanwhile

    def count(self, event: str, **fields: object) -> int:
        """How many of these the page has sent with such fields."""
        return sum(
            name == event and fields.items() <= data.items() for name, data in list(self.sent)
        )

    def _open(self, page: WebSocketRoute) -> None:
        server = page.connect_to_server()
        if self._is_cut:
            # Not before this has returned: here Playwright would wait for itself.
            server.on_message(lambda _: page.close())
            return
        self._ends.append(page)
        self.opened += 1
        server.on_message(lambda frame: self._from_server(page, frame))
        page.on_message(lambda frame: self._from_page(page, server, frame))

    def _from_page(self, page: WebSocketRoute, server: WebSocketRoute, frame: str | bytes) -> None:
        if id(page) in self._dead:
            return
        event, ack = self._noted(frame)
        if event == "send_message" and self._refusal is not None:
            page.send(_ACK.format(ack=ack, fields=json.dumps([self._refusal])))
        elif event and event == self._held_event:
            self._held.append((server, frame))
        else:
            if event in self._lost_answers:
                self._unanswered.add(ack)
            server.send(frame)

    def _from_server(self, page: WebSocketRoute, frame: str | bytes) -> None:
        if id(page) in self._dead:
            return
        if not isinstance(frame, str):
            page.send(frame)
            return
        if frame.startswith("42") and json.loads(frame[2:])[0] in self._lost_events:
            self.lost += 1
            return
        if (answer := _ANSWER.match(frame)) and answer["ack"] in self._unanswered:
            self._unanswered.discard(answer["ack"])
            return
        page.send(frame)

    def _noted(self, frame: str | bytes) -> tuple[str, str]:
        """The event's name and the number of its acknowledgement; empty for other frames."""
        if not isinstance(frame, str) or not frame.startswith("42"):
            return "", ""
        match = _EVENT_WITH_ACK.match(frame)
        name, *data = json.loads(match["fields"] if match else frame[2:])
        self.sent.append((name, data[0] if data else {}))
        return name, match["ack"] if match else ""
