"""One client whose Engine.IO and Socket.IO are ours, on a WebSocket from its first byte.

Protocols: Engine.IO 4 and Socket.IO 5, as published with socket.io's sources. The
packets that a client on a WebSocket and the default namespace sends are few; the
libraries serve whoever begins by polling.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from parley.addresses import place_of
from parley.contract import codec
from parley.wire import frames
from parley.wire.handshake import Handshake
from parley.wire.ids import Ids
from parley.wire.line import Line, Watch
from parley.wire.socket import GuardedSocket

EVENT = re.compile(r"2(\d{0,99})(?!\d)", re.ASCII)
"""How an event begins: its type, and the id under which its sender waits for an answer."""

_OTHER_NAMESPACE = re.compile(r"/[^,?]{1,100}", re.ASCII)
_WAITING_MAX, _WAITING_MAX_BYTES = 64, 64 * 1024
"""Packets of one client that wait for the one before them; then its line is read no more."""
_GONE, _CLOSE = "gone", "close"
"""Beside Socket.IO's packets: the line is lost; the client wants it closed."""
_encode = msgspec.json.Encoder().encode
_PING = b"\x81\x012"
"""A text frame with Engine.IO's `2`."""


class Later(msgspec.Struct, frozen=True):
    """What takes a while."""

    future: asyncio.Future[Any]
    finish: Callable[[asyncio.Future[Any]], Any]
    """Called with it when it is done: what the answer is. Must not raise."""


class Probing(Protocol):
    """How a line stands that is to take over from a polling client."""

    def hear(self, client: DirectClient, text: str) -> None:
        """What it says until it has taken over."""

    def fail(self) -> None:
        """It is lost, or not to be."""


class Host(Protocol):
    """What a server does for its clients, as they see it."""

    working: set[DirectClient]
    """Those who wait for something that takes a while."""

    ids: Ids

    def hello(self) -> str:
        """What the first packet of a new client says, as JSON."""

    def opened(self, client: DirectClient) -> None:
        """It can be written to."""

    def probed(self, client: DirectClient) -> None:
        """It is to take over from a polling client, in time."""

    def adopt(self, session: GuardedSocket, client: DirectClient) -> None:
        """What the polling client was, this one is."""

    def pinged(self, client: DirectClient) -> None:
        """It was asked whether it is still there."""

    def heard(self, client: DirectClient) -> None:
        """It is still there."""

    def oversized(self, client: DirectClient) -> None:
        """It sent something too large to be read, and is cut off for it."""

    def malformed(self) -> None:
        """A client sent what is no packet, or none of its."""

    def welcome(self, sid: str, handshake: Handshake, client: DirectClient) -> Later | None:
        """It wants to take part, under this id."""

    def act(self, sid: str, text: str, wants_ack: bool) -> Any:
        """What the acknowledgement of an event holds, or a `Later` that gives it."""

    def finished(self, client: DirectClient) -> None:
        """What took a while is done."""

    def goodbye(self, sid: str) -> None:
        """It takes part no more."""

    def left(self, client: DirectClient) -> None:
        """It takes part no more, but its line is there still."""

    def lost(self, client: DirectClient) -> None:
        """Its line is gone."""


class DirectClient(Line):
    """Reads one packet after the other, each finished before the next one begins."""

    __slots__ = (
        "_ack_id",
        "_handshake",
        "_is_working",
        "_later",
        "_server",
        "_upgrade",
        "_waiting",
        "_waiting_bytes",
        "sid",
    )

    def __init__(
        self, server: Host, watch: Watch, handshake: Handshake, upgrade: Probing | None = None
    ) -> None:
        super().__init__(watch, place_of(handshake.address))
        self._server = server
        self._handshake = handshake
        self._upgrade = upgrade
        """By which it takes over from a polling client; None for a new one, and once it has."""
        # As bytes: a text may take four times as many.
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_working = False
        self._later: Later | None = None
        """What the packets that wait are waiting for."""
        self._ack_id = ""
        """And under which id its sender waits for the answer; empty for none."""
        self.sid: str | None = None
        """Its Socket.IO id, as long as it is connected."""

    def on_open(self) -> None:
        if self._upgrade is not None:
            self._server.probed(self)
            return
        self.send_text("0" + self._server.hello())
        self._server.opened(self)

    def ping(self) -> None:
        """Ask whether it is still there."""
        self.write(_PING)
        self._server.pinged(self)

    def dismiss(self) -> None:
        """End what is of no use to its client."""
        self.close()

    def take_over(self, session: GuardedSocket) -> None:
        """From a polling client, once all that it posted is done with."""
        self._upgrade, self._ack_id = None, ""
        settled = asyncio.ensure_future(session.settled())
        self._later = Later(settled, lambda _settled: self._server.adopt(session, self))
        self._server.working.add(self)
        settled.add_done_callback(self._go_on)

    def on_text(self, text: str) -> None:
        if self._upgrade is not None:
            self._upgrade.hear(self, text)
        elif text.startswith(("42", "40", "41")):
            self._queue(text[1:])
        elif text.startswith("3"):
            self._server.heard(self)
        elif text.startswith("1"):
            self._queue(_CLOSE)
        elif not text.startswith("43"):  # an acknowledgement: we never ask for one
            self._server.malformed()

    def on_lost(self) -> None:
        self._server.lost(self)
        if self._upgrade is not None:
            self._upgrade.fail()
        self._waiting.append(_GONE.encode())
        self._waiting_bytes += len(_GONE)
        self._watch.backlog.hold(self.place, len(_GONE))
        self.on_caught_up()

    def on_caught_up(self) -> None:
        if self._waiting and self._later is None and not self._is_working:
            self._work(self._next())

    def _queue(self, packet: str) -> None:
        if self._later is not None or self._is_working or self.is_far_behind:
            self._wait(packet.encode())
        else:
            self._work(packet)

    def _wait(self, packet: bytes) -> None:
        self._waiting.append(packet)
        self._waiting_bytes += len(packet)
        if not self._watch.backlog.hold(self.place, len(packet)):
            self.fall_off()
        elif len(self._waiting) >= _WAITING_MAX or self._waiting_bytes >= _WAITING_MAX_BYTES:
            self.pause()

    def _next(self) -> str:
        packet = self._waiting.popleft()
        self._waiting_bytes -= len(packet)
        self._watch.backlog.hold(self.place, -len(packet))
        is_room = self._waiting_bytes < _WAITING_MAX_BYTES // 2
        if self._is_paused and is_room and len(self._waiting) <= _WAITING_MAX // 2:
            self.resume()
        return packet.decode()

    def _work(self, packet: str) -> None:
        """Handle this and what waits behind it, up to one that takes a while, or as long as what
        it is sent is read.
        """
        self._is_working = True
        try:
            while True:
                later = self._handle(packet)
                if later is not None:
                    self._later = later
                    self._server.working.add(self)
                    later.future.add_done_callback(self._go_on)
                    return
                if not self._waiting or self.is_far_behind:
                    return
                packet = self._next()
        finally:
            self._is_working = False

    def _go_on(self, future: asyncio.Future[Any]) -> None:
        later, self._later = self._later, None
        self._server.finished(self)
        if later is not None and not future.cancelled():
            self._answer(self._ack_id, later.finish(future))
        if self._waiting and not self.is_far_behind:
            self._work(self._next())

    def _handle(self, packet: str) -> Later | None:
        if packet == _GONE:
            self._leave()
        elif packet.startswith("/", 1) and not packet.startswith("/,", 1):
            self._refuse_namespace(packet)
        elif packet.startswith("2"):
            return self._event(packet)
        elif packet[0] == "0":
            return self._connect(packet[1:].removeprefix("/,"))
        elif packet == _CLOSE:
            self._leave()
            self.close()
        else:
            self._leave()
            if self.is_open:  # it may connect again
                self._server.left(self)
        return None

    def _connect(self, data: str) -> Later | None:
        try:
            auth = codec.loads(data) if data else None
        except codec.Malformed:
            is_readable = False
        else:
            is_readable = True
        if not is_readable or self.sid is not None:
            self._server.malformed()
            return None
        sid, self._ack_id = self._server.ids.take(), ""
        return self._server.welcome(sid, self._handshake.with_auth(auth), self)

    def _event(self, packet: str) -> Later | None:
        if packet.startswith("/", 1):
            packet = packet[0] + packet[3:]
        head = EVENT.match(packet)
        if head is None or self.sid is None:
            self._server.malformed()
            return None
        id = head[1]
        answer = self._server.act(self.sid, packet[head.end() :], bool(id))
        if isinstance(answer, Later):
            self._ack_id = id
            return answer
        self._answer(id, answer)
        return None

    def _violated(self, code: int) -> None:
        if code == frames.TOO_BIG and self.is_open:
            self._server.oversized(self)
        super()._violated(code)

    def _answer(self, id: str, answer: Any) -> None:
        if id:
            self.write(frames.text(b"43%d[%b]" % (int(id), _encode(answer))))

    def _refuse_namespace(self, packet: str) -> None:
        namespace = _OTHER_NAMESPACE.match(packet, 1)
        if packet[0] == "0" and namespace is not None:
            self.send_text(f'44{namespace[0]},{{"message":"There is only the namespace /."}}')
        else:
            self._server.malformed()

    def _leave(self) -> None:
        sid, self.sid = self.sid, None
        if sid is not None:
            self._server.goodbye(sid)
