"""What clients leave unread: how much of it may wait for them, and for how long.

Whoever asks and does not read would otherwise have the server keep all the answers. One bound
holds on every way out: WebSockets, polling, and plain HTTP.
"""

from __future__ import annotations

import math
from typing import Protocol

from parley.wire.countdown import Countdown

UNREAD_MAX_BYTES = 1024 * 1024
"""Who leaves more than this unread is cut off; they come back and catch up."""
UNREAD_MAX_S = 10.0
"""Or after this long in which what is unread has not become less."""
ADDRESS_MAX_BYTES = 64 * 1024 * 1024
"""What may wait for, or of, all clients of one address together: five hundred of them, at a
megabyte each, would take half of a small machine."""

NEARLY_ALL = 7 / 8
"""Of that: what is left has room for any one answer over HTTP."""


class Slow(Protocol):
    """A client that has not read all it was sent."""

    unread_before: int
    """In bytes, when this was last looked at."""

    def unread(self) -> int:
        """In bytes, now."""

    def fall_off(self) -> None:
        """Cut it off."""


class Backlog:
    """Of all clients of a server."""

    def __init__(self, *, is_limited: bool = True) -> None:
        self._most_bytes = ADDRESS_MAX_BYTES if is_limited else math.inf
        self._held: dict[str, int] = {}
        self._slow: Countdown[Slow] = Countdown(UNREAD_MAX_S, self._look_again)

    def hold(self, place: str, size: int) -> bool:
        """Count so many bytes more for an address, or fewer; whether it may have as many waiting.

        They count until as many are taken back, also where the answer is no. Who has no
        address, an empty one, may.
        """
        held = self._held.get(place, 0) + size
        if held > 0:
            self._held[place] = held
        else:
            self._held.pop(place, None)
        return size <= 0 or not place or held <= self._most_bytes

    def is_full(self, place: str) -> bool:
        """Whether so much waits for an address that there is no room for a large answer."""
        return bool(place) and self._held.get(place, 0) > self._most_bytes * NEARLY_ALL

    def watch(self, client: Slow) -> None:
        """See to it that it reads, from now on."""
        client.unread_before = client.unread()
        self._slow.start(client)

    def ensure_watched(self, client: Slow) -> None:
        """The same, unless that is being seen to."""
        if client not in self._slow:
            self.watch(client)

    def forget(self, client: Slow) -> None:
        """It has read everything, or is gone."""
        self._slow.stop(client)

    def _look_again(self, client: Slow) -> None:
        """Who has read something meanwhile has only a slow line, and gets as much time again."""
        unread = client.unread()
        if unread >= client.unread_before > 0:
            client.fall_off()
        elif unread:
            client.unread_before = unread
            self._slow.start(client)
