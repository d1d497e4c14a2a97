"""Heads of WebSocket handshakes: what is remembered of one is right for the next."""

from __future__ import annotations

import base64
import itertools

import pytest

from parley.wire import heads, ids

KEY = base64.b64encode(b"sixteen bytes ok").decode()
LINES = [
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
    "Host: parley.example",
    "Upgrade: websocket",
    "Connection: keep-alive, Upgrade",
    f"Sec-WebSocket-Key: {KEY}",
    "Sec-WebSocket-Version: 13",
    "Origin: https://parley.example",
    "Cookie: a=b",
]


def head(*lines: str) -> bytes:
    return "\r\n".join(lines).encode("latin-1")


def with_line(line: str, *, at: int) -> bytes:
    return head(*LINES[:at], line, *LINES[at:])


def plainly(asked: bytes) -> heads.Handshaking | None:
    """Without anything that is remembered."""
    read = heads._read(asked)
    return None if read is None else heads.of_request(*read)


def told(found: heads.Handshaking | None) -> object:
    """Without the key, which nobody asks for later."""
    if found is None:
        return None
    named = [each for each in found.scope["headers"] if each[0] != b"sec-websocket-key"]
    return {**found.scope, "headers": named}, found.answer


OTHER_KEYS = [
    "",
    "no key",
    KEY + "=",
    KEY[:-2],
    KEY[:-2] + "==\t ",
    f"{KEY[:-3]}!==",
    f" {KEY}",
    base64.b64encode(b"another of them.").decode(),
]


@pytest.mark.parametrize(
    "asked",
    [
        head(*LINES),
        *(head(*LINES[:at], *LINES[at + 1 :]) for at in range(len(LINES))),
        *(with_line(f"sec-websocket-key: {KEY}", at=at) for at in range(1, 9)),
        *(with_line("Host: other.example", at=at) for at in (1, 8)),
        *(head(*LINES[:4], f"Sec-WebSocket-Key: {key}", *LINES[5:]) for key in OTHER_KEYS),
        head(*LINES[:4], *LINES[5:], f"SEC-WEBSOCKET-KEY:{KEY}"),
        with_line("no header", at=3),
        with_line(f" Sec-WebSocket-Key: {KEY}", at=3),
        with_line("Transfer-Encoding: chunked", at=3),
        with_line("Content-Length: 5", at=3),
        with_line("X-Long: " + "x" * heads.KNOWN_MAX_BYTES, at=3),
        with_line("X-Long: " + "x" * heads.HEAD_MAX_BYTES, at=3),
        head("GET /elsewhere HTTP/1.1", *LINES[1:]),
        head("POST /socket.io/?EIO=4&transport=websocket HTTP/1.1", *LINES[1:]),
        head("GET /socket.io/?EIO=3&transport=websocket HTTP/1.1", *LINES[1:]),
        head(*LINES) + b"\r\n\xff: y",
    ],
)
def test_what_is_remembered_changes_nothing(asked: bytes) -> None:
    expected = told(plainly(asked))
    assert told(heads.of_head(asked)) == expected
    assert told(heads.of_head(asked)) == expected  # remembered now


def test_each_is_answered_by_its_own_key_and_has_a_scope_of_its_own() -> None:
    keys = [base64.b64encode(bytes([n]) * 16).decode() for n in range(50)]
    found = []
    for key in keys:
        lines = [f"Sec-WebSocket-Key: {key}" if "Key" in line else line for line in LINES]
        asked = heads.of_head(head(*lines))
        assert asked is not None
        assert "client" not in asked.scope
        asked.scope["client"] = (key, 1)
        found.append(asked)
        again = plainly(head(*lines))
        assert again is not None
        assert asked.answer == again.answer
    assert len({asked.answer for asked in found}) == 50


def test_ids_are_unlike_each_other_and_need_no_escaping() -> None:
    makes = [ids.Ids(), ids.Ids()]
    made = [make.take() for make, _ in itertools.product(makes, range(1_000))]
    assert len(set(made)) == 2_000
    assert {len(each) for each in made} == {20}
    assert all(each.replace("-", "").replace("_", "").isalnum() for each in made)
