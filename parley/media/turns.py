"""Whose turn it is: of all who wait one after the other, however much each of them wants."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class Turns:
    """So many at once. Belongs to one event loop."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._lines: dict[Hashable, deque[asyncio.Future[None]]] = {}
        """Those who wait, each with all that they wait for; who had a turn goes behind the rest."""

    @asynccontextmanager
    async def turn(self, whose: Hashable) -> AsyncIterator[None]:
        """Entered once it is theirs."""
        await self._take(whose)
        try:
            yield
        finally:
            self._pass_on()

    async def _take(self, whose: Hashable) -> None:
        if self._free and not self._lines:
            self._free -= 1
            return
        come = asyncio.get_running_loop().create_future()
        self._lines.setdefault(whose, deque()).append(come)
        try:
            await come
        except asyncio.CancelledError:
            if not come.cancelled():  # it came at that moment
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        while self._lines:
            whose = next(iter(self._lines))
            line = self._lines.pop(whose)
            come = line.popleft()
            if line:
                self._lines[whose] = line
            if not come.done():
                come.set_result(None)
                return
        self._free += 1
