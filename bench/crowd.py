"""Many people at once: they connect, join their rooms, and leave together."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from itertools import count, cycle
from typing import Any

from bench.client import Client
from bench.tally import Tally
from bench.websocket import Refused

AT_ONCE = 50
"""Connections under way at a time: a rush, but less than any server's backlog."""
PATIENCE_S = 15.0
"""After this, whoever could not connect or join counts as refused."""


class Crowd:
    """Everybody connected, and those who were refused."""

    def __init__(self) -> None:
        self.tally = Tally()
        self.clients: list[Client] = []
        self.refused = 0
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
        except (Refused, OSError, TimeoutError):
            self.refused += 1
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
