"""WebSocket frames (RFC 6455, section 5), from bytes and to bytes, without a socket."""

from __future__ import annotations

import sys

try:
    from websockets.speedups import apply_mask
except ImportError:  # no compiled wheel for this machine
    from websockets.utils import apply_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
"""Opcodes: RFC 6455, section 11.8."""
PROTOCOL_ERROR, UNSUPPORTED_DATA, INVALID_DATA = 1002, 1003, 1007
POLICY_VIOLATION, TOO_BIG = 1008, 1009
"""Close codes: RFC 6455, section 7.4.1."""

_FIN, _RESERVED, _OPCODE, _MASKED, _LENGTH = 0x80, 0x70, 0x0F, 0x80, 0x7F
_TEXT_HEADS = tuple(bytes((_FIN | TEXT, length)) for length in range(126))
_MEDIUM_TEXT = bytes((_FIN | TEXT, 126))
_CONTROL_MAX_BYTES = 125
_MASK_BYTES = 4
_SENDABLE_CLOSE_CODES = frozenset((*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)))


class Violation(Exception):
    """The other side broke the protocol, or a bound: close with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def text(payload: bytes) -> bytes:
    """`frame` of a text: what nearly every frame is."""
    length = len(payload)
    if length < 126:
        return _TEXT_HEADS[length] + payload
    if length < 65_536:
        return _MEDIUM_TEXT + length.to_bytes(2, "big") + payload
    return frame(TEXT, payload)


def frame(opcode: int, payload: bytes) -> bytes:
    """One whole frame, unmasked as a server's are."""
    length = len(payload)
    if length < 126:
        return bytes((_FIN | opcode, length)) + payload
    if length < 65_536:
        return bytes((_FIN | opcode, 126)) + length.to_bytes(2, "big") + payload
    return bytes((_FIN | opcode, 127)) + length.to_bytes(8, "big") + payload


class Parser:
    """What a client sends, whole messages at a time.

    No message is longer than `max_bytes`: whoever announces a longer one is
    refused before its bytes are kept. Fragments count together.
    """

    __slots__ = (
        "_buffer",
        "_fragments",
        "_max_bytes",
        "_opcode",
        "count",
        "has_more",
        "violation",
    )

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._buffer = b""
        # Joined as they come: kept apart, each short one would cost twenty times its bytes.
        self._fragments: bytearray | None = None
        self._opcode = 0
        self.violation: Violation | None = None
        """Set once a rule was broken; nothing is read after that."""
        self.count = 0
        """How many frames were read last, of whatever kind."""
        self.has_more = False
        """Whether more might have been."""

    @property
    def kept(self) -> int:
        """How many bytes wait for more of them, or for their turn."""
        return len(self._buffer) + len(self._fragments or b"")

    def keep(self, data: bytes) -> None:
        """Read it later."""
        self._buffer += data

    def feed(self, data: bytes, most: int = sys.maxsize) -> list[tuple[int, bytes]]:
        """The messages and control frames that these bytes complete: opcode and payload.

        After `most` frames the rest is kept.
        """
        if (
            not self._buffer
            and self._fragments is None
            and self.violation is None
            and len(data) > 6
            and data[0] == _FIN | TEXT
        ):  # nearly always: one text, alone and whole
            start, length, shortest = 6, data[1] - _MASKED, 0
            if length == 127:
                length = -1  # eight bytes hold it: not short
            elif length == 126:
                start, length, shortest = 8, data[2] << 8 | data[3], 126
            if len(data) == start + length and shortest <= length <= self._max_bytes:
                self.count, self.has_more = 1, False
                return [(TEXT, apply_mask(data[start:], data[start - _MASK_BYTES : start]))]
        messages: list[tuple[int, bytes]] = []
        self.count, self.has_more = 0, False
        if self.violation is None:
            try:
                self._read(self._buffer + data if self._buffer else data, messages, most)
            except Violation as violation:
                self.violation = violation
                self._buffer, self._fragments = b"", None
        return messages

    def _read(self, data: bytes, messages: list[tuple[int, bytes]], most: int) -> None:
        at = 0
        while (head := self._head(data, at)) is not None:
            if self.count == most:
                self.has_more = True
                break
            start, length = head
            if len(data) < start + length:
                break
            mask = data[start - _MASK_BYTES : start]
            payload = apply_mask(data[start : start + length], mask)
            self._take(data[at], payload, messages)
            self.count += 1
            at = start + length
        self._buffer = data[at:]

    def _head(self, data: bytes, at: int) -> tuple[int, int] | None:
        """Where the payload begins and how long it is; None while the head is not all there."""
        if len(data) < at + 2:
            return None
        first, second = data[at], data[at + 1]
        opcode, length = first & _OPCODE, second & _LENGTH
        if first & _RESERVED or not second & _MASKED:
            raise Violation(PROTOCOL_ERROR)
        if opcode >= CLOSE:
            if opcode > PONG or length > _CONTROL_MAX_BYTES or not first & _FIN:
                raise Violation(PROTOCOL_ERROR)
        elif opcode > BINARY or (opcode == CONTINUATION) != (self._fragments is not None):
            raise Violation(PROTOCOL_ERROR)
        start = at + 2
        if length >= 126:
            width = 2 if length == 126 else 8
            if len(data) < start + width:
                return None
            length = int.from_bytes(data[start : start + width], "big")
            # The shortest form only, and no more than 63 bits.
            if length < (126 if width == 2 else 65_536) or length >> 63:
                raise Violation(PROTOCOL_ERROR)
            start += width
        if opcode < CLOSE and len(self._fragments or b"") + length > self._max_bytes:
            raise Violation(TOO_BIG)
        return start + _MASK_BYTES, length

    def _take(self, first: int, payload: bytes, messages: list[tuple[int, bytes]]) -> None:
        opcode = first & _OPCODE
        if opcode >= CLOSE:
            messages.append((opcode, payload))
            return
        if opcode != CONTINUATION:
            self._opcode = opcode
        if first & _FIN:
            whole = payload if self._fragments is None else bytes(self._fragments + payload)
            messages.append((self._opcode, whole))
            self._fragments = None
        elif self._fragments is None:
            self._fragments = bytearray(payload)
        else:
            self._fragments += payload


def close_code(payload: bytes) -> int | None:
    """The code of a close frame, None where it has none. Raises `Violation` for a wrong one."""
    if not payload:
        return None
    code = int.from_bytes(payload[:2], "big")
    if len(payload) == 1 or code not in _SENDABLE_CLOSE_CODES:
        raise Violation(PROTOCOL_ERROR)
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        raise Violation(INVALID_DATA) from None
    return code
