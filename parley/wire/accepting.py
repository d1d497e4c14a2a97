"""Connections from the moment they are accepted until they are TLS.

Their first bytes are looked at, and left where they are, before anything is decided: a proxy may
announce its client in the clear, and whoever speaks plain HTTP by mistake is told so.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, cast

from parley.errors import BadRequest
from parley.wire import answers, proxy_protocol
from parley.wire.announced import NOBODY_KNOWN, Porch, Relayed
from parley.wire.certificate import Certificate
from parley.wire.countdown import Countdown
from parley.wire.heads import HEAD_MAX_BYTES
from parley.wire.pace import TURN_PACKETS, Pace

SHAKE_HANDS_WITHIN_S = 10.0
"""From the first byte to the last of a handshake; and before, from connecting to the first."""
SHUT_DOWN_WITHIN_S = 2.0
"""How long the other side has to say that it has heard the end of TLS."""
SHAKE_HANDS_OF_TURN = TURN_PACKETS
"""What a handshake counts as: half a millisecond, or two with a large RSA key."""
LOOK_AGAIN_S = 0.05
"""After a piece of what should have come whole: what was only looked at would tell at once that it
is there."""
_HANDSHAKE_RECORD = b"\x16"
"""How TLS begins (RFC 8446, section 5.1)."""
_ASKED = re.compile(
    rb"(?:GET|HEAD) (?P<path>/[!-~]*) HTTP/1\.[01]\r\n"
    rb"(?:[^\r\n]+\r\n)*?host:[ \t]*(?P<host>[a-z0-9._-]{1,253}|\[[0-9a-f:]{2,45}\])"
    rb"(?P<port>:\d{1,5})?[ \t]*\r\n",
    re.IGNORECASE,
)
_SENTENCE = "This address speaks HTTPS: begin it with https:// instead of http://."


@dataclass(frozen=True, slots=True)
class Hall:
    """What all connections that are not TLS yet share."""

    certificate: Certificate
    opening: Callable[[], asyncio.Protocol]
    """What goes on with a connection that is."""
    porch: Porch
    """Where proxies announce whom they speak for."""
    is_full: Callable[[], bool]
    take_place: Callable[[Any], Callable[[], object] | None]
    place_of_peer: Callable[[Any], str]
    pace: Pace
    arriving: Countdown[Arrival]
    """The time that each of those has of whom something is waited for."""
    outside: set[Arrival]
    shaking: set[asyncio.Task[None]]

    @classmethod
    def before(
        cls,
        opening: Callable[[], asyncio.Protocol],
        *,
        certificate: Certificate,
        porch: Porch,
        is_full: Callable[[], bool],
        take_place: Callable[[Any], Callable[[], object] | None],
        place_of_peer: Callable[[Any], str],
        pace: Pace,
    ) -> Hall:
        return cls(
            certificate,
            opening,
            porch,
            is_full,
            take_place,
            place_of_peer,
            pace,
            Countdown(SHAKE_HANDS_WITHIN_S, Arrival.end),
            set(),
            set(),
        )

    def __len__(self) -> int:
        return len(self.outside)

    def come(self, sock: socket.socket, peer: Any) -> None:
        """A connection was accepted."""
        if self.is_full():
            sock.close()  # in the clear nobody would hear us, and TLS is what there is no room for
            return
        sock.setblocking(False)
        Arrival(self, sock, peer).begin()

    async def close(self) -> None:
        """Whoever is not in yet stays outside."""
        shaking = set(self.shaking)
        for task in shaking:
            task.cancel()
        if shaking:
            await asyncio.wait(shaking)
        for arrival in list(self.outside):
            arrival.end()


class Arrival:
    """One connection, until its TLS begins."""

    __slots__ = ("_announced", "_give_place_back", "_hall", "_is_read", "_later", "_peer", "_sock")

    def __init__(self, hall: Hall, sock: socket.socket, peer: Any) -> None:
        self._hall = hall
        self._sock = sock
        self._peer = peer
        self._announced: proxy_protocol.Peer | None = None
        self._is_read = False
        self._later: asyncio.TimerHandle | None = None
        self._give_place_back: Callable[[], object] | None = None

    def begin(self) -> None:
        if not self._hall.porch.announces(self._peer) and not self._take_place():
            self._sock.close()
            return
        self._hall.outside.add(self)
        self._hall.arriving.start(self)
        self._read_on()

    def end(self) -> None:
        """Nothing becomes of it, or nothing came in time."""
        self._leave()
        self._sock.close()

    def go_on(self) -> None:
        """Its address has its turn."""
        if self._sock.fileno() >= 0:
            self._shake_hands_in_turn()

    def _take_place(self) -> bool:
        self._give_place_back = self._hall.take_place(self._announced or self._peer)
        return self._give_place_back is not None

    def _leave(self) -> None:
        """Its place is counted anew where it goes."""
        self._hall.outside.discard(self)
        self._hall.arriving.stop(self)
        self._read_no_more()
        if self._later is not None:
            self._later.cancel()
        give_back, self._give_place_back = self._give_place_back, None
        if give_back is not None:
            give_back()

    def _read_on(self) -> None:
        self._later = None
        self._is_read = True
        asyncio.get_running_loop().add_reader(self._sock, self._look)

    def _read_no_more(self) -> None:
        if self._is_read:
            self._is_read = False
            asyncio.get_running_loop().remove_reader(self._sock)

    def _wait_for_more(self) -> None:
        self._read_no_more()
        self._later = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._read_on)

    def _look(self) -> None:
        try:
            data = self._sock.recv(HEAD_MAX_BYTES, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self.end()
        elif self._announced is None and self._hall.porch.announces(self._peer):
            self._hear_announced(data)
        elif data.startswith(_HANDSHAKE_RECORD):
            self._read_no_more()
            self._shake_hands_in_turn()
        else:
            self._answer_in_the_clear()

    def _hear_announced(self, data: bytes) -> None:
        try:
            header = proxy_protocol.read(data)
        except proxy_protocol.Malformed:
            self._hall.porch.warn()
            self.end()
            return
        if header is None:
            self._wait_for_more()
            return
        self._sock.recv(header.length)
        self._announced = header.peer or NOBODY_KNOWN
        if not self._take_place():
            self.end()

    def _shake_hands_in_turn(self) -> None:
        hall = self._hall
        place = hall.place_of_peer(self._announced or self._peer)
        hall.arriving.start(self)
        if hall.pace.is_limited:
            if not hall.pace.room(place):
                hall.pace.wait(place, self)
                return
            hall.pace.spend(place, 0, of_turn=SHAKE_HANDS_OF_TURN)
        hall.arriving.stop(self)
        task = asyncio.get_running_loop().create_task(self._shake_hands())
        hall.shaking.add(task)
        task.add_done_callback(hall.shaking.discard)

    async def _shake_hands(self) -> None:
        try:
            # What fails is of those who distrust the certificate, have gone, or speak what we do
            # not. The socket is the transport's by now, which closes it.
            with contextlib.suppress(OSError):
                await asyncio.get_running_loop().connect_accepted_socket(
                    lambda: _Secured(self, self._hall.opening),
                    self._sock,
                    ssl=self._hall.certificate.context,
                    ssl_handshake_timeout=SHAKE_HANDS_WITHIN_S,
                    ssl_shutdown_timeout=SHUT_DOWN_WITHIN_S,
                )
        finally:
            self._leave()

    def enter(self, transport: asyncio.BaseTransport) -> asyncio.Transport:
        """TLS is spoken: the transport as those inside are to see it."""
        self._leave()
        if self._announced is None:
            return cast("asyncio.Transport", transport)
        return cast(
            "asyncio.Transport", Relayed(cast("asyncio.Transport", transport), self._announced)
        )

    def _answer_in_the_clear(self) -> None:
        self._leave()
        task = asyncio.get_running_loop().create_task(self._misdirected())
        self._hall.shaking.add(task)
        task.add_done_callback(self._hall.shaking.discard)

    async def _misdirected(self) -> None:
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(_Misdirected, self._sock)


class _Secured(asyncio.Protocol):
    """What hears that the handshake is done."""

    def __init__(self, arrival: Arrival, opening: Callable[[], asyncio.Protocol]) -> None:
        self._arrival = arrival
        self._opening = opening

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        inside = self._arrival.enter(transport)
        opening = self._opening()
        inside.set_protocol(opening)
        opening.connection_made(inside)


class _Misdirected(asyncio.Protocol):
    """Somebody who speaks plain HTTP where TLS is spoken."""

    def __init__(self) -> None:
        self._data = b""
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._timer = asyncio.get_running_loop().call_later(
            SHUT_DOWN_WITHIN_S, self._transport.abort
        )

    def data_received(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._data += data
        is_http = self._data[:1].isalpha()
        if is_http and b"\r\n\r\n" not in self._data and len(self._data) < HEAD_MAX_BYTES:
            return
        if is_http:
            transport.write(in_the_clear(self._data))
        transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._transport = None


def in_the_clear(head: bytes) -> bytes:
    """The answer to a request in plain HTTP: for a page, the way to where it is."""
    body = answers.error_body(BadRequest(_SENTENCE))
    fields = [*answers.headers_for(body), (b"connection", b"close")]
    asked = _ASKED.match(head)
    status = HTTPStatus.BAD_REQUEST
    if asked is not None:
        status = HTTPStatus.TEMPORARY_REDIRECT  # for good would keep it where TLS ends
        where = b"https://" + asked["host"] + (asked["port"] or b"") + asked["path"]
        fields.append((b"location", where))
    lines = [b"%b: %b" % (name.title(), value) for name, value in fields]
    start = b"HTTP/1.1 %d %b" % (status, status.phrase.encode("ascii"))
    return b"\r\n".join((start, *lines, b"", b"" if head.startswith(b"HEAD") else body))
