"""Somebody who hears a conversation by an HTTP request that does not end."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.people import PATIENCE_S

Json = dict[str, Any]


@dataclass
class Told:
    """An event, as the stream had it."""

    name: str
    data: Json
    id: int | None = None


@dataclass
class Hearing:
    """What came, in order."""

    response: aiohttp.ClientResponse
    told: list[Told] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    retry_ms: int = 0
    is_over: bool = False
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def hears(self, name: str, which: Callable[[Json], bool] = lambda data: True) -> Told:
        """The first such event, waiting for it where it has not come yet."""

        def found() -> Told | None:
            return next((t for t in self.told if t.name == name and which(t.data)), None)

        async with asyncio.timeout(PATIENCE_S), self._news:
            while (told := found()) is None:
                assert not self.is_over, f"it ended with {[t.name for t in self.told]}"
                await self._news.wait()
            return told

    async def ends(self) -> None:
        async with asyncio.timeout(PATIENCE_S), self._news:
            while not self.is_over:
                await self._news.wait()

    async def beats(self) -> None:
        async with asyncio.timeout(PATIENCE_S), self._news:
            while not self.comments:
                await self._news.wait()

    def texts(self) -> list[str]:
        return [t.data["message"] for t in self.told if t.name == "new_message"]

    def ids(self) -> list[int]:
        return [t.id for t in self.told if t.id is not None]

    async def read(self) -> None:
        fields: dict[str, str] = {}
        try:
            async for raw in self.response.content:
                line = raw.decode().rstrip("\n")
                name, _, value = line.partition(": ")
                if not line and "event" in fields:
                    id = int(fields["id"]) if "id" in fields else None
                    await self._take(Told(fields["event"], json.loads(fields["data"]), id))
                if not line:
                    fields = {}
                elif line.startswith(":"):
                    self.comments.append(line)
                    await self._tell()
                elif name == "retry":
                    self.retry_ms = int(value)
                else:
                    fields[name] = value
        except aiohttp.ClientError:
            pass
        finally:
            self.is_over = True
            await self._tell()

    async def _take(self, told: Told) -> None:
        self.told.append(told)
        await self._tell()

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


@contextlib.asynccontextmanager
async def hearing(
    url: str, room_id: str, *, token: str | None = None, query: str = "", **headers: str
) -> AsyncIterator[Hearing]:
    """Hears it until the block ends. `last_event_id` is a header, as are all others."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if token is not None:
        sent["Authorization"] = f"Bearer {token}"
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE_S)
    async with (
        aiohttp.ClientSession(timeout=timeout) as http,
        http.get(f"{url}/api/conversations/{room_id}/events{query}", headers=sent) as response,
    ):
        assert response.status == 200, await response.text()
        heard = Hearing(response)
        reading = asyncio.create_task(heard.read())
        try:
            yield heard
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
