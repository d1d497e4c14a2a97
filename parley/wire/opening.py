"""The first request of a connection: a Socket.IO WebSocket is ours, all else Hypercorn's."""

from __future__ import annotations

import asyncio
import base64
import binascii
import functools
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qs, unquote

from parley.errors import Unavailable
from parley.wire import answers
from parley.wire.connection import HEAD_MAX_BYTES, HEADERS_MAX
from parley.wire.countdown import Countdown
from parley.wire.line import Line
from parley.wire.places import RETRY_AFTER_S

OPEN_WITHIN_S = 10.0
"""How long a client may take to say what it wants."""
_OURS = b"GET /socket.io"
_ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""
_REQUEST_LINE = re.compile(rb"GET (/[\x21-\x7e]*) HTTP/1\.1")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)")
_BUSY = answers.written_out(
    503, answers.error_body(Unavailable(retry_after=RETRY_AFTER_S)), retry_after_s=RETRY_AFTER_S
)

Admit = Callable[[dict[str, Any]], Line | bytes | None]
"""Makes the line for an opening request in ASGI's form; or the answer to one that is refused, as it
goes out; None where it is not ours to take."""


@dataclass(frozen=True, slots=True)
class Door:
    """What the connections of a server come through."""

    admit: Admit
    to_http: Callable[[asyncio.Transport, bytes, Callable[[], object] | None], None]
    """Takes over a transport, what came so far, and what to call once the connection is lost."""
    entering: Countdown[Opening]
    is_full: Callable[[], bool]
    take_place: Callable[[Any], Callable[[], object] | None]
    """Counts a connection from a peer; gives what to call once it is lost, None if it is one too
    many."""
    crowded: bytes
    """What a peer is told that has too many connections already."""


class Opening(asyncio.Protocol):
    """A connection until its first request is known."""

    __slots__ = ("_data", "_door", "_give_place_back", "_transport")

    def __init__(self, door: Door) -> None:
        self._door = door
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._give_place_back: Callable[[], object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._door.is_full():
            self._refuse(_BUSY)
            return
        self._give_place_back = self._door.take_place(transport.get_extra_info("peername"))
        if self._give_place_back is None:
            self._refuse(self._door.crowded)
        else:
            self._door.entering.start(self)

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._data += data
        if not self._data.startswith(_OURS[: len(self._data)]):
            self._pass_on(transport)
            return
        end = self._data.find(b"\r\n\r\n")
        if end >= 0:
            self._open(transport, end)
        elif len(self._data) > HEAD_MAX_BYTES:
            self._pass_on(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._door.entering.stop(self)
        self._transport = None
        if self._give_place_back is not None:
            self._give_place_back()

    def give_up(self) -> None:
        """It took too long."""
        if self._transport is not None:
            self._transport.abort()

    def _open(self, transport: asyncio.Transport, end: int) -> None:
        request = _websocket_request(self._data[:end])
        line = None
        if request is not None:
            scope, key = request
            scope["scheme"] = "wss" if transport.get_extra_info("sslcontext") else "ws"
            peer = transport.get_extra_info("peername")
            scope["client"] = peer[:2] if isinstance(peer, tuple) else None
            line = self._door.admit(scope)
        if line is None:
            self._pass_on(transport)
            return
        if isinstance(line, bytes):
            self._refuse(line)
            return
        line.when_lost = self._leave()
        line.take(
            transport,
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + _accept(key) + b"\r\n\r\n",
        )
        if early := self._data[end + 4 :]:
            line.data_received(early)

    def _refuse(self, answer: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answer)
            self._transport.close()

    def _pass_on(self, transport: asyncio.Transport) -> None:
        self._door.to_http(transport, self._data, self._leave())

    def _leave(self) -> Callable[[], object] | None:
        """The connection goes on without us; what to call once it is lost."""
        self._transport = None
        self._door.entering.stop(self)
        give_back, self._give_place_back = self._give_place_back, None
        return give_back


def _websocket_request(head: bytes) -> tuple[dict[str, Any], bytes] | None:
    """The request in ASGI's form and its key, if it opens a WebSocket for a new client.

    Anything unusual is None, and left to those who know HTTP whole.
    """
    first, *lines = head.split(b"\r\n")
    request_line = _REQUEST_LINE.fullmatch(first)
    if request_line is None or len(head) > HEAD_MAX_BYTES or len(lines) > HEADERS_MAX:
        return None
    headers: list[tuple[bytes, bytes]] = []
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            return None
        headers.append((header[1].lower(), header[2].rstrip(b" \t")))
    fields = dict(headers)
    key = fields.get(b"sec-websocket-key", b"")
    path, _, query = request_line[1].partition(b"?")
    if (
        fields.get(b"upgrade", b"").lower() != b"websocket"
        or b"upgrade" not in fields.get(b"connection", b"").lower().replace(b" ", b"").split(b",")
        or fields.get(b"sec-websocket-version") != b"13"
        or not _is_key(key)
        or b"content-length" in fields
        or b"transfer-encoding" in fields
        or len([name for name, _ in headers if name in (b"host", b"sec-websocket-key")]) != 2
        or not _is_new_client(query)
    ):
        return None
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": unquote(path.decode("ascii")),
        "query_string": query,
        "headers": headers,
    }
    return scope, key


@functools.lru_cache(maxsize=256)
def _is_new_client(query: bytes) -> bool:
    asked = parse_qs(query.decode("ascii"), keep_blank_values=True)
    return (
        asked.get("EIO") == ["4"] and asked.get("transport") == ["websocket"] and "sid" not in asked
    )


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False


def _accept(key: bytes) -> bytes:
    return base64.b64encode(hashlib.sha1(key + _ACCEPT_GUID, usedforsecurity=False).digest())
