"""One client whose Engine.IO and Socket.IO are ours, on a WebSocket from its first byte.

Protocols: Engine.IO 4 and Socket.IO 5, as published with socket.io's sources. The
packets that a client on a WebSocket and the default namespace sends are few; the
libraries serve whoever begins by polling.
"""

from __future__ import annotations

import re
import secrets
from collections import deque
from typing import TYPE_CHECKING

from parley import codec
from parley.wire.handshake import Handshake
from parley.wire.line import Line, Watch

if TYPE_CHECKING:
    from parley.wire.server import Server

EVENT = re.compile(r"2(\d{0,99})(?!\d)", re.ASCII)
"""How an event begins: its type, and the id under which its sender waits for an answer."""

_OTHER_NAMESPACE = re.compile(r"/[^,?]{1,100}", re.ASCII)
_WAITING_MAX = 64
"""Packets of one client that wait for the one before them; then its line is read no more."""
_GONE, _CLOSE = "gone", "close"
"""Beside Socket.IO's packets: the line is lost; the client wants it closed."""
_PING = b"\x81\x012"
"""A text frame with Engine.IO's `2`."""


class DirectClient(Line):
    """Reads one packet after the other, each finished before the next one begins."""

    __slots__ = ("_handshake", "_is_working", "_server", "_waiting", "sid")

    def __init__(self, server: Server, watch: Watch, handshake: Handshake) -> None:
        super().__init__(watch)
        self._server = server
        self._handshake = handshake
        self._waiting: deque[str] = deque()
        self._is_working = False
        self.sid: str | None = None
        """Its Socket.IO id, as long as it is connected."""

    def on_open(self) -> None:
        hello = self._server.eio.opening(secrets.token_urlsafe(15), [])
        self.send_text("0" + codec.dumps(hello))
        self._server.opened(self)

    def ping(self) -> None:
        """Ask whether it is still there."""
        self.send(_PING)
        self._server.eio.pongs.start(self)

    def dismiss(self) -> None:
        """End what is of no use to its client."""
        self.close()

    def on_text(self, text: str) -> None:
        match text[:1]:
            case "4" if text[1:2] in ("0", "1", "2"):
                self._queue(text[1:])
            case "4" if text[1:2] == "3":
                pass  # an acknowledgement: we never ask for one
            case "3":
                self._server.heard(self)
            case "1":
                self._queue(_CLOSE)
            case _:
                self._server.eio.counts["malformed"] += 1

    def on_lost(self) -> None:
        self._server.lost(self)
        self._queue(_GONE)

    def _queue(self, packet: str) -> None:
        if self._is_working:
            self._waiting.append(packet)
            if len(self._waiting) == _WAITING_MAX:
                self.pause()
        else:
            self._is_working = True
            self._server.run(self._work(packet))

    async def _work(self, packet: str) -> None:
        try:
            while True:
                await self._handle(packet)
                if not self._waiting:
                    return
                packet = self._waiting.popleft()
                if len(self._waiting) == _WAITING_MAX // 2:
                    self.resume()
        finally:
            self._is_working = False

    async def _handle(self, packet: str) -> None:
        if packet == _GONE:
            self._leave()
        elif packet[1:2] == "/" and not packet.startswith("/,", 1):
            self._refuse_namespace(packet)
        elif packet[0] == "2":
            await self._event(packet)
        elif packet[0] == "0":
            await self._connect(packet[1:].removeprefix("/,"))
        elif packet == _CLOSE:
            self._leave()
            self.close()
        else:
            self._leave()
            if self.is_open:  # it may connect again
                self._server.eio.unseated.start(self)

    async def _connect(self, data: str) -> None:
        try:
            auth = codec.loads(data) if data else None
        except codec.Malformed:
            is_readable = False
        else:
            is_readable = True
        if not is_readable or self.sid is not None:
            self._server.eio.counts["malformed"] += 1
            return
        sid = secrets.token_urlsafe(15)
        refusal = await self._server.welcome(sid, self._handshake.with_auth(auth), self)
        if refusal is not None:
            self.send_text("44" + codec.dumps(refusal))

    async def _event(self, packet: str) -> None:
        packet = packet if packet[1:2] != "/" else packet[0] + packet[3:]
        head = EVENT.match(packet)
        if head is None or self.sid is None:
            self._server.eio.counts["malformed"] += 1
            return
        wants_ack = bool(head[1])
        try:
            data = codec.loads(packet[head.end() :])
        except codec.Malformed:
            data = None
        answer = await self._server.act(self.sid, data, wants_ack)
        if wants_ack:
            self.send_text(f"43{int(head[1])}[{codec.dumps(answer)}]")

    def _refuse_namespace(self, packet: str) -> None:
        namespace = _OTHER_NAMESPACE.match(packet, 1)
        if packet[0] == "0" and namespace is not None:
            self.send_text(f'44{namespace[0]},{{"message":"There is only the namespace /."}}')
        else:
            self._server.eio.counts["malformed"] += 1

    def _leave(self) -> None:
        sid, self.sid = self.sid, None
        if sid is not None:
            self._server.goodbye(sid)
