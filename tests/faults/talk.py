"""Rooms full of people who talk at one server, and what has become of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import aiohttp

from tests.faults.clients import Client, Place
from tests.faults.record import Json, Record
from tests.faults.server import Server
from tests.faults.verify import Stored, assert_kept, read_stored

NAMES = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hana", "Ines", "Jan")
WINDOW = 8
"""Messages that a speaker sends before the first of them is acknowledged."""
EQUAL_WITHIN_S = 30.0
"""Five seconds are promised; a machine that tests many things at once gets more."""


class Talk:
    """The server, everybody's clients, and the record of what they said."""

    def __init__(self, server: Server, note: str = "") -> None:
        self.server = server
        self.record = Record()
        self.place = Place("")
        self.clients: list[Client] = []
        self.note = note
        self.slowest_s = 0.0
        """The longest that it took until everybody held the same."""
        self._owners: dict[str, str] = {}

    async def begin(self) -> None:
        await self.server.start()
        self.place.url = self.server.url
        self.place.is_up.set()

    async def end(self) -> None:
        await asyncio.gather(*(client.stop() for client in self.clients))
        await self.server.cleaned_up()

    # --- coming in ---

    async def opens(self, *names: str, tabs: int = 1, **options: Any) -> str:
        """A room that the first of `names` owns, everybody in it with `tabs` tabs; its id."""
        owner = await self.call("POST", "/api/conversations/create", {"title": "A talk"})
        room_id: str = owner["room_id"]
        self._owners[room_id] = owner["token"]
        for number, name in enumerate(names):
            token = owner["token"] if number == 0 else None
            for client in await self.joins(room_id, name, token=token, tabs=tabs, **options):
                client.start()
        return room_id

    async def joins(
        self,
        room_id: str,
        name: str,
        *,
        token: str | None = None,
        tabs: int = 1,
        transports: Sequence[str] = ("websocket",),
        **options: Any,
    ) -> list[Client]:
        """Somebody's tabs, not started yet."""
        path = f"/api/conversations/{room_id}/join"
        joined = await self.call("POST", path, {"username": name}, token=token)
        made = [
            Client(
                self.record,
                self.place,
                f"{name}-{room_id}-{tab}",
                room_id,
                user_id=joined["user_id"],
                token=joined["token"],
                transport=transports[tab % len(transports)],
                **options,
            )
            for tab in range(tabs)
        ]
        self.clients += made
        return made

    async def ends(self, room_id: str) -> Json:
        path = f"/api/conversations/{room_id}/end"
        return await self.call("POST", path, {}, token=self.token(room_id))

    def token(self, room_id: str) -> str:
        """Its owner's."""
        return self._owners[room_id]

    async def all_in(self) -> None:
        for client in self.clients:
            await client.gets_in()

    # --- what has become of it ---

    def stored(self) -> dict[str, Stored]:
        return read_stored(self.server.folder)

    async def settles(self, within_s: float = EQUAL_WITHIN_S) -> dict[str, Stored]:
        """Everybody has every answer, and is where the file is; what the file holds."""
        began = time.monotonic()
        async with asyncio.timeout(within_s):
            for client in self.clients:
                await client.has_answers()
            stored = await asyncio.to_thread(self.stored)
            for client in self.clients:
                await client.reaches(stored[client.room_id].seq)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        return stored

    async def is_kept(self, within_s: float = EQUAL_WITHIN_S) -> dict[str, Stored]:
        """The same, with every promise looked at."""
        try:
            stored = await self.settles(within_s)
        except TimeoutError:
            stored = await asyncio.to_thread(self.stored)
            assert_kept(self.record, stored, self.clients, self.note)
            raise AssertionError(f"not settled in {within_s} s, {self.note}: {self}") from None
        assert_kept(self.record, stored, self.clients, self.note)
        return stored

    def __str__(self) -> str:
        waiting = {c.name: len(c.unacked) for c in self.clients if c.unacked}
        return f"{dict(self.record.counts)} unanswered: {waiting}"

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None
    ) -> Json:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            http.request(method, self.server.url + path, json=body, headers=headers) as response,
        ):
            reply: Json = await response.json()
            return reply | {"status": response.status} if "status" not in reply else reply


async def talks(client: Client, is_enough: Callable[[], bool], window: int = WINDOW) -> None:
    """Say one thing after the other, a few ahead of the answers, until it is enough."""
    number = 0
    while not is_enough():
        await client.until(lambda: len(client.unacked) < window or is_enough())
        if not is_enough():
            client.say(f"{client.name} {number}")
            number += 1
            # Others get their turn: a speaker in a test never waits for anything else.
            await asyncio.sleep(0)


async def says(client: Client, count: int, window: int = WINDOW) -> None:
    """So many messages, each answered in the end."""
    for number in range(count):
        await client.until(lambda: len(client.unacked) < window)
        client.say(f"{client.name} {number}")
    await client.has_answers()


@contextlib.asynccontextmanager
async def talk_at(
    folder: Path, *flags: str, note: str = "", log: Path | None = None
) -> AsyncIterator[Talk]:
    talk = Talk(Server(folder, *flags, log=log), note)
    try:
        await talk.begin()
        yield talk
    finally:
        await talk.end()
