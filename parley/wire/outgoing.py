"""What waits to be written: what one client is told at about the same time goes out in one write.

A write costs the system ten times what it costs us to gather two frames, and a crowd takes one
for each of its people. So a crowd rests after it was written to, in proportion to what that took:
when much is said in it, each write carries more, and everybody else has their turn meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Protocol

CROWD = 32
"""Fewer lines than this are written to at once."""
RESTS = 3
"""How often as long as writing to it took a crowd rests."""
REST_MAX_S = 0.02
"""And for this long at the most, which nobody sees."""


class Due(Enum):
    """When what waits for a line is written."""

    NOTHING = "nothing"
    WITH_THE_CROWD = "with the crowd"
    NOW = "now"
    """At the end of this turn of the event loop."""


# Looking these up at the class costs as much as appending to a list.
_NOTHING, _NOW = Due.NOTHING, Due.NOW


class Pending(Protocol):
    """A line, as far as it is written to here."""

    pending: list[bytes]
    due: Due
    put: Callable[[bytes], object]


class Outgoing:
    """What waits for all lines of a server. Order on each line is kept."""

    __slots__ = ("_crowd", "_now", "_rests_until_s")

    def __init__(self) -> None:
        self._now: list[Pending] = []
        self._crowd: list[Pending] = []
        self._rests_until_s = 0.0

    def write(self, line: Pending, frame: bytes) -> None:
        """To one, with whatever waits for it."""
        line.pending.append(frame)
        if line.due is not _NOW:
            line.due = _NOW
            if not self._now:
                asyncio.get_running_loop().call_soon(self._write_now)
            self._now.append(line)

    def spread(self, lines: Sequence[Pending], frame: bytes) -> None:
        """To each of these; to a crowd as soon as it has rested."""
        if len(lines) < CROWD:
            now = self._now
            if not now and lines:
                asyncio.get_running_loop().call_soon(self._write_now)
            for line in lines:  # as `write`, without a call for each
                line.pending.append(frame)
                if line.due is not _NOW:
                    line.due = _NOW
                    now.append(line)
            return
        crowd = self._crowd
        is_first = not crowd
        for line in lines:
            line.pending.append(frame)
            if line.due is Due.NOTHING:
                line.due = Due.WITH_THE_CROWD
                crowd.append(line)
        if is_first and crowd:
            loop = asyncio.get_running_loop()
            rest_s = self._rests_until_s - time.monotonic()
            if rest_s > 0:
                loop.call_later(rest_s, self._write_crowd)
            else:
                loop.call_soon(self._write_crowd)

    def _write_now(self) -> None:
        lines, self._now = self._now, []
        write_to(lines)

    def _write_crowd(self) -> None:
        lines, self._crowd = self._crowd, []
        began_s = time.monotonic()
        write_to(lines)
        ended_s = time.monotonic()
        self._rests_until_s = ended_s + min(RESTS * (ended_s - began_s), REST_MAX_S)


def write_to(lines: Iterable[Pending]) -> None:
    """Write what waits for each of these."""
    for line in lines:
        line.due = _NOTHING
        pending = line.pending
        if pending:
            line.pending = []
            line.put(pending[0] if len(pending) == 1 else b"".join(pending))
