"""The first request of a connection: a Socket.IO WebSocket is ours, all else Hypercorn's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from parley.errors import Unavailable
from parley.wire import answers, heads
from parley.wire.connection import Admit
from parley.wire.countdown import Countdown
from parley.wire.heads import HEAD_MAX_BYTES, Handshaking
from parley.wire.pace import OPENING_OF_TURN, Pace
from parley.wire.places import RETRY_AFTER_S
from parley.wire.unread import Backlog

OPEN_WITHIN_S = 10.0
"""How long a client may take to say what it wants."""
_OURS = b"GET %b/socket.io"
BUSY = answers.written_out(
    503, answers.error_body(Unavailable(retry_after=RETRY_AFTER_S)), retry_after_s=RETRY_AFTER_S
)
"""What is answered where there is no place for anybody."""


@dataclass(frozen=True, slots=True)
class Door:
    """What the connections of a server come through."""

    admit: Admit
    to_http: Callable[[asyncio.Transport, bytes, Callable[[], object] | None], None]
    """Takes over a transport, what came so far, and what to call once the connection is lost."""
    entering: Countdown[Opening]
    is_full: Callable[[], bool]
    take_place: Callable[[Any], Callable[[], object] | None]
    """Counts a connection from a peer; gives what to call once it is lost, None if it is one too
    many."""
    crowded: bytes
    """What a peer is told that has too many connections already."""
    pace: Pace
    backlog: Backlog
    place_of_peer: Callable[[Any], str]
    """Under which a peer has its turn; empty for a proxy."""
    place_of: Callable[[dict[str, Any]], str]
    """And whoever asks, in ASGI's form, through proxies too."""
    ours: tuple[bytes, ...]
    """How requests begin that may open a Socket.IO WebSocket."""


def ways_in(root: str) -> tuple[bytes, ...]:
    """For `Door.ours`, of a server that is reached under the path `root`: a proxy may take that
    away or leave it.
    """
    return tuple(_OURS % each.encode("ascii") for each in dict.fromkeys(("", root)))


class Opening(asyncio.Protocol):
    """A connection until its first request is known."""

    __slots__ = (
        "_data",
        "_door",
        "_give_place_back",
        "_held",
        "_is_in_line",
        "_place",
        "_transport",
    )

    def __init__(self, door: Door) -> None:
        self._door = door
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._give_place_back: Callable[[], object] | None = None
        self._place = ""
        self._is_in_line = False
        """Whether its first request waits for the turn of its address."""
        self._held = 0
        """How many bytes of it are counted as waiting."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._door.is_full():
            self._refuse(BUSY)
            return
        peer = transport.get_extra_info("peername")
        self._place = self._door.place_of_peer(peer)
        self._give_place_back = self._door.take_place(peer)
        if self._give_place_back is None:
            self._refuse(self._door.crowded)
        else:
            self._door.entering.start(self)

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._data += data
        if not self._is_in_line:
            self._hear(transport)

    def go_on(self) -> None:
        """Its address has its turn."""
        self._is_in_line = False
        self._let_go()
        transport = self._transport
        if transport is not None and not transport.is_closing():
            transport.resume_reading()
            self._hear(transport)

    def _hear(self, transport: asyncio.Transport) -> None:
        length = len(self._data)
        is_ours = any(self._data.startswith(each[:length]) for each in self._door.ours)
        end = self._data.find(b"\r\n\r\n") if is_ours else -1
        if is_ours and end < 0 and len(self._data) <= HEAD_MAX_BYTES:
            return
        asked = None if end < 0 else self._asked(transport, end)
        pace = self._door.pace
        if pace.is_limited:
            if asked is not None and not self._place:  # a proxy's: it is whoever it speaks for
                self._place = self._door.place_of(asked.scope)
            if not pace.room(self._place):
                self._wait_in_line(transport)
                return
            if asked is None:
                pace.spend(self._place, 0, of_turn=OPENING_OF_TURN)
            else:
                pace.spend_on_handshake(self._place)
        if asked is None:
            self._pass_on(transport)
        else:
            self._open(transport, asked, self._data[end + 4 :])

    def _wait_in_line(self, transport: asyncio.Transport) -> None:
        self._is_in_line = True
        transport.pause_reading()
        self._door.entering.start(self)  # it said in time what it wants
        self._held = len(self._data)
        if self._door.backlog.hold(self._place, self._held):
            self._door.pace.wait(self._place, self)
        else:
            transport.abort()

    def _let_go(self) -> None:
        self._door.backlog.hold(self._place, -self._held)
        self._held = 0

    def connection_lost(self, exc: Exception | None) -> None:
        self._let_go()
        self._door.entering.stop(self)
        self._transport = None
        if self._give_place_back is not None:
            self._give_place_back()

    def give_up(self) -> None:
        """It took too long."""
        if self._transport is not None:
            self._transport.abort()

    def _asked(self, transport: asyncio.Transport, end: int) -> Handshaking | None:
        """The handshake that its first words are, if they are one."""
        asked = heads.of_head(self._data[:end])
        if asked is not None:
            asked.scope["scheme"] = "wss" if transport.get_extra_info("sslcontext") else "ws"
            peer = transport.get_extra_info("peername")
            asked.scope["client"] = peer[:2] if isinstance(peer, tuple) else None
        return asked

    def _open(self, transport: asyncio.Transport, asked: Handshaking, early: bytes) -> None:
        line = self._door.admit(asked.scope)
        if line is None:
            self._pass_on(transport)
            return
        if isinstance(line, bytes):
            self._refuse(line)
            return
        line.when_lost = self._leave()
        line.take(transport, asked.answer)
        if early:
            line.data_received(early)

    def _refuse(self, answer: bytes) -> None:
        if self._transport is not None:
            self._transport.write(answer)
            self._transport.close()

    def _pass_on(self, transport: asyncio.Transport) -> None:
        self._door.to_http(transport, self._data, self._leave())

    def _leave(self) -> Callable[[], object] | None:
        """The connection goes on without us; what to call once it is lost."""
        self._transport = None
        self._door.entering.stop(self)
        give_back, self._give_place_back = self._give_place_back, None
        return give_back
