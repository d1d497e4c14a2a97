"""A WebSocket connection straight on its transport: frames in, frames out, bounds on both."""

from __future__ import annotations

import asyncio
import math
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from parley.wire import frames
from parley.wire.countdown import Countdown
from parley.wire.outgoing import Due, Outgoing, write_to

BEHIND_MAX_BYTES = 1024 * 1024
"""Who is sent so much more than they read is cut off; they come back and catch up."""
BEHIND_MAX_S = 10.0
"""Or after this long in which what is unread has not become less."""
MUCH_BYTES = 4096
"""Who sends more at once is read again in the next turn of the event loop, after the others: one
turn of libuv's takes up to 8 MiB of a single client."""
FRAMES_MAX = 6_000
FRAMES_PER_S = 30.0
"""So many frames in so long a client may send, of whatever kind: a hundred times what talking
takes. It is for those that no other limit counts."""
CLOSE_WITHIN_S = 2.0
"""How long a client has to answer the closing of its WebSocket."""
NORMAL_CLOSURE, SERVICE_RESTART = 1000, 1012
"""Close codes of RFC 6455, section 7.4.1, and IANA's registry of WebSocket close codes."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What all lines of a server share: the timers, the counts, the bound of a message,
    and what waits to be written.
    """

    max_message_bytes: int
    frames_max: float
    """In `FRAMES_PER_S`."""
    counts: Counter[str]
    outgoing: Outgoing
    behind: Countdown[Line]
    closing: Countdown[Line]

    @classmethod
    def over(
        cls, *, max_message_bytes: int, counts: Counter[str], is_limited: bool = True
    ) -> Watch:
        return cls(
            max_message_bytes,
            FRAMES_MAX if is_limited else math.inf,
            counts,
            Outgoing(),
            behind=Countdown(BEHIND_MAX_S, Line.look_again),
            closing=Countdown(CLOSE_WITHIN_S, Line.abort),
        )


class Line(asyncio.Protocol):
    """Takes over the transport of a WebSocket handshake that was answered.

    `put` is the transport's own `write` as long as the client keeps up, for it is called
    for each of thousands of clients.
    """

    __slots__ = (
        "_file",
        "_frames_left",
        "_frames_since_s",
        "_is_paused",
        "_parser",
        "_put_at_once",
        "_transport",
        "_unread_at_first",
        "_unread_before",
        "_watch",
        "due",
        "is_open",
        "pending",
        "put",
        "when_lost",
    )

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._parser = frames.Parser(watch.max_message_bytes)
        self._frames_left = watch.frames_max
        self._frames_since_s = time.monotonic()
        self._transport: asyncio.Transport | None = None
        self.put: Callable[[bytes], object] = _nothing
        self._put_at_once: Callable[[bytes], object] = _nothing
        self._file = -1
        self.pending: list[bytes] = []
        self.due = Due.NOTHING
        self.is_open = False
        self.when_lost: Callable[[], object] | None = None
        """Called when the connection is no more, for whoever counts connections."""
        self._is_paused = False
        self._unread_at_first = self._unread_before = 0

    def on_open(self) -> None:
        """The line can be written to."""

    def on_text(self, text: str) -> None:
        """A message came."""

    def on_lost(self) -> None:
        """The connection is no more; called once."""

    def take(self, transport: asyncio.Transport, answer: bytes = b"") -> None:
        """Everything that arrives here from now on is frames. `answer` is that of the handshake,
        if it was not given yet: what is said first goes out with it.
        """
        self._transport = transport
        self._file = _file_of(transport)
        self._put_at_once = self._put_straight if self._file >= 0 else transport.write
        self.put = self._put_at_once
        self.is_open = True
        # Whatever the system does not take makes this line one that is behind.
        transport.set_write_buffer_limits(high=0)
        transport.set_protocol(self)
        if answer:
            self.write(answer)
        self.on_open()

    def write(self, frame: bytes) -> None:
        """Send a whole frame; waits for nobody, and goes out with this turn of the event loop."""
        if self.is_open:
            self._watch.outgoing.write(self, frame)

    def send_text(self, text: str) -> None:
        self.write(frames.frame(frames.TEXT, text.encode()))

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        """Say goodbye; who does not answer in time is cut off."""
        if not self.is_open:
            return
        self.pending.append(frames.frame(frames.CLOSE, code.to_bytes(2, "big")))
        write_to((self,))
        self._stop()

    def look_again(self) -> None:
        """Who has read something meanwhile has only a slow line, and gets as much time again."""
        unread = self._unread()
        if unread >= self._unread_before:
            self.fall_off()
        else:
            self._unread_before = unread
            self._watch.behind.start(self)

    def fall_off(self) -> None:
        """Cut off whoever does not read."""
        self._watch.counts["overflowed"] += 1
        self.abort()

    def abort(self) -> None:
        self._stop()
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Read no more until `resume`: the client's own bytes wait in the network."""
        self._is_paused = True
        if self._transport is not None and self._transport.is_reading():
            self._transport.pause_reading()

    def resume(self) -> None:
        self._is_paused = False
        self._resume_reading()

    # --- asyncio.Protocol ---

    def data_received(self, data: bytes) -> None:
        parser = self._parser
        was_told = parser.violation is not None
        if was_told:  # and goes on
            self.abort()
            return
        received = parser.feed(data)
        self._frames_left -= len(received)
        if self._frames_left < 0 and self._is_flood():
            self._violated(frames.POLICY_VIOLATION)
            return
        if len(data) > MUCH_BYTES:
            self._let_others_go_first()
        for opcode, payload in received:
            if opcode == frames.TEXT:
                if self.is_open:
                    self._receive(payload)
            elif opcode == frames.PING:
                self.write(frames.frame(frames.PONG, payload))
            elif opcode == frames.CLOSE:
                self._closed_by_client(payload)
                return
            elif opcode == frames.BINARY:
                self._violated(frames.UNSUPPORTED_DATA)
        if parser.violation is not None:
            self._violated(parser.violation.code)

    def pause_writing(self) -> None:
        if self.is_open:
            self.put = self._put_behind
        # What made it fall behind may be large by itself, and was asked for.
        self._unread_at_first = self._unread_before = self._unread()
        self._watch.behind.start(self)

    def resume_writing(self) -> None:
        if self.is_open and self._transport is not None:
            self.put = self._put_at_once
        self._watch.behind.stop(self)

    def eof_received(self) -> bool:
        return False  # close the transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self._transport = None
        self._watch.behind.stop(self)
        self._watch.closing.stop(self)
        if self.when_lost is not None:
            self.when_lost()
        self.on_lost()

    def _is_flood(self) -> bool:
        """Whether it has sent all it may within the time; else the time begins anew."""
        now = time.monotonic()
        if now < self._frames_since_s + FRAMES_PER_S:
            return True
        self._frames_left, self._frames_since_s = self._watch.frames_max, now
        return False

    def _let_others_go_first(self) -> None:
        transport = self._transport
        if transport is not None and transport.is_reading():
            transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_on)

    def _read_on(self) -> None:
        if not self._is_paused:
            self._resume_reading()

    def _resume_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _receive(self, payload: bytes) -> None:
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            self._violated(frames.INVALID_DATA)
        else:
            self.on_text(text)

    def _violated(self, code: int) -> None:
        self._watch.counts["malformed"] += 1
        self.close(code)

    def _closed_by_client(self, payload: bytes) -> None:
        try:
            code = frames.close_code(payload)
        except frames.Violation as violation:
            code = violation.code
        if self.is_open:  # else it answers ours
            self.close(NORMAL_CLOSURE if code is None else code)
        if self._transport is not None:
            self._transport.close()

    def _stop(self) -> None:
        """Nothing is written from here on."""
        if self.is_open:
            self.is_open = False
            self._watch.closing.start(self)
        self.put = _nothing
        self.pending.clear()

    def _put_straight(self, data: bytes) -> None:
        """What the transport's own write does while nothing waits in it, for less."""
        try:
            sent = os.write(self._file, data)
        except OSError:  # there is no room, or nobody: the transport finds out which
            sent = 0
        if sent < len(data) and self._transport is not None:
            self._transport.write(data[sent:])

    def _put_behind(self, data: bytes) -> None:
        """Cut off who is too far behind to be sent any more."""
        if self._unread() > self._unread_at_first + BEHIND_MAX_BYTES:
            self.fall_off()
        elif self._transport is not None:
            self._transport.write(data)

    def _unread(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()


def _file_of(transport: asyncio.Transport) -> int:
    """The file of a plain TCP connection on uvloop, which keeps it open until it has told that the
    connection is lost; -1 for any other. A third of what a write costs there is the way to it.
    """
    kind = type(transport)
    is_known = (kind.__module__, kind.__name__) == ("uvloop.loop", "TCPTransport")
    if not is_known or transport.get_write_buffer_size():
        return -1
    file: int = transport.get_extra_info("socket").fileno()
    return file


def _nothing(_data: bytes) -> None:
    """Writes to a line that was closed go nowhere."""
