"""A connection of the hostile address: HTTP and WebSocket by hand, read or left unread."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator

from bench.websocket import frame

ADDRESS = "127.0.0.2"
"""Where it comes from; people come from 127.0.0.1. Limits tell them apart."""
SMALL_BUFFER_BYTES = 4_096
PATIENCE_S = 10.0
ENGINE = "/socket.io/?EIO=4&transport="


class HungUp(Exception):
    """The server ended the connection, or would not have it."""


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def ask(self, method: str, target: str, body: str = "") -> tuple[int, bytes]:
        """A request and its whole answer: status and body. Raises `HungUp`."""
        await self.write(request(method, target, body))
        async with asyncio.timeout(PATIENCE_S):
            return await self._answer()

    async def shake_hands(self, query: str = "websocket", more: str = "") -> None:
        """Become a WebSocket. Raises `HungUp`."""
        key = base64.b64encode(os.urandom(16)).decode()
        await self.write(
            f"GET {ENGINE}{query} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
            f"{more}\r\n".encode()
        )
        async with asyncio.timeout(PATIENCE_S):
            head = await self._reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in head:
            raise HungUp

    async def say(self, *packets: str) -> None:
        """Send a frame for each, and wait where the server reads no faster."""
        await self.write(b"".join(frame(packet.encode()) for packet in packets))

    async def write(self, data: bytes) -> None:
        if self._reader.at_eof() or self._writer.is_closing():
            raise HungUp
        self._writer.write(data)
        await self._writer.drain()
        await asyncio.sleep(0)  # a socket with room is no reason to let nobody else act

    async def read(self, most_bytes: int = 65_536) -> bytes:
        """Whatever comes. Raises `HungUp` at the end."""
        data = await self._reader.read(most_bytes)
        if not data:
            raise HungUp
        return data

    def close(self) -> None:
        self._writer.transport.abort()

    async def _answer(self) -> tuple[int, bytes]:
        status, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
        if fields.get("transfer-encoding") == "chunked":
            return int(status.split()[1]), await self._chunks()
        length = int(fields.get("content-length", "0"))
        return int(status.split()[1]), await self._reader.readexactly(length)

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return body


@contextlib.asynccontextmanager
async def line(port: int, *, small_buffer: bool = False) -> AsyncIterator[Line]:
    """A connection from the hostile address, closed when the block ends. Raises `OSError`."""
    plug = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if small_buffer:
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER_BYTES)
        plug.bind((ADDRESS, 0))
        plug.setblocking(False)
        await asyncio.get_running_loop().sock_connect(plug, ("127.0.0.1", port))
        opened = Line(*await asyncio.open_connection(sock=plug))
    except BaseException:
        plug.close()
        raise
    try:
        yield opened
    finally:
        opened.close()


async def begin_polling(opened: Line) -> str:
    """A Socket.IO client that polls, connected but yet to poll; its address from here on."""
    target = f"{ENGINE}polling"
    status, hello = await opened.ask("GET", target)
    if status != 200:
        raise HungUp
    target += f"&sid={json.loads(hello[1:])['sid']}"
    await post(opened, target, "40")
    return target


async def post(opened: Line, target: str, *packets: str) -> None:
    """Raises `HungUp` where the server wants no more of it."""
    status, _ = await opened.ask("POST", target, "\x1e".join(packets))
    if status != 200:
        raise HungUp


def request(method: str, target: str, body: str = "") -> bytes:
    encoded = body.encode()
    kind = "application/json" if body.startswith("{") else "text/plain"
    return (
        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(encoded)}\r\n\r\n"
    ).encode() + encoded
