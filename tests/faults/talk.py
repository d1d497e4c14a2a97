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
from tests.faults.record import KINDS, Json, Record
from tests.faults.server import Server
from tests.faults.verify import Stored, assert_counted, assert_kept, read_stored

NAMES = ("Ada", "Ben", "Cleo", "Dora", "Emil", "Fay", "Gus", "Hana", "Ines", "Jan")
EMOJI = ("👍", "🎉")
"""Each tab's own: nobody else takes back what it gave."""
UNDONE_MAX = 4
"""Changes that a client asks for before the first of them is acknowledged."""
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
                is_owner=token is not None,
                emoji=EMOJI[tab],
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
        for client in self.clients:
            mine = await self.call("GET", "/api/mine", token=client.token)
            assert_counted(stored[client.room_id], client.user_id, mine["conversations"], self.note)
        return stored

    def __str__(self) -> str:
        waiting = {
            c.name: len(c.unacked) + len(c.undone) for c in self.clients if c.unacked or c.undone
        }
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
    """Say one thing after the other, a few ahead of the answers, until it is enough; and do in
    between what else people do.
    """
    number = 0
    while not is_enough():
        await client.until(lambda: len(client.unacked) < window or is_enough())
        if not is_enough():
            speaks(client, number)
            number += 1
            # Others get their turn: a speaker in a test never waits for anything else.
            await asyncio.sleep(0)


async def says(client: Client, count: int, window: int = WINDOW) -> None:
    """So many messages, each answered in the end."""
    for number in range(count):
        await client.until(lambda: len(client.unacked) < window)
        client.say(f"{client.name} {number}")
    await client.has_answers()


async def says_and_does(client: Client, count: int, window: int = WINDOW) -> None:
    """The same, doing what else people do."""
    for number in range(count):
        await client.until(lambda: len(client.unacked) < window)
        speaks(client, number)
    await client.has_answers()


def speaks(client: Client, number: int) -> None:
    """A message, every third an answer or with somebody's name; then perhaps something else."""
    text, recent = f"{client.name} {number}", client.recent()
    answered = client.chance.choice(recent) if recent and number % 3 == 1 else None
    if recent and number % 3 == 2:  # who has spoken can be meant, wherever they are
        text += f" @{client.chance.choice(recent).username}"
    client.say(text, answered.id if answered else None)
    if len(client.undone) < UNDONE_MAX:
        _does_something(client, number)


def _does_something(client: Client, number: int) -> None:
    """One of all there is, in turn, where it can be done; to one message one after the other."""
    kind, chance = KINDS[client.turn % len(KINDS)], client.chance
    client.turn += 1
    busy = {act.asked.get("id", "") for act in client.undone}
    if kind == "mark_read":
        if "" not in busy:
            client.act(kind, seq=client.have)
        return
    found = [each for each in client.recent(own=kind != "react") if each.id not in busy]
    if not found or (kind == "pin_message" and (not client.is_owner or client.pinned in busy)):
        return
    id = chance.choice(found).id
    match kind:
        case "edit_message":
            named = chance.choice(client.recent()).username
            client.act(kind, id=id, message=f"{client.name} {number} otherwise, @{named}")
        case "delete_message":
            client.act(kind, id=id)
        case "react":
            client.act(kind, id=id, emoji=client.emoji, on=chance.random() < 0.7)
        case "pin_message":  # one at a time: more than fifty there cannot be
            pinned, client.pinned = client.pinned, None if client.pinned else id
            client.act(kind, id=pinned or id, on=pinned is None)


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
