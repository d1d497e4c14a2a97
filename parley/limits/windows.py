"""Counting in memory: when each key was used of late. Costs a message about a microsecond."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from parley.limits.rates import By, Rate

Key = int | str
Keys = tuple[Key, str, Key]
"""Whom a use is counted for: session, address, room, as `By` has them; an empty one is nobody."""
PLACES = {by: place for place, by in enumerate(By)}


class Window:
    """One rate: the uses of each key in the last `per_s` seconds.

    Keys are in two halves: every `per_s` seconds the older half is dropped, whole, and
    holds none by then that still counts. So nothing is ever looked through.
    """

    __slots__ = ("_new", "_old", "_turns_at", "count", "per_s")

    def __init__(self, rate: Rate) -> None:
        self.count, self.per_s = rate.count, rate.per_s
        self._new: dict[Key, list[float]] = {}
        self._old: dict[Key, list[float]] = {}
        self._turns_at = 0.0

    def __len__(self) -> int:
        """How many keys are held."""
        return len(self._new) + len(self._old)

    def uses(self, key: Key, now: float) -> list[float]:
        """When it was used, oldest first; appending to it counts a use."""
        if now >= self._turns_at:
            self._turn(now)
        uses = self._new.get(key)
        if uses is None:
            uses = self._new[key] = self._old.pop(key, [])
        if uses and uses[0] <= now - self.per_s:
            del uses[: bisect_right(uses, now - self.per_s)]
        return uses

    def forget(self, key: Key, at: float) -> None:
        """The use that was counted at this moment was none, unless it counts no more anyway."""
        uses = self._new.get(key) or self._old.get(key) or []
        if at in uses:
            uses.remove(at)

    def wait_s(self, key: Key, now: float) -> float:
        """How long until another use fits; 0 for none."""
        uses = self._new.get(key) or self._old.get(key) or ()
        return self.wait_after(uses, now)

    def wait_after(self, uses: Sequence[float], now: float) -> float:
        if len(uses) < self.count:
            return 0.0
        return max(0.0, uses[-self.count] + self.per_s - now)

    def _turn(self, now: float) -> None:
        is_all_past = now >= self._turns_at + self.per_s
        self._old = {} if is_all_past else self._new
        self._new = {}
        self._turns_at = now + self.per_s


class Windows:
    """The rates of every kind of use."""

    def __init__(self, rates: Mapping[str, Sequence[Rate]]) -> None:
        self._by_kind = {
            kind: tuple((PLACES[rate.by], Window(rate)) for rate in each)
            for kind, each in rates.items()
        }

    def spend(self, kind: str, keys: Keys, now: float) -> float:
        """Count a use, or say how many seconds to wait; then nothing is counted for anybody."""
        wait_s = 0.0
        counted = []
        for place, window in self._by_kind[kind]:
            if key := keys[place]:
                uses = window.uses(key, now)
                if len(uses) >= window.count:
                    wait_s = max(wait_s, window.wait_after(uses, now))
                counted.append(uses)
        if not wait_s:
            for uses in counted:
                uses.append(now)
        return wait_s

    def wait_s(self, kind: str, keys: Keys, now: float) -> float:
        """How long until a use fits; 0 for none. Counts nothing."""
        waits = [
            window.wait_s(keys[place], now) for place, window in self._by_kind[kind] if keys[place]
        ]
        return max(waits, default=0.0)

    def give_back(self, kind: str, keys: Keys, at: float) -> None:
        """Count the use of this moment no more, for these."""
        for place, window in self._by_kind[kind]:
            if keys[place]:
                window.forget(keys[place], at)

    def charge(self, kind: str, keys: Keys, now: float) -> None:
        """Count a use that has happened."""
        for place, window in self._by_kind[kind]:
            if keys[place]:
                window.uses(keys[place], now).append(now)
