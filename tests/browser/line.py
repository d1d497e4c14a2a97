"""The line between a page and the server, held in a test's hands."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Page, WebSocketRoute

# Engine.IO's `4` (message), Socket.IO's `2` (event), the number of the wanted acknowledgement.
_EVENT_WITH_ACK = re.compile(r"^42(?P<ack>\d+)(?P<fields>\[.*)$", re.DOTALL)
_ACK = "43{ack}{fields}"


class Line:
    """Passes everything on, but for the events it is told to hold or to refuse."""

    def __init__(self, page: Page) -> None:
        self._held_event = ""
        self._held: list[tuple[WebSocketRoute, str | bytes]] = []
        self._refusal: dict[str, Any] | None = None
        self._is_cut = False
        self._ends: list[WebSocketRoute] = []
        self.sent: list[tuple[str, Any]] = []
        page.route_web_socket(re.compile(r"/socket\.io/"), self._open)

    def hold(self, event: str) -> None:
        """Keep these back until `release`."""
        self._held_event = event

    def release(self) -> None:
        self._held_event = ""
        held, self._held = self._held, []
        for server, frame in held:
            server.send(frame)

    def refuse(self, error: str, code: str = "unavailable") -> None:
        """Answer every message that is sent with this error, until `accept`."""
        self._refusal = {"ok": False, "code": code, "error": error}

    def accept(self) -> None:
        self._refusal = None

    def cut(self) -> None:
        """Break the connection. Who tries again gets no answer."""
        self._is_cut = True
        for end in self._ends:
            end.close()

    def count(self, event: str, **fields: object) -> int:
        """How many of these the page has sent with such fields."""
        return sum(
            name == event and fields.items() <= data.items() for name, data in list(self.sent)
        )

    def _open(self, page: WebSocketRoute) -> None:
        if self._is_cut:
            return
        self._ends.append(page)
        server = page.connect_to_server()
        page.on_message(lambda frame: self._from_page(page, server, frame))

    def _from_page(self, page: WebSocketRoute, server: WebSocketRoute, frame: str | bytes) -> None:
        event, ack = self._noted(frame)
        if event == "send_message" and self._refusal is not None:
            page.send(_ACK.format(ack=ack, fields=json.dumps([self._refusal])))
        elif event and event == self._held_event:
            self._held.append((server, frame))
        else:
            server.send(frame)

    def _noted(self, frame: str | bytes) -> tuple[str, str]:
        """The event's name and the number of its acknowledgement; empty for other frames."""
        if not isinstance(frame, str) or not frame.startswith("42"):
            return "", ""
        match = _EVENT_WITH_ACK.match(frame)
        name, *data = json.loads(match["fields"] if match else frame[2:])
        self.sent.append((name, data[0] if data else {}))
        return name, match["ack"] if match else ""
