"""What a polling client asks for, passed on to the process that knows it.

Of several processes of a machine each has its own clients, and whoever polls may come to any of
them with each request. Which one knows a client stands in the id of its Engine.IO session. Whoever
is asked by another's client asks that one, by the sockets in the data folder, and hands back what
it says. A WebSocket is one connection from beginning to end, and needs none of this.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
from msgspec import Struct

from parley.control.wire import connect

POLLS = "poll"
"""What this is called on the socket."""
ANSWERED_WITHIN_S = 120.0
"""Longer than a poll waits that brings nothing."""
_SESSION = re.compile(r"(\d{1,4})\.[A-Za-z0-9_-]+", re.ASCII)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class _Request(Struct):
    method: str
    path: str
    query: str
    scheme: str
    client: tuple[str, int] | None
    headers: list[tuple[str, str]]
    length: int
    """Of the body, which follows."""


class _Answer(Struct):
    status: int
    headers: list[tuple[str, str]]
    length: int


class Polls:
    """Of this process. `process` gives its number, which is known once its socket is there; `app`
    answers as ASGI apps do, for clients of this process alone.
    """

    def __init__(self, folder: Path, process: Callable[[], str], app: App) -> None:
        self._folder = folder
        self._process = process
        self._app = app

    def mark(self) -> str:
        """What the ids of its sessions begin with."""
        return f"{self._process()}."

    async def pass_on(self, scope: Scope, receive: Receive, send: Send) -> bool:
        """Have a request answered by the process that knows its client; whether there is one."""
        [session, *_] = parse_qs(scope["query_string"].decode("latin-1")).get("sid", [""])
        whose = _SESSION.fullmatch(session)
        if whose is None or whose[1] == self._process():
            return False
        try:
            reader, writer = await connect(self._folder, whose[1])
        except OSError:
            return False
        try:
            message = await receive()
            if message["type"] != "http.request":
                return True  # it has hung up
            writer.write(_written(scope, message.get("body", b"")))
            return await self._hand_back(reader, receive, send)
        finally:
            writer.transport.abort()

    async def _hand_back(self, reader: asyncio.StreamReader, receive: Receive, send: Send) -> bool:
        answering = asyncio.ensure_future(_read(reader))
        # Whoever hangs up must do so there, too: what such a poll would have brought is lost.
        gone = asyncio.ensure_future(_hung_up(receive))
        try:
            await asyncio.wait((answering, gone), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                return True
            found = answering.result()
        finally:
            answering.cancel()
            gone.cancel()
        if found is None:
            return False
        answer, body = found
        headers = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        return True

    async def take(
        self, asked: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Answer what another process passes on. Raises `OSError`, `ValueError`."""
        request = msgspec.convert(asked, _Request)
        body: bytes | None = await reader.readexactly(request.length)
        status, headers, answer = 500, list[tuple[str, str]](), bytearray()

        async def receive() -> Any:
            nonlocal body
            if body is None:
                await reader.read(1)  # which comes to nothing once the other side is gone
                return {"type": "http.disconnect"}
            said, body = body, None
            return {"type": "http.request", "body": said, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], _as_text(message["headers"])
                return
            answer.extend(message.get("body", b""))
            if not message.get("more_body", False):
                head = msgspec.json.encode(_Answer(status, headers, len(answer)))
                writer.write(head + b"\n" + answer)
                await writer.drain()

        await self._app(_scope(request), receive, send)


def _written(scope: Scope, body: bytes) -> bytes:
    client = scope.get("client")
    request = _Request(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        scheme=scope.get("scheme", "http"),
        client=None if client is None else (client[0], client[1]),
        headers=_as_text(scope["headers"]),
        length=len(body),
    )
    return msgspec.json.encode({"do": POLLS, **msgspec.structs.asdict(request)}) + b"\n" + body


def _scope(request: _Request) -> Scope:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.scheme,
        "path": request.path,
        "raw_path": request.path.encode(),
        "root_path": "",
        "query_string": request.query.encode("latin-1"),
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers
        ],
        "client": request.client,
        "server": None,
        "state": {},
    }


def _as_text(headers: Any) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


async def _read(reader: asyncio.StreamReader) -> tuple[_Answer, bytes] | None:
    """The answer; None from a process that ends before it gives one, or gives none."""
    with contextlib.suppress(OSError, ValueError, EOFError, TimeoutError, msgspec.MsgspecError):
        async with asyncio.timeout(ANSWERED_WITHIN_S):
            answer = msgspec.json.decode(await reader.readline(), type=_Answer)
            return answer, await reader.readexactly(answer.length)
    return None


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
