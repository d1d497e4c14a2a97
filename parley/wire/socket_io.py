"""Socket.IO, as the library serves it, with its gaps closed: for whoever polls, and inside other
ASGI servers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import socketio
import structlog
from engineio import packet as eio_packet
from socketio import packet as sio_packet

from parley.contract import codec
from parley.wire.direct import EVENT, Later
from parley.wire.engine import GuardedEngine
from parley.wire.handshake import Handshake
from parley.wire.logs import silent
from parley.wire.places import Places
from parley.wire.socket import GuardedSocket

log = structlog.get_logger(__name__)

NAMESPACE = "/"
_FAULT = "Something went wrong on the server. Please try again."


class ConnectionRefused(Exception):
    """Raised by a connect handler: the client is told `data` and is not connected."""

    def __init__(self, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.data = data


Connect = Callable[[str, Handshake], Awaitable[None] | None]
Receive = Callable[[str, str, list[Any], bool], Any]
Unreadable = Callable[[str, bool], Any]
Disconnect = Callable[[str], None]


class Packet(sio_packet.Packet):  # type: ignore[misc]  # the library has no types
    """Of this server alone: python-socketio sets a JSON codec for every client and server of the
    process, and whoever is a client beside us may be sent what nests deeper than we read.
    """


class GuardedSocketIO(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """Socket.IO on the default namespace, handing everything to the four functions of `Server`."""

    eio: GuardedEngine

    def __init__(
        self,
        *,
        on_connect: Connect,
        on_event: Receive,
        on_unreadable: Unreadable,
        on_disconnect: Disconnect,
        ping_interval_s: float,
        ping_timeout_s: float,
        max_frame_bytes: int,
        join_within_s: float,
        places: Places,
        crowded: bytes,
    ) -> None:
        super().__init__(
            async_mode="asgi",
            async_handlers=False,
            namespaces=[NAMESPACE],
            serializer=Packet,
            json=codec,
            logger=silent(),
            engineio_logger=silent(),
            ping_interval=ping_interval_s,
            ping_timeout=ping_timeout_s,
            max_http_buffer_size=max_frame_bytes,
            # Origins are checked before a request comes here; [] turns the library's own off.
            cors_allowed_origins=[],
            http_compression=False,
            join_within_s=join_within_s,
            places=places,
            crowded=crowded,
        )
        self._on_connect = on_connect
        self._on_event = on_event
        self._on_unreadable = on_unreadable
        self._on_disconnect = on_disconnect
        self.on("connect", self._connected)
        self.on("disconnect", self._disconnected)

    def _engineio_server_class(self) -> type[GuardedEngine]:
        return GuardedEngine

    async def _connected(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        try:
            connecting = self._on_connect(sid, Handshake.from_scope(environ["asgi.scope"], auth))
            if connecting is not None:
                await connecting
        except ConnectionRefused as refused:
            raise socketio.exceptions.ConnectionRefusedError(str(refused), refused.data) from None
        except Exception:
            log.exception("connect_failed")
            raise socketio.exceptions.ConnectionRefusedError(_FAULT) from None
        except asyncio.CancelledError:
            # Cut off meanwhile: Python-socketio would go on as after a success.
            raise socketio.exceptions.ConnectionRefusedError from None
        socket = self._socket(sid)
        if socket is None or socket.closed:
            # Gone meanwhile, when Python-socketio had nobody to disconnect yet.
            await self._disconnected(sid, "")
            raise socketio.exceptions.ConnectionRefusedError

    async def _disconnected(self, sid: str, _reason: str) -> None:
        # Python-socketio runs a disconnect handler twice when a TypeError escapes it.
        self._tell_disconnected(sid)
        socket = self._socket(sid)
        if socket is not None and not (socket.closing or socket.closed):  # it may connect again
            self.eio.unseated.ensure(socket)

    def _tell_disconnected(self, sid: str) -> None:
        try:
            self._on_disconnect(sid)
        except Exception:
            log.exception("disconnect_failed")

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        """Only text, only packets that are well formed; the rest is counted and dropped."""
        if not isinstance(data, str) or data[:1] not in ("0", "1", "2", "3"):
            # The library parses "4…" of a message as JSON where it can: no packet of ours.
            self.eio.counts["malformed"] += 1
            return
        try:
            await super()._handle_eio_message(eio_sid, data)
        except codec.Malformed:
            # Browsers write half an emoji as JSON that is none: its sender waits for an answer.
            sid = self.manager.sid_from_eio_sid(eio_sid, NAMESPACE)
            event = EVENT.match(data)
            if event is not None and self.manager.is_connected(sid, NAMESPACE):
                self._answer_unreadable(sid, int(event[1]) if event[1] else None)
            else:
                self.eio.counts["malformed"] += 1
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
            self.eio.counts["malformed"] += 1

    def _answer_unreadable(self, sid: str, id: int | None) -> None:
        self.eio.counts["malformed"] += 1
        self._acknowledge(sid, id, self._on_unreadable(sid, id is not None))

    async def _handle_event(
        self, eio_sid: str, namespace: str | None, id: int | None, data: Any
    ) -> None:
        # Not through the library's handlers: there "connect" and "disconnect" are events too.
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace or NAMESPACE)
        if sid is None or not self.manager.is_connected(sid, namespace or NAMESPACE):
            return
        answer = self._act(sid, data, id is not None)
        if isinstance(answer, Later):
            await asyncio.wait([answer.future])
            answer = answer.finish(answer.future)
        self._acknowledge(sid, id, answer)

    def _act(self, sid: str, read: Any, wants_ack: bool) -> Any:
        if not isinstance(read, list | tuple) or not read or not isinstance(read[0], str):
            self.eio.counts["malformed"] += 1
            return self._on_unreadable(sid, wants_ack)
        return self._on_event(sid, read[0], list(read[1:]), wants_ack)

    def _acknowledge(self, sid: str, id: int | None, answer: Any) -> None:
        socket = self._socket(sid)
        if id is not None and socket is not None:
            ack = Packet(sio_packet.ACK, data=[answer], id=id, binary=False)
            socket.push(eio_packet.Packet(eio_packet.MESSAGE, ack.encode()))

    def _push_to(self, sids: list[str], event: str, data: object) -> None:
        sockets = [socket for sid in sids if (socket := self._socket(sid)) is not None]
        if not sockets:
            return
        encoded = Packet(sio_packet.EVENT, data=[event, data], binary=False).encode()
        pkt = eio_packet.Packet(eio_packet.MESSAGE, encoded)
        for socket in sockets:
            socket.push(pkt)

    def _socket(self, sid: str) -> GuardedSocket | None:
        socket: GuardedSocket | None = self.eio.sockets.get(
            self.manager.eio_sid_from_sid(sid, NAMESPACE)
        )
        return socket


def refusal(error: BaseException) -> dict[str, Any]:
    """What whoever is not connected is told."""
    if isinstance(error, ConnectionRefused):
        return {"message": str(error), "data": error.data}
    log.error("connect_failed", exc_info=error)
    return {"message": _FAULT}
