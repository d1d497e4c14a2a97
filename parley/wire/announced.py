"""Connections whose proxy says first whose they are (PROXY protocol)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import structlog

from parley.wire import proxy_protocol
from parley.wire.countdown import Countdown
from parley.wire.opening import BUSY
from parley.wire.proxy_protocol import Peer

log = structlog.get_logger(__name__)

ANNOUNCED_WITHIN_S = 5.0
"""How long a proxy may take to say it: it knows it when it connects."""

_ADVICE = (
    "A connection from a proxy in --trusted-proxies was closed, since it did not begin with the "
    "PROXY protocol. Turn that on in the proxy, for its own checks too (HAProxy: send-proxy-v2 "
    "check-send-proxy; nginx: proxy_protocol on, in stream), or leave out --proxy-protocol."
)


NOBODY_KNOWN = ("0.0.0.0", 0)  # noqa: S104  # no address to listen on
"""The peer of whoever a proxy does not name: one for all of them, and no proxy's."""


@dataclass(slots=True)
class Porch:
    """What connections come through before the door, where proxies announce them."""

    opening: Callable[[], asyncio.Protocol]
    """What goes on with a connection once its peer is known."""
    announces: Callable[[Any], bool]
    """Whether this peer, in the form of a socket's address, is a proxy that must say it."""
    is_full: Callable[[], bool]
    waiting: Countdown[Announced]
    has_warned: bool = False

    @classmethod
    def before(
        cls,
        opening: Callable[[], asyncio.Protocol],
        announces: Callable[[Any], bool],
        is_full: Callable[[], bool],
    ) -> Porch:
        waiting = Countdown(ANNOUNCED_WITHIN_S, Announced.give_up)
        return cls(opening, announces, is_full, waiting)

    def warn(self) -> None:
        """Tell once of a proxy that begins without."""
        if not self.has_warned:
            self.has_warned = True
            log.warning("proxy_protocol_missing", advice=_ADVICE)


class Announced(asyncio.Protocol):
    """A connection until it is known whose it is.

    That of a proxy must begin with the header, for the protocol allows no guessing: its client
    could else announce itself as anybody. From anybody else it is nothing special.
    """

    __slots__ = ("_data", "_porch", "_transport")

    def __init__(self, porch: Porch) -> None:
        self._porch = porch
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if not self._porch.announces(transport.get_extra_info("peername")):
            self._go_on(self._transport, b"")
        elif self._porch.is_full():
            self._transport.write(BUSY)
            self._transport.close()
        else:
            self._porch.waiting.start(self)

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._data += data
        try:
            header = proxy_protocol.read(self._data)
        except proxy_protocol.Malformed:
            self._porch.warn()
            transport.abort()
            return
        if header is None:
            return
        # Where it does not say whose it is, the headers that follow are believed no more than a
        # stranger's: the proxy passes them on as they came.
        peer = header.peer or NOBODY_KNOWN
        transport = cast("asyncio.Transport", Relayed(transport, peer))
        self._go_on(transport, self._data[header.length :])

    def connection_lost(self, exc: Exception | None) -> None:
        self._porch.waiting.stop(self)
        self._transport = None

    def give_up(self) -> None:
        """It took too long."""
        if self._transport is not None:
            self._porch.warn()
            self._transport.abort()

    def _go_on(self, transport: asyncio.Transport, early: bytes) -> None:
        self._porch.waiting.stop(self)
        self._transport, self._data = None, b""
        opening = self._porch.opening()
        transport.set_protocol(opening)
        opening.connection_made(transport)
        if early:
            opening.data_received(early)


class Relayed:
    """A transport whose peer is who its proxy speaks for."""

    def __init__(self, transport: asyncio.Transport, peer: Peer) -> None:
        self._transport = transport
        self._peer = peer

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name == "peername":
            return self._peer
        found = self._transport.get_extra_info(name, default)
        return RelayedSocket(found, self._peer) if name == "socket" and found else found

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._transport, name)
        setattr(self, name, found)  # the next time at once
        return found


class RelayedSocket:
    """Its socket likewise."""

    def __init__(self, socket: Any, peer: Peer) -> None:
        self._socket = socket
        self._peer = peer

    def getpeername(self) -> Peer:
        return self._peer

    def getsockname(self) -> Any:
        return self._socket.getsockname()[:2]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)
