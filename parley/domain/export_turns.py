"""How many conversations are exported at once, and for whom."""

from __future__ import annotations

from collections.abc import Hashable

from parley.errors import RateLimited

MOST_AT_ONCE = 4
"""Each reads and encodes as fast as it can: more of them would only take each other's time."""
RETRY_AFTER_S = 10.0


class Exports:
    """Those that go on."""

    def __init__(self) -> None:
        self._going_on: set[Hashable] = set()

    @property
    def count(self) -> int:
        return len(self._going_on)

    def begin(self, who: Hashable) -> Turn:
        """Raises `RateLimited` where one goes on for them, or enough do for others."""
        if who in self._going_on:
            raise RateLimited(
                "You are exporting a conversation already. Wait until that is done.",
                retry_after=RETRY_AFTER_S,
            )
        if len(self._going_on) >= MOST_AT_ONCE:
            raise RateLimited(
                "Several conversations are being exported. Try again in a moment.",
                retry_after=RETRY_AFTER_S,
            )
        self._going_on.add(who)
        return Turn(self._going_on, who)


class Turn:
    """Of one export, until it ends; ending it again does nothing."""

    def __init__(self, going_on: set[Hashable], who: Hashable) -> None:
        self._going_on, self._who = going_on, who
        self._is_over = False

    def end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._going_on.discard(self._who)

    def __del__(self) -> None:
        # An answer that nobody began to send is never ended.
        self.end()
