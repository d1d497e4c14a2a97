"""The Socket.IO server: clients on lines of our own, and those whom the library serves."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from parley.contract import codec
from parley.wire import frames, stream
from parley.wire.countdown import GRAIN_S, Countdown
from parley.wire.direct import DirectClient, Later
from parley.wire.handshake import Handshake
from parley.wire.ids import Ids
from parley.wire.line import CLOSE_WITHIN_S, SERVICE_RESTART, Line, Watch
from parley.wire.pace import LONG_OF_TURN
from parley.wire.places import Places
from parley.wire.socket import GuardedSocket
from parley.wire.socket_io import (
    NAMESPACE,
    Connect,
    Disconnect,
    GuardedSocketIO,
    Receive,
    Unreadable,
    refusal,
)
from parley.wire.stream import BEAT_EVERY_S, Stream, StreamBody, StreamLine
from parley.wire.upgrade import Upgrade

_NAME = re.compile(r'\["(\w{1,40})",', re.ASCII)
"""How the data of nearly every event begins."""
_encode = msgspec.json.Encoder().encode


class Server(GuardedSocketIO):
    """Socket.IO on the default namespace, handing everything to four functions.

    `on_connect(sid, handshake)` may raise `ConnectionRefused`, or what it returns may, awaited;
    `on_event(sid, name, arguments, wants_ack)` returns what the acknowledgement
    holds, or a `Later` that gives it, and is called for one event of a client
    after the other, in the order they were sent, each when the one before is
    done. `events` are the known ones and the type of what each carries: where
    it is just that, it comes as that type. `on_unreadable(sid, wants_ack)` does
    the same for what is an event but not JSON with a name; `on_disconnect(sid)`
    must not block. Every client takes one of the `places` of its address; whoever
    finds none is told `crowded`, as JSON. Who sends more than `max_frame_bytes` at once is sent
    `oversized` in an `error` event, and cut off.
    """

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
        oversized: Any,
    ) -> None:
        super().__init__(
            on_connect=on_connect,
            on_event=on_event,
            on_unreadable=on_unreadable,
            on_disconnect=on_disconnect,
            ping_interval_s=ping_interval_s,
            ping_timeout_s=ping_timeout_s,
            max_frame_bytes=max_frame_bytes,
            join_within_s=join_within_s,
            places=places,
            crowded=crowded,
        )
        self._decoders: dict[str, msgspec.json.Decoder[tuple[str, Any]]] = {
            name: msgspec.json.Decoder(tuple[str, type])  # type: ignore[valid-type]
            for name, type in events.items()
        }
        self._oversized = oversized
        self.deliveries = 0
        """Events handed to clients since the start, once for each of them."""
        self._direct: dict[str, DirectClient] = {}
        self._lines: set[DirectClient] = set()
        self.streams: dict[str, Stream] = {}
        """Those who only hear, by the ids they have beside those of sockets."""
        self._stream_lines = 0
        self.on_stream_open: Callable[[Stream], None] = _nobody
        self.on_stream_lost: Callable[[Stream], None] = _nobody
        self._beats: Countdown[Stream] = Countdown(BEAT_EVERY_S, lambda each: each.beat())
        self.working: set[DirectClient] = set()
        """Those for whom something is under way; whatever becomes of them, it ends by itself."""
        self.ids = Ids()
        self._hello = codec.dumps(self.eio.opening("%s", []))
        self._ended = asyncio.Event()
        self._watch = Watch.over(
            max_message_bytes=max_frame_bytes,
            counts=self.eio.counts,
            backlog=self.eio.backlog,
            pace=self.eio.pace,
            is_limited=places.is_limited,
        )

    @property
    def line_count(self) -> int:
        """Connections with nothing but us between, also those that are closing."""
        return len(self._lines) + self._stream_lines

    @property
    def connection_count(self) -> int:
        """Open connections, whether or not they joined anything."""
        return sum(self.connections.values())

    @property
    def connections(self) -> dict[str, int]:
        """Those, by what they come over: WebSockets, or whatever the library serves."""
        return {
            "websocket": sum(line.is_open for line in self._lines),
            "polling": sum(not socket.closed for socket in self.eio.sockets.values()),
            "stream": sum(each.is_open for each in self.streams.values()),
        }

    @property
    def malformed_count(self) -> int:
        """Packets that were dropped since the start."""
        return self.eio.counts["malformed"]

    @property
    def has_limits(self) -> bool:
        """Whether there is a bound to what one address may have."""
        return self.eio.places.is_limited

    def send_to(
        self, sids: Iterable[str], event: str, data: object, seq: int | None = None
    ) -> None:
        """Emit to each of these clients: encoded once, in order, nobody waited for. Streams are
        told its `seq`, if it has one.
        """
        direct, streams = self._direct, self.streams
        lines: list[DirectClient] = []
        hearing: list[Stream] = []
        others: list[str] = []
        for sid in sids:
            client = direct.get(sid)
            if client is not None:
                lines.append(client)
                continue
            hears = streams.get(sid)
            if hears is not None:
                hearing.append(hears)
            else:
                others.append(sid)
        self.deliveries += len(lines) + len(hearing) + len(others)
        encoded = _encode((event, data)) if lines or hearing else b""
        if lines:
            self._watch.outgoing.spread(lines, frames.text(b"42" + encoded))
        if hearing:
            self._watch.outgoing.spread(hearing, stream.chunk(event, encoded, seq))
        if others:
            self._push_to(others, event, data)

    def encode(self, event: str, data: object) -> bytes:
        """The event as it goes over a WebSocket, for `send_encoded`."""
        return frames.text(b"42" + _encode((event, data)))

    def send_encoded(self, sid: str, event: str, data: object, frame: bytes | None) -> None:
        """Emit to one client what may be encoded already."""
        client = self._direct.get(sid)
        if client is None or frame is None:
            self.send_to((sid,), event, data)
        else:
            self.deliveries += 1
            client.write(frame)

    def seated(self, sid: str) -> None:
        """It takes part in something: it may stay."""
        client = self._client(sid)
        if client is not None:
            self.eio.unseated.stop(client)

    def ask(self, sid: str) -> None:
        """Have it give a sign, unless it owes one already."""
        client = self._client(sid)
        if client is not None and client not in self.eio.pongs:
            self.eio.pings.stop(client)
            client.ping()

    def has_answered(self, sid: str) -> bool:
        """Whether it is there, and gave all the signs that it was asked for."""
        client = self._client(sid)
        return client is not None and client not in self.eio.pongs

    def unseated(self, sid: str) -> None:
        """It takes part in nothing any more: it may stay if it soon does again. A stream can't."""
        if (hearing := self.streams.get(sid)) is not None:
            hearing.close()
            return
        client = self._client(sid)
        if client is not None:
            self.eio.unseated.ensure(client)

    def make_room(self, place: str | None = None) -> None:
        """Places are scarce, of an address or of all: who has been in nothing for a while goes."""
        self.eio.unseated.make_room(place)

    def send_away(self) -> None:
        """Have every client come back."""
        for client in list(self._lines):
            client.close(SERVICE_RESTART)
        for socket in list(self.eio.sockets.values()):
            socket.dismiss()
        for each in list(self.streams.values()):
            each.close()

    def send_off(self, sid: str) -> None:
        """End one client's connection, once it was sent what was written."""
        if (hearing := self.streams.get(sid)) is not None:
            hearing.close()
            return
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
                while self._lines or self.working or self.streams:
                    await self._something_ended()
        for client in list(self._lines):
            client.abort()
        for each in list(self.streams.values()):
            each.abort()

    def stream(self, place: str, *, is_line: bool) -> Stream | None:
        """For somebody who only hears, on a connection of ours or not; None where it is too many.

        It holds its place from here on. Until it opens, it may be given up.
        """
        if not self.eio.take_place(place):
            return None
        kind = StreamLine if is_line else StreamBody
        return kind(self, self._watch, place, self.ids.take())

    def direct(self, handshake: Handshake) -> DirectClient | None:
        """A client for a WebSocket that nothing but us stands between; None where it is too many.

        It holds its place from here on, and must be opened.
        """
        client = DirectClient(self, self._watch, handshake)
        if not self.eio.take_place(client.place):
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
        return client if self.eio.take_place(client.place) else crowded

    # --- what a direct client tells ---

    def hello(self) -> str:
        """What the first packet of a new client says, as JSON."""
        return self._hello % self.ids.take()

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

    def oversized(self, client: DirectClient) -> None:
        if client.sid is not None:
            self.send_to((client.sid,), "error", self._oversized)

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

    # --- what a stream tells ---

    def stream_opened(self, stream: Stream) -> None:
        self.streams[stream.sid] = stream
        self._stream_lines += isinstance(stream, Line)
        self._beats.start(stream)
        self.on_stream_open(stream)

    def stream_beats(self, stream: Stream) -> None:
        self._beats.start(stream)

    def stream_lost(self, stream: Stream) -> None:
        self._beats.stop(stream)
        if self.streams.pop(stream.sid, None) is not None:
            self._stream_lines -= isinstance(stream, Line)
        self.eio.places.give_back(stream.place)
        self.on_stream_lost(stream)
        self._ended.set()

    async def _something_ended(self) -> None:
        self._ended.clear()
        await self._ended.wait()

    def welcome(self, sid: str, handshake: Handshake, client: DirectClient) -> Later | None:
        """Connect it under this id, or tell it why not: at once, where that is known at once."""
        try:
            connecting = self._on_connect(sid, handshake)
        except Exception as error:
            client.send_text("44" + codec.dumps(refusal(error)))
            return None
        if connecting is None:
            self._let_in(sid, client)
            return None

        def finish(connected: asyncio.Future[None]) -> None:
            error = connected.exception()
            if error is None:
                self._let_in(sid, client)
            else:
                client.send_text("44" + codec.dumps(refusal(error)))

        return Later(asyncio.ensure_future(connecting), finish)

    def _let_in(self, sid: str, client: DirectClient) -> None:
        client.sid = sid
        self._direct[sid] = client
        client.send_text(f'40{{"sid":"{sid}"}}')  # ids are letters, digits, - and _

    def act(self, sid: str, text: str, wants_ack: bool) -> Any:
        """What the acknowledgement of an event holds, or a `Later` that gives it."""
        known = self._read_known(text)
        if known is not None:
            return self._on_event(sid, known[0], [known[1]], wants_ack)
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

    def takes_longer(self, sid: str) -> None:
        """What this client asked for is more than a message, and counts as more of its turn."""
        client = self._client(sid)
        if client is not None and self.eio.pace.is_limited:
            self.eio.pace.spend(client.place, 0, of_turn=LONG_OF_TURN)

    def goodbye(self, sid: str) -> None:
        """It is connected no more."""
        self._direct.pop(sid, None)
        self._tell_disconnected(sid)

    def _client(self, sid: str) -> DirectClient | GuardedSocket | None:
        return self._direct.get(sid) or self._socket(sid)


def _nobody(_stream: Stream) -> None:
    """Nobody begins streams here."""
