"""How many conversations are exported at once, and for whom."""

from __future__ import annotations

from collections.abc import Hashable

from parley.errors import RateLimited

MOST_AT_ONCE = 16
"""An export that is read slowly costs little but its turn."""
MOST_OF_AN_ADDRESS = 4
"""So that nobody alone takes all turns, by as many sessions as they like."""
RETRY_AFTER_S = 10.0


class Exports:
    """Those that go on."""

    def __init__(self) -> None:
        self._going_on: dict[Hashable, str] = {}
        """By whose it is: from which address."""

    @property
    def count(self) -> int:
        return len(self._going_on)

    def begin(self, who: Hashable, address: str) -> Turn:
        """Raises `RateLimited` where one goes on for them, or enough do for others."""
        if who in self._going_on:
            raise RateLimited(
                "You are exporting a conversation already. Wait until that is done.",
                retry_after=RETRY_AFTER_S,
            )
        of_address = sum(other == address for other in self._going_on.values())
        if of_address >= MOST_OF_AN_ADDRESS or self.count >= MOST_AT_ONCE:
            raise RateLimited(
                "Several conversations are being exported. Try again in a moment.",
                retry_after=RETRY_AFTER_S,
            )
        self._going_on[who] = address
        return Turn(self._going_on, who)


class Turn:
    """Of one export, until it ends; ending it again does nothing."""

    def __init__(self, going_on: dict[Hashable, str], who: Hashable) -> None:
        self._going_on, self._who = going_on, who
        self._is_over = False

    def end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._going_on.pop(self._who, None)

    def __del__(self) -> None:
        # An answer that nobody began to send is never ended.
        self.end()
