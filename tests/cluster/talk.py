"""People who talk at several processes, and what has become of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.cluster.engines import Postgresql, Redis, Way
from tests.faults.clients import Client, Place
from tests.faults.record import Json
from tests.faults.server import Server
from tests.faults.talk import Talk
from tests.faults.verify import Stored, read_from

AGAIN_AFTER_S = 0.5


class Cluster(Talk):
    """Its clients sit at one process after the other."""

    def __init__(
        self,
        folder: Path,
        *,
        processes: int = 2,
        with_redis: bool,
        ways: bool = False,
        flags: tuple[str, ...] = (),
        note: str = "",
    ) -> None:
        self.folder = folder
        self.postgresql = Postgresql(folder / "postgresql")
        self.redis = Redis(folder / "redis") if with_redis else None
        self.has_ways = ways
        self.postgresql_ways: list[Way] = []
        self.redis_ways: list[Way] = []
        self.servers: list[Server] = []
        self.places = [Place("") for _ in range(processes)]
        self._flags = flags
        self._next = 0
        super().__init__(Server(folder / "data"), note)

    async def begin(self) -> None:
        await asyncio.to_thread(self.postgresql.start)
        if self.redis is not None:
            await asyncio.to_thread(self.redis.start)
        for number, place in enumerate(self.places):
            way = await self._way(self.postgresql.socket, self.postgresql_ways)
            flags = ["--database-url", self.postgresql.url(way)]
            if self.redis is not None:
                port = await self._way(self.redis.port, self.redis_ways) or self.redis.port
                flags += ["--redis-url", f"redis://127.0.0.1:{port}"]
            log = self.folder / f"server-{number}.log"
            server = Server(self.folder / "data", *flags, *self._flags, log=log)
            self.servers.append(server)
            await server.start()
            place.url = server.url
            place.is_up.set()
        self.server = self.servers[0]

    async def _way(self, to: int | Path, ways: list[Way]) -> int | None:
        if not self.has_ways:
            return None
        way = Way(to)
        await way.begin()
        ways.append(way)
        return way.port

    async def end(self) -> None:
        await asyncio.gather(*(client.stop() for client in self.clients), return_exceptions=True)
        for way in (*self.postgresql_ways, *self.redis_ways):
            way.heal()
        for server in self.servers:
            await server.cleaned_up()
        for way in (*self.postgresql_ways, *self.redis_ways):
            await way.end()
        if self.redis is not None:
            self.redis.end()
        await asyncio.to_thread(self.postgresql.end)

    async def joins(self, room_id: str, name: str, **options: Any) -> list[Client]:
        made = await super().joins(room_id, name, **options)
        for client in made:
            client._place = self.places[self._next % len(self.places)]
            client.again_after_s = AGAIN_AFTER_S
            self._next += 1
        return made

    def stored(self) -> dict[str, Stored]:
        with self.postgresql.beside() as connection:
            return read_from(connection)

    def logs(self) -> str:
        return "\n".join(server.log.read_text()[-3_000:] for server in self.servers)

    async def online(self, room_id: str, at: int = 0) -> Json:
        """A conversation as this process tells it."""
        server, self.server = self.server, self.servers[at]
        try:
            return await self.call("GET", f"/api/conversations/{room_id}")
        finally:
            self.server = server


@contextlib.asynccontextmanager
async def cluster_at(folder: Path, **options: Any) -> AsyncIterator[Cluster]:
    talk = Cluster(folder, **options)
    try:
        await talk.begin()
        yield talk
    except BaseException as error:
        with contextlib.suppress(OSError):
            error.add_note(talk.logs())
        raise
    finally:
        await talk.end()
