"""Many people at once: they connect, join their rooms, and leave together."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from itertools import count, cycle
from typing import Any

from bench.client import Client
from bench.tally import Tally
from bench.websocket import Refused

AT_ONCE = 50
"""Connections under way at a time: a rush, but less than any server's backlog."""
_CODE = re.compile(r'"code":"(\w+)"', re.ASCII)
PATIENCE_S = 15.0
"""After this, whoever could not connect or join counts as refused."""


class Crowd:
    """Everybody connected, and those who were refused."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.clients: list[Client] = []
        self.refusals: Counter[str] = Counter()
        """How many were refused, by the code they were given or what else became of them."""
        self._names = (f"Guest {number}" for number in count(1))

    async def connect(self, port: int, people: int) -> None:
        """So many people, in no room yet."""

        async def one() -> None:
            client = Client(self.tally, next(self._names))
            async with self._counting_refusals(client):
                await client.connect(port)

        await self._all(one for _ in range(people))

    async def join(
        self, port: int | Sequence[int], room_ids: Iterable[str], people_each: int
    ) -> None:
        """So many people into each room, each connecting and joining; at each of several ports by
        turns.
        """
        ports = cycle([port] if isinstance(port, int) else port)

        async def one(room_id: str) -> None:
            client = Client(self.tally, next(self._names))
            async with self._counting_refusals(client):
                await client.connect(next(ports))
                await client.join(room_id)

        places = [room_id for room_id in room_ids for _ in range(people_each)]
        await self._all(functools.partial(one, room_id) for room_id in places)

    async def come_back(self, port: int | Sequence[int], others: Iterable[Client]) -> None:
        """These people once more, as who they were, each into their room."""
        ports = cycle([port] if isinstance(port, int) else port)

        async def one(before: Client) -> None:
            client = Client(self.tally, before.username)
            client.token = before.given
            async with self._counting_refusals(client):
                await client.connect(next(ports))
                await client.join(before.room_id)

        await self._all(functools.partial(one, each) for each in others)

    @property
    def refused(self) -> int:
        return self.refusals.total()

    @property
    def bytes_received(self) -> int:
        return sum(client.bytes_received for client in self.clients)

    def leave(self) -> None:
        for client in self.clients:
            client.abort()

    @contextlib.asynccontextmanager
    async def _counting_refusals(self, client: Client) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield
        except (Refused, OSError, TimeoutError) as error:
            self.refusals[_reason(error)] += 1
            client.abort()
        else:
            self.clients.append(client)

    async def _all(self, starts: Iterable[Callable[[], Coroutine[Any, Any, None]]]) -> None:
        """Run them all, `AT_ONCE` at a time."""
        waiting: Iterator[Callable[[], Coroutine[Any, Any, None]]] = iter(starts)

        async def work() -> None:
            for start in waiting:
                await start()

        async with asyncio.TaskGroup() as group:
            for _ in range(AT_ONCE):
                group.create_task(work())


@contextlib.asynccontextmanager
async def crowd() -> AsyncIterator[Crowd]:
    """People who are gone when the block ends."""
    people = Crowd()
    try:
        yield people
    finally:
        people.leave()
        await asyncio.sleep(0)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer in {PATIENCE_S:g} s"
    code = _CODE.search(str(error))
    return code[1] if code else str(error) or type(error).__name__
