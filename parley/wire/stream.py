"""Server-sent events (HTML Living Standard, section 9.2): what sockets are told, for who only
hears.

A stream begins as any request, answered by the app. Its answer has no end, so where the connection
is ours it becomes a line once that has begun; inside other ASGI servers it is the body of the
answer.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Any, Protocol, cast

import msgspec

from parley.wire.line import FAR_BEHIND_BYTES, NORMAL_CLOSURE, Line, Watch
from parley.wire.outgoing import Due, write_to
from parley.wire.unread import UNREAD_MAX_BYTES

LINE = "parley.stream"
"""In a scope: the stream that its answer is."""
MEDIA_TYPE = "text/event-stream; charset=utf-8"
HEADERS = {
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",  # nginx would keep events until it has a few kilobytes
}
BEAT = b":\n\n"
BEAT_EVERY_S = 20.0
"""Proxies take a connection for dead on which nothing is said: nginx after a minute."""
RETRY_MS = 2_000
"""How long a browser waits before it comes back."""
_encode = msgspec.json.Encoder().encode


def encode(event: str, data: object, seq: int | None = None) -> bytes:
    return chunk(event, _encode((event, data)), seq)


def chunk(event: str, pair: bytes, seq: int | None) -> bytes:
    """An event by the JSON array of its name and data, as Socket.IO has it. JSON that we write has
    no line ends.
    """
    data = pair[len(event) + 4 : -1]
    name = event.encode("ascii")
    if seq is None:
        return b"event: %b\ndata: %b\n\n" % (name, data)
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (seq, name, data)


class Host(Protocol):
    """What a server does for its streams, as they see it."""

    def stream_opened(self, stream: Stream) -> None:
        """It can be written to."""

    def stream_beats(self, stream: Stream) -> None:
        """It was told that we are still there."""

    def stream_lost(self, stream: Stream) -> None:
        """It is no more."""


class Stream(Protocol):
    """One who hears, whatever they hear it by."""

    sid: str
    place: str
    is_open: bool
    pending: list[bytes]
    due: Due
    put: Callable[[bytes], object]

    def write(self, frame: bytes) -> None: ...
    def beat(self) -> None: ...
    def close(self) -> None:
        """End it, once what was written is sent."""

    def abort(self) -> None: ...
    async def caught_up(self) -> None:
        """Wait until it has read nearly all that it was sent, or is gone."""

    def give_up(self) -> None:
        """It was never begun."""


class StreamLine(Line):
    """On a connection of ours, which speaks HTTP no more."""

    __slots__ = ("_caught_up", "_host", "_is_over", "sid")

    def __init__(self, host: Host, watch: Watch, place: str, sid: str) -> None:
        super().__init__(watch, place)
        self._host = host
        self.sid = sid
        self._caught_up: asyncio.Future[None] | None = None
        self._is_over = False

    def on_open(self) -> None:
        self._host.stream_opened(self)

    def beat(self) -> None:
        self.write(BEAT)
        self._host.stream_beats(self)

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        if not self.is_open:
            return
        write_to((self,))
        self._stop()
        if self._transport is not None:
            self._transport.close()

    def dismiss(self) -> None:
        self.close()

    def data_received(self, data: bytes) -> None:
        """Its client was told that nothing more is read here."""
        self.abort()

    async def caught_up(self) -> None:
        await asyncio.sleep(0)  # what was written goes out at the end of a turn
        if self.is_open and self.is_far_behind:
            self._caught_up = asyncio.get_running_loop().create_future()
            await self._caught_up

    def on_caught_up(self) -> None:
        waiting, self._caught_up = self._caught_up, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def on_lost(self) -> None:
        self.on_caught_up()
        self._lose()

    def give_up(self) -> None:
        if self._transport is None:
            self._lose()

    def _lose(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._host.stream_lost(self)


class StreamBody:
    """As the body of an answer: who sends it on decides how fast it goes."""

    def __init__(self, host: Host, watch: Watch, place: str, sid: str) -> None:
        self._host = host
        self._watch = watch
        self.place = place
        self.sid = sid
        self.is_open = False
        self.pending: list[bytes] = []
        self.due = Due.NOTHING
        self.put: Callable[[bytes], object] = self._put
        self.unread_before = 0
        self._waiting: deque[bytes] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._read = asyncio.Event()
        self._is_over = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """All that is written, until it is closed."""
        self.is_open = True
        self._host.stream_opened(self)
        try:
            yield b""  # so that the answer begins
            while self.is_open or self._waiting:
                await self._news.wait()
                self._news.clear()
                if self._waiting:
                    yield self._take()
        finally:
            self.is_open = False
            self.give_up()

    def write(self, frame: bytes) -> None:
        if self.is_open:
            self._watch.outgoing.write(self, frame)

    def beat(self) -> None:
        self.write(BEAT)
        self._host.stream_beats(self)

    def close(self) -> None:
        write_to((self,))
        self.is_open = False
        self._news.set()

    def abort(self) -> None:
        self._take()
        self.close()

    def unread(self) -> int:
        return self._bytes

    def fall_off(self) -> None:
        """Cut off whoever does not read."""
        self._watch.counts["overflowed"] += 1
        self.abort()

    async def caught_up(self) -> None:
        await asyncio.sleep(0)
        while self.is_open and self._bytes > FAR_BEHIND_BYTES:
            self._read.clear()
            await self._read.wait()

    def give_up(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._take()
            self._watch.backlog.forget(self)
            self._host.stream_lost(self)

    def _put(self, data: bytes) -> None:
        if not self.is_open:
            return
        if self._bytes > UNREAD_MAX_BYTES:
            self.fall_off()
            return
        self._waiting.append(data)
        self._bytes += len(data)
        if not self._watch.backlog.hold(self.place, len(data)):
            self.fall_off()
            return
        self._watch.backlog.ensure_watched(self)
        self._news.set()

    def _take(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._watch.backlog.hold(self.place, -self._bytes)
        self._watch.backlog.forget(self)
        self._bytes = 0
        self._read.set()
        return data


def head_of(message: dict[str, Any]) -> bytes:
    """The head of an answer that goes on until its connection ends."""
    lines = [
        b"%b: %b" % (name, value)
        for name, value in message["headers"]
        if name.lower() not in (b"content-length", b"transfer-encoding", b"connection")
    ]
    now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime()).encode("ascii")
    return b"\r\n".join(
        (b"HTTP/1.1 200 OK", *lines, b"date: " + now, b"connection: close", b"", b"")
    )


def handing_over(send: Any, scope: dict[str, Any], take: Callable[[Any, Line, bytes], bool]) -> Any:
    """An ASGI `send` that has the line of a stream go on where its answer began. `take` gives it
    the connection that a `send` writes to, if that is one of ours.
    """
    is_over = False

    async def sent(message: Any) -> None:
        nonlocal is_over
        if is_over:
            return
        line = scope.get(LINE)
        is_begun = isinstance(line, Line) and message["type"] == "http.response.start"
        if is_begun and message["status"] == HTTPStatus.OK:
            is_over = True
            take(send, cast("Line", line), head_of(message))
        else:
            await send(message)

    return sent
