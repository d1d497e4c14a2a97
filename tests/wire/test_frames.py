"""The frame parser says what wsproto says, however the bytes are cut up."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Message, Ping, Pong

from parley.wire import frames
from tests.effort import times

MAX_BYTES = 400
LONGEST_HEAD = 14
EXAMPLES = times(40, full=300)
MASK = b"\x11\x22\x33\x44"


def masked(first: int, payload: bytes, *, mask: bytes = MASK, width: int = 0) -> bytes:
    """A client's frame; `width` bytes of length where the shortest form is not wanted."""
    length = len(payload)
    width = width or (0 if length < 126 else 2 if length < 65_536 else 8)
    second = {0: length, 2: 126, 8: 127}[width]
    extended = length.to_bytes(width, "big") if width else b""
    over = (mask * (length // 4 + 1))[:length]
    body = (int.from_bytes(payload) ^ int.from_bytes(over)).to_bytes(length)  # all bytes at once
    return bytes((first, 0x80 | second)) + extended + mask + body


def ours(data: list[bytes]) -> tuple[list[tuple[int, bytes]], int | None]:
    parser = frames.Parser(MAX_BYTES)
    said = [message for part in data for message in parser.feed(part)]
    return said, None if parser.violation is None else parser.violation.code


def theirs(data: bytes) -> tuple[list[tuple[int, bytes]], int | None]:
    """What wsproto makes of it, and the code it would close with."""
    connection = Connection(ConnectionType.SERVER)
    said: list[tuple[int, bytes]] = []
    parts: list[bytes] = []
    connection.receive_data(data)
    for event in connection.events():
        match event:
            case Message():
                is_text = isinstance(event.data, str)
                parts.append(event.data.encode() if is_text else bytes(event.data))
                if event.message_finished:
                    said.append((frames.TEXT if is_text else frames.BINARY, b"".join(parts)))
                    parts = []
            case Ping():
                said.append((frames.PING, bytes(event.payload)))
            case Pong():
                said.append((frames.PONG, bytes(event.payload)))
            case CloseConnection():
                return said, int(event.code)
    return said, None


FRAMES = st.builds(
    masked,
    st.sampled_from([0x81, 0x01, 0x80, 0x00, 0x82, 0x89, 0x8A, 0x09, 0x83, 0xC1, 0x8B]),
    st.text(max_size=60).map(str.encode) | st.text(min_size=60, max_size=90).map(str.encode),
    mask=st.binary(min_size=4, max_size=4),
)


@pytest.mark.longer
@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(FRAMES, max_size=6).map(b"".join) | st.binary(max_size=40), st.data())
@example(masked(0x01, b"a") + masked(0x89, b"p") + masked(0x80, b"b"), None)
@example(masked(0x81, b"a", width=2), None)
@example(b"\x81\x05hello", None)
@example(b"\x00~", None)
def test_it_reads_what_wsproto_reads(data: bytes, cuts: st.DataObject | None) -> None:
    where = sorted(cuts.draw(st.lists(st.integers(0, len(data)), max_size=4))) if cuts else []
    parts = [data[a:b] for a, b in zip([0, *where], [*where, len(data)], strict=True)]
    said, violation = ours(parts)
    if violation == frames.TOO_BIG:
        return
    if any(opcode == frames.CLOSE for opcode, _ in said):
        return  # nothing after it counts
    known, code = theirs(data)
    if violation is not None and code is None:
        _, code = theirs(data + bytes(LONGEST_HEAD))  # it waits for the whole head of a frame
    if code == frames.INVALID_DATA:
        # It looks into a text as it comes; a line does so once it is whole.
        assert said[: len(known)] == known
    else:
        assert (said, violation) == (known, code)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(b"\x81\x02hi", frames.PROTOCOL_ERROR, id="unmasked"),
        pytest.param(masked(0xC1, b"a"), frames.PROTOCOL_ERROR, id="compressed"),
        pytest.param(masked(0x83, b"a"), frames.PROTOCOL_ERROR, id="unknown-opcode"),
        pytest.param(masked(0x80, b"a"), frames.PROTOCOL_ERROR, id="continues-nothing"),
        pytest.param(masked(0x01, b"a") * 2, frames.PROTOCOL_ERROR, id="not-continued"),
        pytest.param(masked(0x09, b""), frames.PROTOCOL_ERROR, id="ping-in-parts"),
        pytest.param(masked(0x89, b"p" * 126), frames.PROTOCOL_ERROR, id="long-ping"),
        pytest.param(masked(0x81, b"a", width=8), frames.PROTOCOL_ERROR, id="long-length"),
        pytest.param(b"\x81\xff" + b"\xff" * 8, frames.PROTOCOL_ERROR, id="negative-length"),
        pytest.param(b"\x81\xff" + (1 << 40).to_bytes(8, "big"), frames.TOO_BIG, id="terabyte"),
        pytest.param(
            masked(0x01, b"a" * 300) + masked(0x00, b"a" * 101), frames.TOO_BIG, id="fragments"
        ),
    ],
)
def test_a_broken_rule_is_named(data: bytes, code: int) -> None:
    assert ours([data])[1] == code
    said, violation = ours([bytes((byte,)) for byte in data])
    assert violation == code
    assert all(opcode != frames.CLOSE for opcode, _ in said)


def test_an_unfinished_message_costs_what_it_is_long() -> None:
    most = 64 * 1024
    parts = masked(0x01, b"42") + masked(0x00, b"xx") * (most // 2 - 1)
    parser = frames.Parser(most)
    parser.feed(parts)  # what the interpreter keeps for the next time is not counted
    parser = frames.Parser(most)
    tracemalloc.start()
    try:
        assert parser.feed(parts) == []
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2 * most
    ((_, text),) = parser.feed(masked(0x80, b""))
    assert text == b"42" + b"xx" * (most // 2 - 1)


@given(st.integers(0, 70_000))
@example(125)
@example(126)
@example(65_535)
@example(65_536)
@settings(max_examples=20, deadline=None)
def test_what_it_writes_wsproto_reads(length: int) -> None:
    client = Connection(ConnectionType.CLIENT)
    client.receive_data(frames.frame(frames.TEXT, b"x" * length))
    events = list(client.events())
    assert "".join(event.data for event in events if isinstance(event, Message)) == "x" * length


@pytest.mark.parametrize(
    ("payload", "code"), [(b"", None), (b"\x03\xe8", 1000), (b"\x03\xf4bye", 1012)]
)
def test_a_close_frame_has_a_code_or_none(payload: bytes, code: int | None) -> None:
    assert frames.close_code(payload) == code


@pytest.mark.parametrize("payload", [b"\x03", b"\x03\xed", b"\x00\x01", b"\x03\xe8\xff"])
def test_a_wrong_close_frame_is_a_violation(payload: bytes) -> None:
    with pytest.raises(frames.Violation):
        frames.close_code(payload)
