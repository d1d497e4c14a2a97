"""One timer for many that wait equally long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")

GRAIN_S = 0.25
"""Whoever is due within this time is done with together."""


class Countdown(Generic[Item]):
    """Calls `act(item)` once `delay_s` have gone by since `start(item)`, if nothing stopped it.

    All wait for the same time, so whoever started first is due first: a dict in
    the order of starting, and one timer for its head.
    """

    def __init__(self, delay_s: float, act: Callable[[Item], None]) -> None:
        self._delay_s = delay_s
        self._act = act
        self._due: dict[Item, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._due)

    def __contains__(self, item: Item) -> bool:
        return item in self._due

    def start(self, item: Item) -> None:
        """Count from now; again from now, if it was counting."""
        loop = asyncio.get_running_loop()
        self._due.pop(item, None)
        self._due[item] = loop.time() + self._delay_s
        if self._timer is None:
            self._timer = loop.call_later(self._delay_s, self._run)

    def ensure(self, item: Item) -> None:
        """Count from now, unless it is counting: who asks again gets no more time."""
        if item not in self:
            self.start(item)

    def stop(self, item: Item) -> None:
        self._due.pop(item, None)

    def clear(self) -> None:
        """Forget everybody."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        by = loop.time()
        due = []
        for item, when in self._due.items():
            if when > by:
                break
            due.append(item)
        for item in due:
            if self._due.pop(item, None) is not None:
                self._act(item)
        if self._due and self._timer is None:
            first = next(iter(self._due.values()))
            self._timer = loop.call_later(max(first - loop.time(), GRAIN_S), self._run)
