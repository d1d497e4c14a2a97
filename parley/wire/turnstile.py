"""Requests begin a few at a time, so that a crowd of them leaves everybody else a turn."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

AT_ONCE = 4
"""Each takes some half a millisecond until it first waits for something."""


class Turnstile:
    """An ASGI app: `app`, of whose requests few begin in one turn of the event loop.

    Those that come together are read in one turn, and all of them would be worked off before
    anything else is looked at: a message waits as long as forty requests take.
    """

    def __init__(self, app: Any, at_once: int = AT_ONCE) -> None:
        self._app = app
        self._at_once = at_once
        self._begun = 0
        """In this turn."""
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await self._pass()
        await self._app(scope, receive, send)

    async def _pass(self) -> None:
        loop = asyncio.get_running_loop()
        if self._begun < self._at_once and not self._waiting:
            self._begun += 1
            if self._begun == 1:
                loop.call_soon(self._next_turn)
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next_turn(self) -> None:
        self._begun = 0
        while self._waiting and self._begun < self._at_once:
            turn = self._waiting.popleft()
            if not turn.done():  # whose client went away
                turn.set_result(None)
                self._begun += 1
        if self._begun:
            asyncio.get_running_loop().call_soon(self._next_turn)
