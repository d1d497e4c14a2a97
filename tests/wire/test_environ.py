"""Our form of a request is the one that Engine.IO's own driver makes."""

from __future__ import annotations

from typing import Any

import pytest
from engineio.async_drivers import asgi

from parley.wire.environ import environ_of

HEADERS = [
    (b"host", b"chat.example:8080"),
    (b"content-type", b"text/plain"),
    (b"Content-Length", b"5"),
    (b"cookie", b"a=1"),
    (b"cookie", b"b=2"),
    (b"x-forwarded-proto", b"https"),
    (b"x-only-latin", "grün".encode()),
]
OURS = ("wsgi.input", "wsgi.errors")


async def _send(_message: Any) -> None:
    """Nothing is sent."""


def _receiving(message: dict[str, Any]) -> Any:
    async def receive() -> dict[str, Any]:
        return message

    return receive


@pytest.mark.parametrize("query", [b"", b"EIO=4&transport=polling"])
@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_it_holds_what_the_librarys_own_holds(kind: str, query: bytes) -> None:
    scope: dict[str, Any] = {"type": kind, "path": "/socket.io/", "query_string": query}
    scope["headers"] = [header for header in HEADERS if header[0] != b"x-only-latin"]
    if kind == "http":
        scope["method"] = "POST"
    first = "http.request" if kind == "http" else "websocket.connect"
    receive = _receiving({"type": first, "body": b"3\x1e41", "more_body": False})
    ours = await environ_of(scope, receive, _send)
    theirs = await asgi.translate_request(scope, receive, _send)
    assert {k: v for k, v in ours.items() if k not in OURS} == {
        k: v for k, v in theirs.items() if k not in OURS
    }


async def test_the_body_is_read_as_a_whole_and_in_parts() -> None:
    scope = {"type": "http", "method": "POST", "path": "/socket.io/", "headers": HEADERS}
    receive = _receiving({"type": "http.request", "body": b"3\x1e41"})
    body = (await environ_of(scope, receive, _send))["wsgi.input"]
    assert (await body.read(1), await body.read(), await body.read()) == (b"3", b"\x1e41", b"")


async def test_a_client_that_went_asks_nothing() -> None:
    scope = {"type": "http", "method": "GET", "path": "/socket.io/", "headers": HEADERS}
    assert await environ_of(scope, _receiving({"type": "http.disconnect"}), _send) == {}
