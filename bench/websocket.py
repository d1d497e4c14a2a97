"""A WebSocket client by bytes: one `asyncio.Protocol`, cheap enough to have 5,000 of.

It offers compression as browsers do, and inflates where a server takes the
offer. What it sends itself is not compressed, which the offer leaves open.
"""

from __future__ import annotations

import asyncio
import base64
import os
import time
import zlib
from typing import cast

FINAL_TEXT = 0x81
FINAL_DEFLATED_TEXT = 0xC1
FINAL = 0x80
DEFLATED = 0x40
OPCODE = 0x0F
CONTINUATION, TEXT, CLOSE, PING = 0x0, 0x1, 0x8, 0x9
PONG = 0xA
FLUSHED = b"\x00\x00\xff\xff"
"""What ends a deflated message and is left off on the wire (RFC 7692, 7.2.1)."""
# Never all zeros: some servers skip unmasking then.
MASK = b"\x37\xfa\x21\x3d"

REQUEST = (
    "GET {path} HTTP/1.1\r\n"
    "Host: 127.0.0.1:{port}\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Key: {key}\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "\r\n"
)


class Refused(Exception):
    """The server did not take the connection, or hung up."""


def frame(payload: bytes, first: int = FINAL_TEXT) -> bytes:
    """One masked frame, as a client has to send it (RFC 6455, 5.2)."""
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65_536:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0xFF)) + size.to_bytes(8, "big")
    mask = (MASK * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")
    return head + MASK + masked.to_bytes(size, "big")


class WebSocket(asyncio.Protocol):
    """One connection. Whoever derives from it overrides `receive`."""

    def __init__(self) -> None:
        self.is_open = False
        self.deflates = False
        self.bytes_received = 0
        self._transport: asyncio.Transport | None = None
        self._shaken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rest = b""
        self._parts: list[bytes] = []
        self._parts_are_deflated = False
        self._inflater: zlib._Decompress | None = None
        self._keeps_context = True

    async def open(self, port: int, path: str) -> None:
        """Connect and shake hands. Raises `Refused` or `OSError`."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", port)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(REQUEST.format(path=path, port=port, key=key).encode())
        await self._shaken

    @property
    def transport(self) -> asyncio.Transport:
        if self._transport is None:
            raise Refused("It is not connected.")
        return self._transport

    @property
    def port(self) -> int:
        """Our own."""
        port: int = self.transport.get_extra_info("sockname")[1]
        return port

    def receive(self, payload: bytes, now: float) -> None:
        """A text message came; `now` is when it was read, by `time.perf_counter`."""

    def send(self, payload: bytes) -> None:
        self.transport.write(frame(payload))

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # --- asyncio.Protocol ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_open = False
        if not self._shaken.done():
            self._shaken.set_exception(Refused("The server hung up."))

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        self.bytes_received += len(data)
        if self._rest:
            data = self._rest + data
        if not self.is_open:
            head, blank, data = data.partition(b"\r\n\r\n")
            if not blank:
                self._rest = head
                return
            self._shake_hands(head.decode("latin-1"))
        # The hot loop: one turn for every frame that is here as a whole.
        at, end = 0, len(data)
        while end - at >= 2:
            size = data[at + 1]
            start = at + 2
            if size > 125:
                start += 2 if size == 126 else 8
                if end < start:
                    break
                size = int.from_bytes(data[at + 2 : start], "big")
            stop = start + size
            if stop > end:
                break
            first = data[at]
            if first == FINAL_TEXT:
                self.receive(data[start:stop], now)
            else:
                self._receive_rarer(first, data[start:stop], now)
            at = stop
        self._rest = data[at:]

    def _shake_hands(self, head: str) -> None:
        status, _, fields = head.partition("\r\n")
        if " 101 " not in status + " ":
            self.abort()
            if not self._shaken.done():
                self._shaken.set_exception(Refused(status))
            return
        for line in fields.split("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "sec-websocket-extensions":
                self.deflates = "permessage-deflate" in value
                self._keeps_context = "server_no_context_takeover" not in value
        self.is_open = True
        self._shaken.set_result(None)

    def _receive_rarer(self, first: int, payload: bytes, now: float) -> None:
        """Anything but a whole plain text message."""
        opcode = first & OPCODE
        if first == FINAL_DEFLATED_TEXT:
            self.receive(self._inflated(payload), now)
        elif opcode == PING:
            self.transport.write(frame(payload, FINAL | PONG))
        elif opcode == CLOSE:
            self.is_open = False
        elif opcode in (TEXT, CONTINUATION):
            if opcode == TEXT:
                self._parts, self._parts_are_deflated = [], bool(first & DEFLATED)
            self._parts.append(payload)
            if first & FINAL:
                whole = b"".join(self._parts)
                self.receive(self._inflated(whole) if self._parts_are_deflated else whole, now)

    def _inflated(self, payload: bytes) -> bytes:
        if self._inflater is None or not self._keeps_context:
            self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._inflater.decompress(payload + FLUSHED)
