"""A server that changes what Parley sends: a proxy that anything can be done to."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
from aiohttp import web

HOP_BY_HOP = {"connection", "content-length", "content-encoding", "transfer-encoding"}


@dataclass
class Sent:
    """What is about to be sent for a path, to be changed."""

    path: str
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_page(self) -> bool:
        return self.headers.get("Content-Type", "").startswith("text/html")

    def replace(self, old: str, new: str) -> None:
        assert old.encode() in self.body, (self.path, old)
        self.body = self.body.replace(old.encode(), new.encode(), 1)


_SESSION = web.AppKey("session", aiohttp.ClientSession)

Spoil = Callable[[Sent], None]


@dataclass
class Spoiler:
    upstream: str
    spoil: Spoil = lambda _: None
    compresses: bool = False
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name != "Connection"}
        session = request.app[_SESSION]
        async with session.request(
            request.method,
            f"{self.upstream}{request.path_qs}",
            headers=headers,
            data=await request.read(),
            allow_redirects=False,
        ) as response:
            kept = {
                name: value
                for name, value in response.headers.items()
                if name.lower() not in HOP_BY_HOP
            }
            sent = Sent(request.path, response.status, kept, await response.read())
        self.spoil(sent)
        if self.compresses and sent.body:
            sent.body = gzip.compress(sent.body)
            sent.headers["Content-Encoding"] = "gzip"
        return web.Response(status=sent.status, headers=sent.headers, body=sent.body)


@contextlib.asynccontextmanager
async def spoiled(
    upstream: str, spoil: Spoil | None = None, *, compresses: bool = False
) -> AsyncIterator[Spoiler]:
    """A server in front of the one at `upstream`, until the block ends."""
    spoiler = Spoiler(upstream, spoil or (lambda _: None), compresses)
    app = web.Application()
    app[_SESSION] = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
    app.router.add_route("*", "/{path:.*}", spoiler.answer)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        host, port = runner.addresses[0][:2]
        spoiler.url = f"http://{host}:{port}"
        yield spoiler
    finally:
        await runner.cleanup()
        await app[_SESSION].close()
