"""One Socket.IO connection: Engine.IO 4 and Socket.IO 5 over a WebSocket, as clients speak them."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import websockets
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect

from parley.client.errors import Refused, Unreachable
from parley.client.reaching import FAILURES, unreachable
from parley.client.types import ErrorAck, ErrorEvent

T = TypeVar("T", bound=Struct)

OPEN_WITHIN_S = 20.0
FRAME_MAX_BYTES = 64 * 1024 * 1024
_OK = b'[{"ok":true'
_encode = msgspec.json.Encoder().encode


class _Hello(Struct):
    """How often the server says that it is there, and how late that may come."""

    ping_interval: int = msgspec.field(name="pingInterval")
    ping_timeout: int = msgspec.field(name="pingTimeout")


class _Connected(Struct):
    message: str = ""
    data: ErrorEvent | None = None


Event = Callable[[bytes, bytes], None]
"""Takes the name and the JSON array of both name and data."""
Answered = Callable[[bytes], None]
"""Takes the JSON of an acknowledgement."""


class Line:
    """Open, until it is lost."""

    def __init__(self, socket: ClientConnection, quiet_s: float, on_event: Event) -> None:
        self._socket = socket
        self._quiet_s = quiet_s
        self._on_event = on_event
        self._numbers = itertools.count()
        self._answers: dict[int, Answered] = {}
        self._unsent: list[bytes] = []
        self._has_news = asyncio.Event()
        self.is_open = True

    @classmethod
    async def open(
        cls, url: str, *, token: str | None, on_event: Event, context: ssl.SSLContext | None
    ) -> Line:
        """Raises `Unreachable`, and `Refused` where the token is unknown."""
        try:
            async with asyncio.timeout(OPEN_WITHIN_S):
                socket = await connect(
                    url,
                    ssl=(context or True) if url.startswith("wss:") else None,
                    compression=None,
                    ping_interval=None,  # the server asks, by Engine.IO
                    close_timeout=2,
                    max_size=FRAME_MAX_BYTES,
                    open_timeout=None,
                )
                try:
                    return await cls._greeted(socket, token, on_event)
                except BaseException:
                    socket.transport.abort()
                    raise
        except FAILURES as error:
            raise unreachable(error, url) from error

    @classmethod
    async def _greeted(cls, socket: ClientConnection, token: str | None, on_event: Event) -> Line:
        first = await socket.recv(decode=False)
        try:
            hello = msgspec.json.decode(first[1:], type=_Hello)
        except msgspec.MsgspecError as error:
            raise Unreachable("What answered there is no Parley server.") from error
        await socket.send(b"40" + (b"" if token is None else _encode({"token": token})), text=True)
        answer = await socket.recv(decode=False)
        if not answer.startswith(b"40"):
            raise _not_let_in(answer[2:])
        quiet_s = (hello.ping_interval + hello.ping_timeout) / 1000
        return cls(socket, quiet_s, on_event)

    def emit(self, event: str, data: object, answered: Answered | None = None) -> None:
        """Send it, with whatever else is sent in this turn of the event loop."""
        id = ""
        if answered is not None:
            number = next(self._numbers)
            self._answers[number] = answered
            id = str(number)
        self._unsent.append(b"42%b%b" % (id.encode(), _encode((event, data))))
        self._has_news.set()

    async def ask(self, event: str, data: object, type: type[T]) -> T:
        """The answer. Raises `Refused`, and `Unreachable` where the line is lost meanwhile."""
        told: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.emit(event, data, lambda answer: None if told.done() else told.set_result(answer))
        if not self.is_open:
            raise Unreachable("The connection was lost.")
        answer = await told
        if not answer:
            raise Unreachable("The connection was lost.")
        return answer_as(answer, type)

    async def run(self) -> None:
        """Until it is lost, or cancelled."""
        writing = asyncio.create_task(self._write())
        try:
            await self._read()
        except (OSError, TimeoutError, websockets.WebSocketException):
            pass
        finally:
            self.is_open = False
            writing.cancel()
            answers, self._answers = self._answers, {}
            for answered in answers.values():
                answered(b"")
            await self._socket.close()

    async def _read(self) -> None:
        receive = self._socket.recv
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._quiet_s) as patience:
            while True:
                packet = await receive(decode=False)
                if packet.startswith(b"42"):
                    at = packet.index(b'"', 4)
                    self._on_event(packet[4:at], packet[2:])
                elif packet.startswith(b"43"):
                    at = packet.index(b"[")
                    answered = self._answers.pop(int(packet[2:at]), None)
                    if answered is not None:
                        answered(packet[at:])
                elif packet == b"2":
                    self._unsent.append(b"3")
                    self._has_news.set()
                    patience.reschedule(loop.time() + self._quiet_s)
                elif packet.startswith((b"41", b"1")):
                    return

    async def _write(self) -> None:
        try:
            while True:
                await self._has_news.wait()
                self._has_news.clear()
                unsent, self._unsent = self._unsent, []
                for packet in unsent:
                    await self._socket.send(packet, text=True)
        except websockets.WebSocketException:
            pass  # who reads finds out


def answer_as(answer: bytes, type: type[T]) -> T:
    """Raises `Refused` for that of an event that was refused."""
    if not answer.startswith(_OK):
        raise refusal_in(answer)
    [found] = msgspec.json.decode(answer, type=list[type])  # type: ignore[valid-type]
    return found


def is_ok(answer: bytes) -> bool:
    return answer.startswith(_OK)


def refusal_in(answer: bytes) -> Refused:
    try:
        [told] = msgspec.json.decode(answer, type=list[ErrorAck])
    except (msgspec.MsgspecError, ValueError):
        return Refused("internal", "The server answered with something unknown.")
    return Refused(told.code, told.error, told.retry_after, told.epoch)


def _not_let_in(answer: bytes) -> Exception:
    try:
        told = msgspec.json.decode(answer, type=_Connected)
    except msgspec.MsgspecError:
        return Unreachable("What answered there is no Parley server.")
    if told.data is None:
        return Refused("forbidden", told.message)
    return Refused(told.data.code, told.data.message, told.data.retry_after)


def decoder(type: Any) -> msgspec.json.Decoder[Any]:
    """Of the array of an event: its name and its data."""
    return msgspec.json.Decoder(tuple[str, type])
