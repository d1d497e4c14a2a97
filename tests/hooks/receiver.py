"""An address on loopback that takes what is posted, and checks every signature."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from standardwebhooks import Webhook

from tests.people import PATIENCE_S, Json

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Got:
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def said(self) -> Json:
        found: Json = json.loads(self.body)
        return found

    def verified(self, secret: str) -> Any:
        """Raises where it was not signed with this secret, or long ago."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Takes everything, or answers as it is told."""

    url: str = ""
    got: list[Got] = field(default_factory=list)
    answer: Answer | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        got = Got(headers, await request.read())
        async with self._news:
            self.got.append(got)
            self._news.notify_all()
        return web.Response(text="taken") if self.answer is None else await self.answer(request)

    async def gets(self, count: int) -> list[Got]:
        """So many, once they are there."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            while len(self.got) < count:
                await self._news.wait()
        return self.got[:count]

    async def gets_all(self, words: set[str]) -> None:
        """Return once each of these was told as a message."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            while words - {str(got.said["data"].get("message")) for got in self.got}:
                await self._news.wait()

    def refuses(self, status: int) -> None:
        async def refuse(_request: web.Request) -> web.Response:
            return web.Response(status=status, text="no")

        self.answer = refuse


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", receiver.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/told"
    try:
        yield receiver
    finally:
        await runner.cleanup()
