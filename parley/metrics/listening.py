"""An address of their own for the numbers: whoever may see them need not reach the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from parley.errors import AddressUnusable
from parley.metrics.rendering import CONTENT_TYPE
from parley.metrics.seeing import Seeing
from parley.wire import serving
from parley.wire.listening import CannotListen, listen

PATH = "/metrics"
CONNECTIONS_MAX = 16
"""A Prometheus has one, and somebody who looks by hand another."""


class Listening:
    """Answers from `open` to `close`."""

    def __init__(self, seeing: Seeing, text: Callable[[], Awaitable[bytes]]) -> None:
        self._seeing = seeing
        self._text = text
        self._stop = asyncio.Event()
        self._serving: asyncio.Task[None] | None = None

    async def open(self, *, is_shared: bool) -> str:
        """Where it listens, as an address; with others, where it `is_shared`: whoever of them is
        asked tells of all. Raises `AddressUnusable`.
        """
        host, port = self._seeing.host, self._seeing.port
        try:
            sockets = listen(host, port, is_shared=is_shared)
        except CannotListen as error:
            why = getattr(error.__cause__, "strerror", None) or str(error)
            raise AddressUnusable(
                f"The metrics cannot listen on {host}, port {port}: {why}. Give another address "
                "with --metrics-listen."
            ) from error
        self._serving = asyncio.create_task(
            serving.serve(
                self._app, sockets, stop=self._stop, drain=_nothing, max_connections=CONNECTIONS_MAX
            )
        )
        port = sockets[0].getsockname()[1]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}{PATH}"

    async def close(self) -> None:
        if self._serving is not None:
            self._stop.set()
            await self._serving
            self._serving = None

    async def _app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for what in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{what}.complete"})
        elif scope["type"] == "http":
            status, headers, body = await self._answer(scope)
            headers.append((b"content-length", str(len(body)).encode()))
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Any) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if scope["path"] != PATH:
            return 404, [], b""
        if scope["method"] not in ("GET", "HEAD"):
            return 405, [(b"allow", b"GET, HEAD")], b""
        fields = {name: value.decode("latin-1") for name, value in scope["headers"]}
        if not self._seeing.is_here(fields.get(b"host", "")):
            return 400, [], b""
        sent = fields.get(b"authorization", "")
        if not self._seeing.is_allowed(sent):
            return 401, [(b"www-authenticate", b'Bearer realm="parley metrics"')], b""
        return 200, [(b"content-type", CONTENT_TYPE.encode())], await self._text()


async def _nothing() -> None:
    pass
