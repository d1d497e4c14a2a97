"""One connection's HTTP/1.1, as Hypercorn speaks it, with the gaps closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast

import h11
import hypercorn.protocol
from hypercorn.asyncio.tcp_server import MAX_RECV, TCPServer
from hypercorn.asyncio.worker_context import AsyncioSingleTask, EventWrapper
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol import ws_stream
from hypercorn.protocol.events import Body, Response
from hypercorn.protocol.h11 import STREAM_ID, H11Protocol
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import FrameTooLargeError, WSStream

from parley.wire import answers, heads
from parley.wire.heads import HEAD_MAX_BYTES, HEADERS_MAX, Handshaking
from parley.wire.line import Line
from parley.wire.pace import Pace
from parley.wire.unread import Backlog

END_WITHIN_S = 4.0
"""How long what was asked for may go on once its client is gone: longer than a goodbye takes."""
HEAD_PIECE_BYTES = 2_048
FILE_BYTES = FILE_PIECE_BYTES = 256 * 1024
"""A body that is longer than this is a file: nothing else that we take is as long."""
CHUNKED_PIECE_BYTES = 512
CHUNK_ENDS_FEW, CHUNK_ENDS_MAX = 4, 16
"""A body in chunks may have one for each byte, and each is an event of h11's, with two line ends.
What has no more line ends than this is read at once, else so many bytes."""
_BAD_REQUEST, _TOO_LARGE, _NO_SUCH_VERSION = 400, 431, 505
_OF_AN_EMPTY_ERROR = [(b"content-length", b"0"), (b"connection", b"close")]
_SEPARATORS_BYTES = len(b": \r\n")


Admit = Callable[[dict[str, Any]], Line | bytes | None]
"""Makes the line for an opening request in ASGI's form; or the answer to one that is refused, as it
goes out; None where it is not ours to take."""


class _TakenOver(Exception):
    """A request that is answered: nothing more of its connection is HTTP."""


class _Goes(EventWrapper):
    """That the next request may be read. Where the one before was cut off with its connection,
    Hypercorn waits for the end of its answer for ever, and keeps all that came.
    """

    def __init__(self, transport: asyncio.BaseTransport) -> None:
        super().__init__()
        self._transport = transport

    async def wait(self) -> None:
        await super().wait()
        if self._transport.is_closing():
            raise _TakenOver  # by nobody: who asked is gone


class Connection(TCPServer):
    """One that ends with its client; Hypercorn's waits on for an idle timer, or for ever.

    A request that opens a WebSocket makes a line of it, also after others: proxies keep their
    connections, and send one request of anybody's after the other.
    """

    _is_read = False
    """Whether its client will say no more."""
    _end: asyncio.TimerHandle | None = None
    _line: Line | None = None
    unread_before = 0

    def __init__(
        self,
        *serving: Any,
        admit: Admit,
        backlog: Backlog,
        pace: Pace,
        place: str,
        place_of: Callable[[dict[str, Any]], str],
        when_lost: Callable[[], object] | None,
    ) -> None:
        super().__init__(*serving)
        self.idle_task = _Idle()
        self._admit = admit
        self._backlog = backlog
        self._pace = pace
        self._place = place
        self._place_of = place_of
        self._when_lost = when_lost

    async def run(self) -> None:
        try:
            await super().run()
        finally:
            self._backlog.forget(self)
            if self._end is not None:
                self._end.cancel()
                self._end = None
            self.__dict__.pop("protocol", None)  # which holds on to us
            if self._line is None and self._when_lost is not None:
                self._when_lost()

    async def turn(self) -> bool:
        """Wait for a request's turn, before anything is made for it; whether its client waited."""
        await self._pace.turn_of_request(self._place)
        return not self.writer.transport.is_closing()

    async def open_line(self, asked: Handshaking, early: bytes) -> bool:
        """Answer a request that opens a WebSocket of ours; whether it is one.

        `early` is what came behind it.
        """
        transport = cast("asyncio.Transport", self.writer.transport)
        if transport.is_closing():  # gone while what it asked before was answered
            await self.protocol_send(Closed())
            return True
        peer = transport.get_extra_info("peername")
        scheme = "wss" if transport.get_extra_info("sslcontext") else "ws"
        client = peer[:2] if isinstance(peer, tuple) else None
        scope = {**asked.scope, "scheme": scheme, "client": client}
        if not self._place:  # a proxy's: the turn is that of whoever it speaks for
            await self._pace.turn_of_request(self._place_of(scope))
        line = self._admit(scope)
        if line is None:
            return False
        if isinstance(line, bytes):
            await self.protocol_send(RawData(line))
            await self.protocol_send(Closed())
            return True
        self._line = line
        line.when_lost = self._lost
        line.take(transport, asked.answer)
        self.reader.feed_eof()
        if early := early + await self.reader.read():
            line.data_received(early)
        return True

    def hand_over(self, line: Line, head: bytes) -> bool:
        """The answer to what was asked last goes on as a line, after its head; whether there is
        somebody yet who asked.
        """
        transport = cast("asyncio.Transport", self.writer.transport)
        if transport.is_closing():
            return False
        self._line = line
        line.when_lost = self._lost
        line.take(transport, head)
        if not transport.is_reading():  # of what came too soon: or its end would not be noticed
            transport.resume_reading()
        self.reader.feed_eof()
        return True

    def _lost(self) -> None:
        # Called as long as the line is there, it keeps the writer, which would close the
        # transport when it goes.
        if self._when_lost is not None:
            self._when_lost()

    def cut_off(self) -> None:
        """End what waits to write to a client that never reads."""
        self.writer.transport.abort()

    def unread(self) -> int:
        return self.writer.transport.get_write_buffer_size()

    def fall_off(self) -> None:
        """It did not read its answer for too long."""
        self.cut_off()

    async def protocol_send(self, event: Event) -> None:
        if not isinstance(event, RawData):
            await super().protocol_send(event)
            return
        if self._line is not None:  # Hypercorn's word for an answer that it thinks never began
            return
        async with self.send_lock:
            try:
                self.writer.write(event.data)
                if self.unread():
                    self._backlog.watch(self)
                await self.writer.drain()
            except (ConnectionError, RuntimeError):
                await self.protocol.handle(Closed())

    async def _read_data(self) -> None:
        # As in Hypercorn 0.18.0, which has no time to wait either, but in turns.
        while not self.reader.at_eof():
            try:
                data = await self.reader.read(FILE_PIECE_BYTES if self._is_file() else MAX_RECV)
            except OSError:
                break
            if not await self._take(data):
                break
        await self.protocol.handle(Closed())
        self._is_read = True
        if self._line is not None:
            await self.idle_task.stop()
            return
        self._end = self.loop.call_later(END_WITHIN_S, self._give_up, asyncio.current_task())
        await self.idle_task.stop()

    async def _take(self, data: bytes) -> bool:
        """Have it read, in turns; whether its address may have as much waiting."""
        held, at = len(data), 0
        try:
            if not self._backlog.hold(self._place, held):
                self.cut_off()
                return False
            while at < len(data):
                piece = self._next_piece(data, at)
                at += len(piece)
                if self._is_file() and len(piece) > CHUNKED_PIECE_BYTES:
                    await self._pace.turn_of_file(self._place, len(piece))
                else:
                    await self._pace.turn_of_data(self._place, len(piece))
                await self.protocol.handle(RawData(piece))
            return True
        finally:
            self._backlog.hold(self._place, -held)

    def _is_file(self) -> bool:
        http = self.protocol.protocol
        return isinstance(http, _Http) and http.is_file

    def _next_piece(self, data: bytes, at: int) -> bytes:
        """Of what came, what is worth a turn."""
        http = self.protocol.protocol
        most = http.piece_bytes if isinstance(http, _Http) else MAX_RECV
        if isinstance(http, _Http) and http.is_chunked:
            return piece_of_chunks(data, at, most)
        return data[at : at + most]

    async def _close(self) -> None:
        if self._line is None:
            await super()._close()

    async def _idle_timeout(self) -> None:
        if not self._is_read:
            await super()._idle_timeout()

    def _give_up(self, task: asyncio.Task[None] | None) -> None:
        self.cut_off()
        if task is not None:
            task.cancel()


def connection_of(send: Any) -> Connection | None:
    """What an ASGI `send` of Hypercorn's writes to, if it is one of ours."""
    stream = getattr(send, "__self__", None)
    http = getattr(getattr(stream, "send", None), "__self__", None)
    connection = getattr(getattr(http, "send", None), "__self__", None)
    return connection if isinstance(connection, Connection) else None


def _counts(reader: object) -> bool:
    """Whether it is h11's reader of bodies with a length."""
    return type(reader).__name__ == "ContentLengthReader"


def piece_of_chunks(data: bytes, at: int, most: int) -> bytes:
    """What is read at once of a body in chunks that goes on at `at`: less where they are small."""
    some = data[at : at + CHUNKED_PIECE_BYTES]
    if some.count(b"\r\n") > CHUNK_ENDS_FEW:  # as is soon known of a body of nothing else
        return some
    more = data[at : at + most]
    return more if more.count(b"\r\n") <= CHUNK_ENDS_MAX else some


class _Idle(AsyncioSingleTask):
    """Hypercorn's (0.18) drops a coroutine that nobody awaits where its tasks are ending
    already, of which Python tells on stderr.
    """

    async def restart(
        self, task_group: Any, action: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        idling = action()
        try:
            await super().restart(task_group, lambda: idling)
        except BaseException:
            idling.close()
            raise


class _Http(H11Protocol):
    """Never HTTP/2, which Hypercorn begins for whoever asks.

    A proxy that passes `Upgrade` on passes on all that comes after it too: inside, a
    client would choose its own `X-Forwarded-For`.
    """

    _is_refused = False
    is_chunked = False
    _is_head = False
    """Whether what is asked for now is to be answered without a body."""

    def __init__(self, *serving: Any, **more: Any) -> None:
        super().__init__(*serving, **more)
        connection = getattr(self.send, "__self__", None)
        if isinstance(connection, Connection):
            self.can_read = _Goes(connection.writer.transport)

    body_bytes = 0
    """What came of the body of the request that is read now."""

    @property
    def is_file(self) -> bool:
        """Whether what is read now goes to the disk as it is."""
        return self.body_bytes > FILE_BYTES and isinstance(self.stream, HTTPStream)

    @property
    def piece_bytes(self) -> int:
        """How much of what came is worth a turn."""
        if self.stream is None:
            return HEAD_PIECE_BYTES
        return FILE_PIECE_BYTES if self.is_file else MAX_RECV

    async def handle(self, event: Event) -> None:
        if self._is_refused:
            return
        if self.stream is not None and isinstance(event, RawData):
            self.body_bytes += len(event.data)
        if isinstance(event, RawData) and self.is_file and self._is_all_body(event.data):
            await cast("HTTPStream", self.stream).handle(Body(stream_id=STREAM_ID, data=event.data))
            return
        try:
            await super().handle(event)
        except _TakenOver:
            self._is_refused = True
        if isinstance(event, Closed):
            await self.can_read.set()
        if isinstance(self.stream, WSStream) and self.stream.closed:
            # Answered that it is no handshake, and then left open without a timer.
            self._is_refused = True
            await self._close_stream()
            await self.send(Closed())

    def _is_all_body(self, data: bytes) -> bool:
        """Whether it is of a body of which more is to come: h11 then counts it as read.

        h11 0.16 copies four times what it reads, which costs more than to write it to the disk.
        """
        reader: Any = getattr(self.connection, "_reader", None)
        left = getattr(reader, "_remaining", 0) if _counts(reader) else 0
        if left <= len(data) or self.connection.trailing_data[0]:
            return False
        reader._remaining -= len(data)
        return True

    async def _check_protocol(self, event: h11.Request) -> None:
        """RFC 9110, section 7.8: an `Upgrade` may be passed over."""

    async def _create_stream(self, request: h11.Request) -> None:
        status = _refusal(request)
        self._is_head = request.method == b"HEAD"
        self.body_bytes = 0
        self.is_chunked = any(name == b"transfer-encoding" for name, _ in request.headers)
        if status is not None:
            self._is_refused = True
            await self._send_error_response(status)
            await self.send(Closed())
            return
        connection = getattr(self.send, "__self__", None)
        if isinstance(connection, Connection):
            if not await connection.turn():
                raise _TakenOver  # by nobody: who asked is gone, and asks for nothing more
            if await self._opens_line(connection, request):
                raise _TakenOver
        await super()._create_stream(request)

    async def _opens_line(self, connection: Connection, request: h11.Request) -> bool:
        if request.method != b"GET":
            return False
        asked = heads.of_request(request.target, list(request.headers))
        early = self.connection.trailing_data[0]
        return asked is not None and await connection.open_line(asked, early)

    async def _send_error_response(self, status_code: int) -> None:
        """As Hypercorn does, but saying what is wrong."""
        body = answers.body_for(status_code)
        headers = [*answers.headers_for(body), (b"connection", b"close")]
        headers += self.config.response_headers("h11")
        await self._send_h11_event(h11.Response(status_code=status_code, headers=headers))
        if not self._is_head:
            await self._send_h11_event(h11.Data(data=body))
        await self._send_h11_event(h11.EndOfMessage())

    async def stream_send(self, event: Any) -> None:
        if isinstance(event, Response) and event.headers == _OF_AN_EMPTY_ERROR:
            # Hypercorn's own, for a handshake that is none or an app that failed.
            body = answers.body_for(event.status_code)
            headers = [*answers.headers_for(body), (b"connection", b"close")]
            await super().stream_send(replace(event, headers=headers))
            if not self._is_head:
                await super().stream_send(Body(event.stream_id, body))
            return
        await super().stream_send(event)

    async def _maybe_recycle(self) -> None:
        self._is_head = False
        await super()._maybe_recycle()

    async def _close_stream(self) -> None:
        # Who has answered reads no more: what waits would keep its end from it, for ever.
        put = getattr(self.stream, "app_put", None)
        if put is not None:
            _make_room(put.__self__)
        await super()._close_stream()


def _refusal(request: h11.Request) -> int | None:
    if request.http_version not in (b"1.0", b"1.1"):
        return _NO_SUCH_VERSION  # the preface of HTTP/2 says 2.0
    size = sum(len(name) + len(value) + _SEPARATORS_BYTES for name, value in request.headers)
    # H11 looks at the size of a head only while it waits for its end.
    if size + len(request.target) > HEAD_MAX_BYTES or len(request.headers) > HEADERS_MAX:
        return _TOO_LARGE
    names = {name for name, _ in request.headers}
    # RFC 9112, section 6.1: somebody between us and the client may go by the other one.
    return _BAD_REQUEST if {b"content-length", b"transfer-encoding"} <= names else None


def _make_room(queue: asyncio.Queue[Any]) -> None:
    if queue.full():
        while not queue.empty():
            queue.get_nowait()


class _PlainHandshake(ws_stream.Handshake):
    """Hypercorn always takes permessage-deflate: a bomb, and megabytes of state for a crowd."""

    def __init__(self, headers: Any, http_version: str) -> None:
        super().__init__(headers, http_version)
        self.extensions = None


class _BoundedBuffer(ws_stream.WebsocketBuffer):
    """Hypercorn's goes on growing after it has found a message too large."""

    def extend(self, event: Any) -> None:
        if self.length + len(event.data) > self.max_length:
            self.value, self.length = None, self.max_length
            raise FrameTooLargeError
        super().extend(event)


# How Hypercorn can be told.
hypercorn.protocol.H11Protocol = _Http  # type: ignore[attr-defined]
ws_stream.Handshake = _PlainHandshake  # type: ignore[misc]
ws_stream.WebsocketBuffer = _BoundedBuffer  # type: ignore[misc]
