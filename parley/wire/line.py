"""A WebSocket connection straight on its transport: frames in, frames out, bounds on both."""

from __future__ import annotations

import asyncio
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from parley.wire import frames
from parley.wire.countdown import Countdown
from parley.wire.outgoing import Due, Outgoing, write_to
from parley.wire.pace import Pace
from parley.wire.unread import UNREAD_MAX_BYTES, Backlog

MUCH_BYTES = 4096
"""Who sends more at once is read again in the next turn of the event loop, after the others: one
turn of libuv's takes up to 8 MiB of a single client."""
FAR_BEHIND_BYTES = UNREAD_MAX_BYTES // 4
"""Whoever leaves so much unread is not answered until they have read it: they could ask for more
than anybody may have waiting, before they are found to read nothing."""
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
    backlog: Backlog
    pace: Pace
    closing: Countdown[Line]

    @classmethod
    def over(
        cls,
        *,
        max_message_bytes: int,
        counts: Counter[str],
        backlog: Backlog | None = None,
        pace: Pace | None = None,
        is_limited: bool = True,
    ) -> Watch:
        return cls(
            max_message_bytes,
            FRAMES_MAX if is_limited else math.inf,
            counts,
            Outgoing(),
            Backlog(is_limited=is_limited) if backlog is None else backlog,
            Pace(is_limited=is_limited) if pace is None else pace,
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
        "_held",
        "_is_in_line",
        "_is_paused",
        "_kept",
        "_parser",
        "_put_at_once",
        "_transport",
        "_watch",
        "due",
        "is_far_behind",
        "is_open",
        "pending",
        "place",
        "put",
        "unread_before",
        "when_lost",
    )

    def __init__(self, watch: Watch, place: str = "") -> None:
        self._watch = watch
        self.place = place
        """The address it is counted under, while it is open."""
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
        self._is_in_line = False
        """Whether what it sent waits for the turn of its address."""
        self._kept = 0
        """How many bytes that came were not read yet."""
        self.is_far_behind = False
        """Whether so much is unread that nothing more is done for it."""
        self.unread_before = 0
        self._held = 0
        """What is unread, as it was last counted."""

    def on_open(self) -> None:
        """The line can be written to."""

    def on_text(self, text: str) -> None:
        """A message came."""

    def on_caught_up(self) -> None:
        """It has read all that it was sent, and had been far behind."""

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
        transport.set_protocol(self)
        # Whatever the system does not take makes this line one that is behind.
        transport.set_write_buffer_limits(high=0)
        if transport.get_write_buffer_size():  # of answers before it: who was told is gone
            self.pause_writing()
        if answer:
            self.write(answer)
        self.on_open()

    def write(self, frame: bytes) -> None:
        """Send a whole frame; waits for nobody, and goes out with this turn of the event loop."""
        if self.is_open:
            self._watch.outgoing.write(self, frame)

    def send_text(self, text: str) -> None:
        self.write(frames.text(text.encode()))

    def close(self, code: int = NORMAL_CLOSURE) -> None:
        """Say goodbye; who does not answer in time is cut off."""
        if not self.is_open:
            return
        self.pending.append(frames.frame(frames.CLOSE, code.to_bytes(2, "big")))
        write_to((self,))
        self._stop()

    def unread(self) -> int:
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

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
        self._read_on()

    def go_on(self) -> None:
        """Its address has its turn."""
        self._is_in_line = False
        if self._transport is not None and self._parser.violation is None:
            self.data_received(b"")
        self._read_on()

    # --- asyncio.Protocol ---

    def data_received(self, data: bytes) -> None:
        parser = self._parser
        was_told = parser.violation is not None
        if was_told:  # and goes on
            self.abort()
            return
        if self._is_in_line:
            self._wait_in_line(data)
            return
        pace = self._watch.pace
        most = pace.room(self.place) if pace.is_limited else sys.maxsize
        if not most:
            self._wait_in_line(data)
            return
        received = parser.feed(data, most)
        if pace.is_limited:
            pace.spend(self.place, parser.count)
        self._frames_left -= parser.count
        if self._frames_left < 0 and self._is_flood():
            self._violated(frames.POLICY_VIOLATION)
            return
        if parser.has_more:
            self._wait_in_line(b"")
        elif len(data) > MUCH_BYTES:
            self._let_others_go_first()
        if self._kept or len(data) > MUCH_BYTES:
            self._count_kept()
        self._hear(received)

    def _hear(self, received: list[tuple[int, bytes]]) -> None:
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
        if (violation := self._parser.violation) is not None:
            self._violated(violation.code)

    def pause_writing(self) -> None:
        if self.is_open:
            self.put = self._put_behind
        self._watch.backlog.watch(self)
        self._count_unread()

    def resume_writing(self) -> None:
        if self.is_open and self._transport is not None:
            self.put = self._put_at_once
        self._watch.backlog.forget(self)
        self._count_unread()
        if self.is_far_behind:
            self.is_far_behind = False
            self.on_caught_up()

    def eof_received(self) -> bool:
        return False  # close the transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        self._transport = None
        self._watch.backlog.forget(self)
        self._count_unread()
        self._let_go()
        self.is_far_behind = False
        self._watch.closing.stop(self)
        self._put_at_once = _nothing  # which held on to us: a circle that only the collector opens
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
        if self._is_paused or self._is_in_line:
            return
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _wait_in_line(self, data: bytes) -> None:
        """Read no more, and what came only when its address has room."""
        self._parser.keep(data)
        if not self._is_in_line:
            self._is_in_line = True
            if self._transport is not None and self._transport.is_reading():
                self._transport.pause_reading()
            self._watch.pace.wait(self.place, self)
        self._count_kept()

    def _count_kept(self) -> None:
        """What came and is not read yet, for want of its turn or of its rest."""
        more, self._kept = self._parser.kept - self._kept, self._parser.kept
        if not self._watch.backlog.hold(self.place, more):
            self.fall_off()

    def _let_go(self) -> None:
        """What it sent waits no more."""
        kept, self._kept = self._kept, 0
        self._watch.backlog.hold(self.place, -kept)

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
        if self._held > UNREAD_MAX_BYTES:
            self.fall_off()
        elif self._transport is not None:
            self._transport.write(data)
            self._count_unread()

    def _count_unread(self) -> None:
        """Count what is unread for its address; too much for all of that is too much for it."""
        unread = self.unread()
        more, self._held = unread - self._held, unread
        if unread > FAR_BEHIND_BYTES:
            self.is_far_behind = True
        if not self._watch.backlog.hold(self.place, more):
            self.fall_off()


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
