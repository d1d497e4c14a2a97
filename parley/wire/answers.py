"""Errors that are told without the app: in its shape, and with the headers of its answers."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from parley.contract import Code, ErrorReply
from parley.errors import BadRequest, ParleyError, TooLarge

Headers = list[tuple[bytes, bytes]]

NO_PAGE_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
"""For what is data or a drawing, should somebody open it as a page."""
GUARDING = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", NO_PAGE_POLICY.encode("ascii")),
)
"""What every answer of the wire's says; the app sets its own."""
TOO_LARGE_HEAD = TooLarge("The address and headers of this request are too long.")
UNKNOWN_TRANSPORT, UNKNOWN_SESSION, BAD_ENGINE_REQUEST, OLD_PROTOCOL = 0, 1, 3, 5
_ENGINE_MEANINGS = {
    UNKNOWN_TRANSPORT: "Transport unknown",
    UNKNOWN_SESSION: "Session ID unknown",
    BAD_ENGINE_REQUEST: "Bad request",
    OLD_PROTOCOL: "Unsupported protocol version",
}
_ENGINE_ADVICE = {
    UNKNOWN_TRANSPORT: "Connect by polling or websocket.",
    UNKNOWN_SESSION: "Connect again.",
    OLD_PROTOCOL: "This server speaks Engine.IO 4: use a Socket.IO client of version 3 or newer.",
}


def error_body(error: ParleyError) -> bytes:
    """The `ErrorReply` of an error."""
    retry_after = msgspec.UNSET if error.retry_after is None else error.retry_after
    return msgspec.json.encode(
        ErrorReply(error=error.text, code=Code(error.code), retry_after=retry_after)
    )


def body_for(status: int) -> bytes:
    """The body of an error that is known by its status alone."""
    if status == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
        return error_body(TOO_LARGE_HEAD)
    is_theirs = status < HTTPStatus.INTERNAL_SERVER_ERROR
    is_theirs = is_theirs or status == HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
    return error_body(BadRequest() if is_theirs else ParleyError())


def engine_error(code: int) -> bytes:
    """The body of an error of Engine.IO's, whose codes are numbers of its own.

    They are those of Socket.IO's own server (`Server.errors` in engine.io), which clients know.
    """
    meaning = _ENGINE_MEANINGS[code]
    text = " ".join((f"{meaning}.", _ENGINE_ADVICE.get(code, ""))).rstrip()
    return msgspec.json.encode({"code": code, "message": meaning, "success": False, "error": text})


def headers_for(body: bytes) -> Headers:
    return [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        *GUARDING,
    ]


def written_out(status: int, body: bytes, *, retry_after_s: int) -> bytes:
    """An answer as it goes out, after which the connection is closed."""
    head = b"HTTP/1.1 %d %b" % (status, HTTPStatus(status).phrase.encode("ascii"))
    fields = [
        *headers_for(body),
        (b"retry-after", b"%d" % retry_after_s),
        (b"connection", b"close"),
    ]
    lines = (b"%b: %b" % (name.title(), value) for name, value in fields)
    return b"\r\n".join((head, *lines, b"", body))
