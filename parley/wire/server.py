"""The Socket.IO server, with the gaps of the libraries under it closed."""

from __future__ import annotations

import asyncio
import contextlib
import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec
import socketio
import structlog
from engineio import packet as eio_packet
from socketio import packet as sio_packet

from parley.contract import codec
from parley.wire import frames
from parley.wire.countdown import GRAIN_S
from parley.wire.direct import EVENT, DirectClient, Later
from parley.wire.engine import GuardedEngine
from parley.wire.handshake import Handshake
from parley.wire.line import CLOSE_WITHIN_S, SERVICE_RESTART, Watch
from parley.wire.logs import silent
from parley.wire.pace import LONG_OF_TURN
from parley.wire.places import Places
from parley.wire.socket import GuardedSocket
from parley.wire.upgrade import Upgrade

log = structlog.get_logger(__name__)

NAMESPACE = "/"
_NAME = re.compile(r'\["(\w{1,40})",', re.ASCII)
"""How the data of nearly every event begins."""
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


class Server(socketio.AsyncServer):  # type: ignore[misc]  # the library has no types
    """Socket.IO on the default namespace, handing everything to four functions.

    `on_connect(sid, handshake)` may raise `ConnectionRefused`, or what it returns may, awaited;
    `on_event(sid, name, arguments, wants_ack)` returns what the acknowledgement
    holds, or a `Later` that gives it, and is called for one event of a client
    after the other, in the order they were sent, each when the one before is
    done. `events` are the known ones and the type of what each carries: where
    it is just that, it comes as that type. `on_unreadable(sid, wants_ack)` does
    the same for what is an event but not JSON with a name; `on_disconnect(sid)`
    must not block. Every client takes one of the `places` of its address; whoever
    finds none is told `crowded`, as JSON.
    """

    eio: GuardedEngine

    def __init__(
        self,
        *,
        on_connect: Connect,
        on_event: Receive,
        events: Mapping[str, type],
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
        self._decoders: dict[str, msgspec.json.Decoder[tuple[str, Any]]] = {
            name: msgspec.json.Decoder(tuple[str, type])  # type: ignore[valid-type]
            for name, type in events.items()
        }
        self._on_unreadable = on_unreadable
        self._on_disconnect = on_disconnect
        self._direct: dict[str, DirectClient] = {}
        self._lines: set[DirectClient] = set()
        self.working: set[DirectClient] = set()
        """Those for whom something is under way; whatever becomes of them, it ends by itself."""
        self._ended = asyncio.Event()
        self._watch = Watch.over(
            max_message_bytes=max_frame_bytes,
            counts=self.eio.counts,
            backlog=self.eio.backlog,
            pace=self.eio.pace,
            is_limited=places.is_limited,
        )
        self.on("connect", self._connected)
        self.on("disconnect", self._disconnected)

    @property
    def line_count(self) -> int:
        """Connections with nothing but us between, also those that are closing."""
        return len(self._lines)

    @property
    def connection_count(self) -> int:
        """Open connections, whether or not they joined anything."""
        return sum(line.is_open for line in self._lines) + sum(
            not socket.closed for socket in self.eio.sockets.values()
        )

    def send_to(self, sids: Iterable[str], event: str, data: object) -> None:
        """Emit to each of these clients: encoded once, in order, nobody waited for."""
        direct = self._direct
        lines: list[DirectClient] = []
        others: list[str] = []
        for sid in sids:
            client = direct.get(sid)
            if client is None:
                others.append(sid)
            else:
                lines.append(client)
        if lines:
            self._watch.outgoing.spread(lines, self.encode(event, data))
        if others:
            self._push_to(others, event, data)

    def encode(self, event: str, data: object) -> bytes:
        """The event as it goes over a WebSocket, for `send_encoded`."""
        return frames.frame(frames.TEXT, b"42" + msgspec.json.encode((event, data)))

    def send_encoded(self, sid: str, event: str, data: object, frame: bytes | None) -> None:
        """Emit to one client what may be encoded already."""
        client = self._direct.get(sid)
        if client is None or frame is None:
            self.send_to((sid,), event, data)
        else:
            client.write(frame)

    def seated(self, sid: str) -> None:
        """It takes part in something: it may stay."""
        client = self._client(sid)
        if client is not None:
            self.eio.unseated.stop(client)

    def unseated(self, sid: str) -> None:
        """It takes part in nothing any more: it may stay if it soon does again."""
        client = self._client(sid)
        if client is not None:
            self.eio.unseated.ensure(client)

    def send_away(self) -> None:
        """Have every client come back."""
        for client in list(self._lines):
            client.close(SERVICE_RESTART)
        for socket in list(self.eio.sockets.values()):
            socket.dismiss()

    def send_off(self, sid: str) -> None:
        """End one client's connection, once it was sent what was written."""
        client = self._client(sid)
        if client is not None:
            client.dismiss()

    async def close_all(self) -> None:
        """End every connection, for a stop: clients come back when the server does."""
        self.send_away()
        for socket in list(self.eio.sockets.values()):
            await socket.go_away()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_WITHIN_S + GRAIN_S):
                while self._lines or self.working:
                    await self._something_ended()
        for client in list(self._lines):
            client.abort()

    def direct(self, handshake: Handshake) -> DirectClient | None:
        """A client for a WebSocket that nothing but us stands between; None where it is too many.

        It holds its place from here on, and must be opened.
        """
        client = DirectClient(self, self._watch, handshake)
        if not self.eio.places.take(client.place):
            return None
        return client

    def upgrading(
        self, session_id: str, handshake: Handshake, crowded: bytes
    ) -> DirectClient | bytes | None:
        """A client by which a polling one goes on; `crowded` where it is too many, None where there
        is no such client.
        """
        session = self.eio.sockets.get(session_id)
        if session is None or not session.may_upgrade:
            return None
        client = DirectClient(self, self._watch, handshake, Upgrade(session))
        return client if self.eio.places.take(client.place) else crowded

    # --- what a direct client tells ---

    def hello(self) -> dict[str, Any]:
        """What the first packet of a new client says."""
        return self.eio.opening(secrets.token_urlsafe(15), [])

    def opened(self, client: DirectClient) -> None:
        self._lines.add(client)
        self.eio.pings.start(client)
        self.eio.unseated.start(client)

    def probed(self, client: DirectClient) -> None:
        """It is to take over from a polling client, in time."""
        self._lines.add(client)
        self.eio.upgrading.start(client)

    def adopt(self, session: GuardedSocket, client: DirectClient) -> None:
        """What the polling client was, this one is, and what waited there goes out here."""
        eio, sid = self.eio, self.manager.sid_from_eio_sid(session.sid, NAMESPACE)
        eio.upgrading.stop(client)
        if session.closed:
            client.close()
            return
        eio.pings.start(client)
        if session in eio.unseated:
            eio.unseated.start(client)
        if sid is not None:
            for room in (sid, None):  # all that the library keeps of it
                self.manager.basic_leave_room(sid, NAMESPACE, room)
            client.sid = sid
            self._direct[sid] = client
        self.environ.pop(session.sid, None)
        for packet in session.give_up():
            client.send_text(packet)

    def pinged(self, client: DirectClient) -> None:
        self.eio.pongs.start(client)

    def heard(self, client: DirectClient) -> None:
        """It answered a ping."""
        self.eio.pongs.stop(client)
        self.eio.pings.start(client)

    def malformed(self) -> None:
        self.eio.counts["malformed"] += 1

    def left(self, client: DirectClient) -> None:
        """It takes part no more, and may again."""
        self.eio.unseated.ensure(client)

    def lost(self, client: DirectClient) -> None:
        self._lines.discard(client)
        self.eio.forget(client)
        self._ended.set()

    def finished(self, client: DirectClient) -> None:
        """What was under way for it is done."""
        self.working.discard(client)
        self._ended.set()

    async def _something_ended(self) -> None:
        self._ended.clear()
        await self._ended.wait()

    def welcome(self, sid: str, handshake: Handshake, client: DirectClient) -> Later | None:
        """Connect it under this id, or tell it why not: at once, where that is known at once."""
        try:
            connecting = self._on_connect(sid, handshake)
        except Exception as error:
            client.send_text("44" + codec.dumps(_refusal(error)))
            return None
        if connecting is None:
            self._let_in(sid, client)
            return None

        def finish(connected: asyncio.Future[None]) -> None:
            error = connected.exception()
            if error is None:
                self._let_in(sid, client)
            else:
                client.send_text("44" + codec.dumps(_refusal(error)))

        return Later(asyncio.ensure_future(connecting), finish)

    def _let_in(self, sid: str, client: DirectClient) -> None:
        client.sid = sid
        self._direct[sid] = client
        client.send_text("40" + codec.dumps({"sid": sid}))

    def act(self, sid: str, text: str, wants_ack: bool) -> Any:
        """What the acknowledgement of an event holds, or a `Later` that gives it."""
        read = self._read_known(text)
        if read is None:
            try:
                read = codec.loads(text)
            except codec.Malformed:
                read = None
        return self._act(sid, read, wants_ack)

    def _read_known(self, text: str) -> tuple[str, Any] | None:
        """A known event with data of its type; None for all else, also what is wrong."""
        begin = _NAME.match(text)
        decoder = None if begin is None else self._decoders.get(begin[1])
        if decoder is None or codec.is_too_deep(text):
            return None
        try:
            return decoder.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None

    def _act(self, sid: str, read: Any, wants_ack: bool) -> Any:
        if not isinstance(read, list | tuple) or not read or not isinstance(read[0], str):
            self.eio.counts["malformed"] += 1
            return self._on_unreadable(sid, wants_ack)
        return self._on_event(sid, read[0], list(read[1:]), wants_ack)

    def takes_longer(self, sid: str) -> None:
        """What this client asked for is more than a message, and counts as more of its turn."""
        client = self._client(sid)
        if client is not None and self.eio.pace.is_limited:
            self.eio.pace.spend(client.place, 0, of_turn=LONG_OF_TURN)

    def goodbye(self, sid: str) -> None:
        """It is connected no more."""
        self._direct.pop(sid, None)
        self._tell_disconnected(sid)

    # --- what the libraries tell of the others ---

    def _push_to(self, sids: list[str], event: str, data: object) -> None:
        sockets = [socket for sid in sids if (socket := self._socket(sid)) is not None]
        if not sockets:
            return
        encoded = sio_packet.Packet(sio_packet.EVENT, data=[event, data], binary=False).encode()
        pkt = eio_packet.Packet(eio_packet.MESSAGE, encoded)
        for socket in sockets:
            socket.push(pkt)

    def _client(self, sid: str) -> DirectClient | GuardedSocket | None:
        return self._direct.get(sid) or self._socket(sid)

    def _socket(self, sid: str) -> GuardedSocket | None:
        socket: GuardedSocket | None = self.eio.sockets.get(
            self.manager.eio_sid_from_sid(sid, NAMESPACE)
        )
        return socket

    async def _connected(self, sid: str, environ: dict[str, Any], auth: Any) -> None:
        try:
            connecting = self._on_connect(sid, Handshake.from_scope(environ["asgi.scope"], auth))
            if connecting is not None:
                await connecting
        except ConnectionRefused as refusal:
            raise socketio.exceptions.ConnectionRefusedError(str(refusal), refusal.data) from None
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

    def _acknowledge(self, sid: str, id: int | None, answer: Any) -> None:
        socket = self._socket(sid)
        if id is not None and socket is not None:
            ack = sio_packet.Packet(sio_packet.ACK, data=[answer], id=id, binary=False)
            socket.push(eio_packet.Packet(eio_packet.MESSAGE, ack.encode()))

    def _answer_unreadable(self, sid: str, id: int | None) -> None:
        self.eio.counts["malformed"] += 1
        self._acknowledge(sid, id, self._on_unreadable(sid, id is not None))

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

    def _engineio_server_class(self) -> type[GuardedEngine]:
        return GuardedEngine


def _refusal(error: BaseException) -> dict[str, Any]:
    """What whoever is not connected is told."""
    if isinstance(error, ConnectionRefused):
        return {"message": str(error), "data": error.data}
    log.error("connect_failed", exc_info=error)
    return {"message": _FAULT}
