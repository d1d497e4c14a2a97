"""Heads of requests: how large one may be, and which opens a WebSocket (RFC 6455, section 4),
whichever way it was read.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import re
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote

HEAD_MAX_BYTES = 16 * 1024
HEADERS_MAX = 100
"""Apache's bound; each header costs ten times its bytes."""
_ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""Section 1.3."""
_REQUEST_LINE = re.compile(rb"GET (/[\x21-\x7e]*) HTTP/1\.1")
_KEY = re.compile(rb"\r\nsec-websocket-key:[ \t]*([A-Za-z0-9+/]{22}==)(?=\r\n|\Z)", re.IGNORECASE)
"""What differs in the heads of people who come with the same browser."""
_ANY_KEY = base64.b64encode(bytes(16))
KNOWN_MAX_BYTES = 1024
"""Longer heads aren't remembered."""
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x20-\x7e\x80-\xff\t]*)")

Headers = list[tuple[bytes, bytes]]
"""Names in lower case."""
Known = tuple[tuple[bytes, bytes], ...]
"""The same of a head that is remembered: whatever is made of it can be, too."""


class Handshaking(NamedTuple):
    """A request for a WebSocket."""

    scope: dict[str, Any]
    """In ASGI's form, but for the scheme and the peer."""
    answer: bytes
    """Which opens it."""


def of_head(head: bytes) -> Handshaking | None:
    """A request by the bytes before its empty line; None for anything else, and what is unusual."""
    key = _KEY.search(head) if len(head) <= KNOWN_MAX_BYTES else None
    if key is not None:
        known = _of_known(head[: key.start()] + head[key.end() :])
        if known is not None:
            return Handshaking(dict(known), _answer(key[1]))
    read = _read(head)
    return None if read is None else of_request(*read)


def _read(head: bytes) -> tuple[bytes, Headers] | None:
    """What it asks for, and its headers."""
    first, *lines = head.split(b"\r\n")
    request_line = _REQUEST_LINE.fullmatch(first)
    if request_line is None or len(head) > HEAD_MAX_BYTES or len(lines) > HEADERS_MAX:
        return None
    headers: Headers = []
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            return None
        headers.append((header[1].lower(), header[2].rstrip(b" \t")))
    return request_line[1], headers


@functools.lru_cache(maxsize=256)  # in a rush most come with the same few
def _of_known(head: bytes) -> dict[str, Any] | None:
    """The scope of a head that has a key beside this, if it opens a WebSocket with that."""
    read = _read(head)
    if read is None:
        return None
    target, headers = read
    if any(name == b"sec-websocket-key" for name, _ in headers):
        return None
    asked = of_request(target, [*headers, (b"sec-websocket-key", _ANY_KEY)])
    return None if asked is None else {**asked.scope, "headers": tuple(headers)}


def of_request(target: bytes, headers: Headers) -> Handshaking | None:
    """The same for one that was taken apart already."""
    fields = dict(headers)
    key = fields.get(b"sec-websocket-key", b"")
    path, _, query = target.partition(b"?")
    if (
        fields.get(b"upgrade", b"").lower() != b"websocket"
        or b"upgrade" not in fields.get(b"connection", b"").lower().replace(b" ", b"").split(b",")
        or fields.get(b"sec-websocket-version") != b"13"
        or not _is_key(key)
        # Some programs say of every request how long its body is.
        or fields.get(b"content-length", b"0") != b"0"
        or b"transfer-encoding" in fields
        or len([name for name, _ in headers if name in (b"host", b"sec-websocket-key")]) != 2
        or not target.isascii()
        or not _is_engine_io(query)
    ):
        return None
    scope: dict[str, Any] = {
        "type": "websocket",
        "path": unquote(path.decode("ascii")),
        "query_string": query,
        "headers": headers,
    }
    return Handshaking(scope, _answer(key))


def session_asked_for(query: bytes) -> str | None:
    """The polling session that is to go on by a WebSocket; None for a new client."""
    return parse_qs(query.decode("ascii")).get("sid", [None])[0] if b"sid=" in query else None


@functools.lru_cache(maxsize=256)
def _is_engine_io(query: bytes) -> bool:
    asked = parse_qs(query.decode("ascii"), keep_blank_values=True)
    return asked.get("EIO") == ["4"] and asked.get("transport") == ["websocket"]


def _is_key(key: bytes) -> bool:
    try:
        return len(base64.b64decode(key, validate=True)) == 16
    except binascii.Error:
        return False


def _answer(key: bytes) -> bytes:
    digest = hashlib.sha1(key + _ACCEPT_GUID, usedforsecurity=False).digest()
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
    )
