"""The rooms that a hostile act needs, filled over REST as people would within the limits."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable
from typing import Any

from bench.hostile.acts import NAME
from bench.scale import Scale

WITHIN_S = 30.0
SAID_EACH = 25
"""Messages of one person: what a session may say in ten seconds, and a little less."""
JOINED_EACH = 500
"""People of one address, likewise in a minute."""
LONG = "x" * 8_000
SPANS = "`a` " * 2_000
"""A message of short code spans: dear to draw, and as long as one may be."""

Prepare = Callable[[int, Scale], str]


class _Caller:
    """Calls from an address of its own, so that nobody else's limits are used up."""

    def __init__(self, port: int, number: int) -> None:
        self._http = http.client.HTTPConnection(
            "127.0.0.1", port, WITHIN_S, source_address=(f"127.0.1.{1 + number % 250}", 0)
        )

    def call(self, method: str, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        self._http.request(method, f"/api/conversations/{path}", json.dumps(body), headers)
        reply: dict[str, Any] = json.loads(self._http.getresponse().read())
        if not reply["success"]:
            raise OSError(f"{method} {path}: {reply['error']}")
        return reply

    def close(self) -> None:
        self._http.close()


def empty(port: int, scale: Scale) -> str:
    """A room in which nothing was said."""
    return _room(port)[0]


def long_history(port: int, scale: Scale) -> str:
    """200 messages as long as they may be."""
    return _said(port, LONG, 200)


def code_spans(port: int, scale: Scale) -> str:
    """100 messages of which each is a thousand pieces to draw."""
    return _said(port, SPANS, 100)


def crowded_name(port: int, scale: Scale) -> str:
    """A room of many who have one name."""
    room_id, _ = _room(port)
    for first in range(0, scale.hostile_names, JOINED_EACH):
        caller = _Caller(port, 1 + first // JOINED_EACH)
        for _ in range(min(JOINED_EACH, scale.hostile_names - first)):
            caller.call("POST", f"{room_id}/join", {"username": NAME})
        caller.close()
    return room_id


def behind_a_knock(port: int, scale: Scale) -> str:
    """A room whose owner lets people in."""
    room_id, token = _room(port)
    caller = _Caller(port, 0)
    caller.call("PATCH", room_id, {"door": "knock"}, token)
    caller.close()
    return room_id


def _room(port: int) -> tuple[str, str]:
    caller = _Caller(port, 0)
    made = caller.call("POST", "create", {"visibility": "unlisted"})
    caller.close()
    return made["room_id"], made["token"]


def _said(port: int, text: str, count: int) -> str:
    room_id, _ = _room(port)
    for first in range(0, count, SAID_EACH):
        caller = _Caller(port, 1 + first // SAID_EACH)
        joined = caller.call("POST", f"{room_id}/join", {"username": f"Guest {first}"})
        for _ in range(SAID_EACH):
            caller.call("POST", f"{room_id}/messages", {"message": text}, joined["token"])
        caller.close()
    return room_id
