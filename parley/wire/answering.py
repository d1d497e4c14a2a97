"""Requests and answers over HTTP, counted as long as they wait, or are unread."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from parley.wire import answers
from parley.wire.pace import Pace
from parley.wire.places import RETRY_AFTER_S
from parley.wire.unread import Backlog

SMALL_BYTES = 16 * 1024
"""What the system takes from us at once, whoever reads it: not worth counting."""
PIECE_BYTES = 64 * 1024
"""A large answer is written in pieces of so much, and others have their turn between them: to copy
a megabyte into the network takes milliseconds."""


class Arriving:
    """An ASGI `receive` that counts what comes as long as it is worked on. Of an address that has
    too much waiting nothing more is taken: its client is as good as gone.

    `is_streamed` where whoever receives is done with each piece when it asks for the next.
    """

    def __init__(
        self, receive: Any, backlog: Backlog, place: str, *, is_streamed: bool = False
    ) -> None:
        self._receive = receive
        self._backlog = backlog
        self._place = place
        self._is_streamed = is_streamed
        self._held = 0

    async def __call__(self) -> Any:
        if self._is_streamed:
            self.let_go()
        message = await self._receive()
        size = len(message.get("body", b""))
        self._held += size
        if not self._backlog.hold(self._place, size):
            return {"type": "http.disconnect"}
        return message

    def let_go(self) -> None:
        """What came is done with."""
        self._backlog.hold(self._place, -self._held)
        self._held = 0


class Counted:
    """An ASGI `send` that tells whoever has too much unread to come again later, with `crowded`.

    What is large counts as more of a turn, too.
    """

    def __init__(self, send: Any, backlog: Backlog, pace: Pace, place: str, crowded: bytes) -> None:
        self._send = send
        self._backlog = backlog
        self._pace = pace
        self._place = place
        self._crowded = crowded
        self._start: Any = None
        self._is_refused = False

    async def __call__(self, message: Any) -> None:
        if self._is_refused:
            return
        if message["type"] == "http.response.start":
            self._start = message  # until it is known whether there is room for what follows
            if message["status"] == HTTPStatus.TOO_MANY_REQUESTS:
                self._pace.spend_on_refusal(self._place)
            return
        size = len(message.get("body", b""))
        if size <= SMALL_BYTES:
            await self._go_on(message)
            return
        self._pace.spend_on_answer(self._place, size)
        try:
            is_room = self._backlog.hold(self._place, size)
            if is_room or self._start is None:
                await self._go_on(message)
            else:
                await self._refuse()
        finally:
            self._backlog.hold(self._place, -size)

    async def _go_on(self, message: Any) -> None:
        start, self._start = self._start, None
        if start is not None:
            await self._send(start)
        body = message.get("body", b"")
        if len(body) <= PIECE_BYTES:
            await self._send(message)
            return
        for at in range(0, len(body), PIECE_BYTES):
            end = at + PIECE_BYTES
            more = end < len(body) or message.get("more_body", False)
            await self._send({**message, "body": body[at:end], "more_body": more})
            await asyncio.sleep(0)

    async def _refuse(self) -> None:
        self._is_refused = True
        await refuse(self._send, self._crowded)


async def refuse(send: Any, crowded: bytes) -> None:
    """Tell a request to come again later."""
    headers = answers.headers_for(crowded)
    headers.append((b"retry-after", b"%d" % RETRY_AFTER_S))
    await send({"type": "http.response.start", "status": 429, "headers": headers})
    await send({"type": "http.response.body", "body": crowded})
