"""A client's line to the server: Engine.IO packets over a WebSocket or polling, and no goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import Any, Protocol

import aiohttp

RECORD_SEPARATOR = "\x1e"
POST_MAX_CHARS = 16_000
"""Far below the server's 64 KiB for a request, also where every character takes three bytes."""
CONNECTS_WITHIN_S = 45.0


SERVICE_RESTART = 1012
"""The close code of a WebSocket whose server will be back (IANA's registry)."""


class LineCut(Exception):
    """The connection is no more, by whosever doing."""

    def __init__(self, *, come_back: bool = False) -> None:
        self.come_back = come_back
        """Whether the server said that it will be back."""


class Line(Protocol):
    def send(self, packet: str) -> None:
        """Queue it; what is still queued when the line is cut is lost, as in life."""

    async def receive(self) -> str:
        """The next packet. Raises `LineCut`."""


@contextlib.asynccontextmanager
async def open_line(
    url: str, transport: str, token: str | None, read: Callable[[int], None]
) -> AsyncIterator[Line]:
    """On the default namespace, as the session of `token`; `read` is told of every byte."""
    http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    line: _WebSocket | _Polling | None = None
    try:
        async with asyncio.timeout(CONNECTS_WITHIN_S):
            line = _Polling(http, url, read) if transport == "polling" else _WebSocket(http, read)
            await line.open(url)
            line.send("40" + json.dumps({"token": token} if token else {}))
            while not (packet := await line.receive()).startswith("40"):
                if packet.startswith("44"):
                    raise AssertionError(packet)
        yield line
    except (aiohttp.ClientError, OSError) as error:
        raise LineCut from error
    finally:
        if line is not None:
            line.end()
        # Closes the connections at once, without the closing that WebSockets have.
        await http.close()


class _Base:
    def __init__(self) -> None:
        self._waiting: deque[str] = deque()
        self._has_waiting = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def send(self, packet: str) -> None:
        self._waiting.append(packet)
        self._has_waiting.set()

    def end(self) -> None:
        if self._writer is not None:
            self._writer.cancel()

    def _start(self) -> None:
        self._writer = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        with contextlib.suppress(aiohttp.ClientError, OSError, LineCut):
            while await self._has_waiting.wait():
                self._has_waiting.clear()
                while self._waiting:
                    await self._pass_on()

    async def _pass_on(self) -> None:
        raise NotImplementedError


class _WebSocket(_Base):
    def __init__(self, http: aiohttp.ClientSession, read: Callable[[int], None]) -> None:
        super().__init__()
        self._http, self._read = http, read
        self._ws: Any = None

    async def open(self, url: str) -> None:
        self._ws = await self._http.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket")
        self._start()

    async def receive(self) -> str:
        message = await self._ws.receive()
        if message.type is aiohttp.WSMsgType.CLOSE:
            raise LineCut(come_back=message.data == SERVICE_RESTART)
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise LineCut
        self._read(len(message.data))
        text: str = message.data
        return text

    async def _pass_on(self) -> None:
        await self._ws.send_str(self._waiting.popleft())


class _Polling(_Base):
    def __init__(self, http: aiohttp.ClientSession, url: str, read: Callable[[int], None]) -> None:
        super().__init__()
        self._http, self._read = http, read
        self._url = f"{url}/socket.io/?EIO=4&transport=polling"
        self._come: deque[str] = deque()

    async def open(self, _url: str) -> None:
        opening = await self.receive()
        self._url += "&sid=" + json.loads(opening[1:])["sid"]
        self._start()

    async def receive(self) -> str:
        while not self._come:
            async with self._http.get(self._url) as response:
                text = await response.text()
                if response.status != 200:
                    raise LineCut
                self._read(len(text))
                self._come += text.split(RECORD_SEPARATOR)
        return self._come.popleft()

    async def _pass_on(self) -> None:
        """All that waits in one request, as clients do, up to a size."""
        packets = [self._waiting.popleft()]
        chars = len(packets[0])
        while self._waiting and chars + len(self._waiting[0]) < POST_MAX_CHARS:
            packets.append(self._waiting.popleft())
            chars += len(packets[-1])
        async with self._http.post(self._url, data=RECORD_SEPARATOR.join(packets)) as response:
            if response.status != 200:
                raise LineCut
