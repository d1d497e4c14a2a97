"""How many connections each address has open."""

from __future__ import annotations

RETRY_AFTER_S = 10
"""When somebody for whom there is no place may ask again."""

SCARCE = 0.75
"""Where more than so many of all places are taken, whoever takes part in nothing makes room."""


class Places:
    """At most `most` for each address, without a bound for None; each taken is given back."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._taken: dict[str, int] = {}

    @property
    def is_limited(self) -> bool:
        return self._most is not None

    def take(self, address: str) -> bool:
        """Take one more, if there is one. Who has no address, an empty one, always gets it."""
        taken = self._taken.get(address, 0)
        if self._most is not None and address and taken >= self._most:
            return False
        self._taken[address] = taken + 1
        return True

    def is_scarce(self, address: str) -> bool:
        """Whether an address has few left, or none."""
        if self._most is None or not address:
            return False
        return self._taken.get(address, 0) > self._most * SCARCE

    def give_back(self, address: str) -> None:
        left = self._taken[address] - 1
        if left:
            self._taken[address] = left
        else:
            del self._taken[address]
