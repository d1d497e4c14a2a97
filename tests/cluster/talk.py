"""People who talk at several processes, and what has become of it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.cluster.engines import Postgresql, Redis, Way
from tests.cluster.network import Cable, Namespace
from tests.faults.clients import Client, Place
from tests.faults.record import Json
from tests.faults.server import Server
from tests.faults.talk import Talk
from tests.faults.verify import Stored, read_from

AGAIN_AFTER_S = 0.5
PATIENCE_S = 90.0
"""As people's own clients they go on trying, however long a trouble lasts."""
CONVERGES_WITHIN_S = 5.0
"""What is promised, once all is whole again."""


class Cluster(Talk):
    """Its clients sit at one process after the other."""

    def __init__(
        self,
        folder: Path,
        *,
        processes: int = 2,
        with_redis: bool,
        ways: bool = False,
        cables: bool = False,
        flags: tuple[str, ...] = (),
        note: str = "",
    ) -> None:
        self.folder = folder
        self.namespaces = (Namespace(), Namespace()) if cables else (None, None)
        self.postgresql = Postgresql(folder / "postgresql", self.namespaces[0])
        self.redis = Redis(folder / "redis", self.namespaces[1]) if with_redis else None
        self.has_ways = ways
        self.postgresql_ways: list[Way] = []
        self.redis_ways: list[Way] = []
        self.postgresql_cables: list[Cable] = []
        self.redis_cables: list[Cable] = []
        self.servers: list[Server] = []
        self.places = [Place("") for _ in range(processes)]
        self._flags = flags
        self._next = 0
        super().__init__(Server(folder / "data"), note)

    async def begin(self) -> None:
        self._lay_cables()
        await asyncio.to_thread(self.postgresql.start)
        if self.redis is not None:
            await asyncio.to_thread(self.redis.start)
        for number, place in enumerate(self.places):
            way = await self._way(self.postgresql.socket, self.postgresql_ways)
            url = self.postgresql.url(way)
            if self.postgresql_cables:
                url = self.postgresql.url(5432, self.postgresql_cables[number].host)
            flags = ["--database-url", url]
            if self.redis is not None:
                port = await self._way(self.redis.port, self.redis_ways) or self.redis.port
                at = self.redis_cables[number].host if self.redis_cables else "127.0.0.1"
                flags += ["--redis-url", f"redis://{at}:{port}"]
            log = self.folder / f"server-{number}.log"
            server = Server(self.folder / "data", *flags, *self._flags, log=log)
            self.servers.append(server)
            await server.start()
            place.url = server.url
            place.is_up.set()
        self.server = self.servers[0]

    def _lay_cables(self) -> None:
        """One to each engine for each process, and the test's own to Redis."""
        for namespace, cables in zip(
            self.namespaces, (self.postgresql_cables, self.redis_cables), strict=True
        ):
            if namespace is None:
                continue
            namespace.make()
            for _ in (*self.places, None):
                cable = Cable(namespace)
                cable.plug_in()
                cables.append(cable)
        if self.redis is not None and self.redis_cables:
            self.redis.host = self.redis_cables[-1].host

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
        for cable in (*self.postgresql_cables, *self.redis_cables):
            cable.heal()
        for server in self.servers:
            await server.cleaned_up()
        for way in (*self.postgresql_ways, *self.redis_ways):
            await way.end()
        if self.redis is not None:
            self.redis.end()
        await asyncio.to_thread(self.postgresql.end)
        for namespace in self.namespaces:
            if namespace is not None:
                namespace.remove()

    async def joins(self, room_id: str, name: str, **options: Any) -> list[Client]:
        made = await super().joins(room_id, name, **options)
        for client in made:
            client._place = self.places[self._next % len(self.places)]
            client.again_after_s, client.patience_s = AGAIN_AFTER_S, PATIENCE_S
            self._next += 1
        return made

    def stored(self) -> dict[str, Stored]:
        with self.postgresql.beside() as connection:
            return read_from(connection)

    async def converges(self) -> float:
        """Seconds until what everybody has asked by now is answered, and they all hold what is
        stored by then; while they talk on.
        """
        began = time.monotonic()
        asked = [(each, set(each.unacked), list(each.undone)) for each in self.clients]
        for client, said, acts in asked:
            await client.until(
                lambda client=client, said=said, acts=acts: (  # type: ignore[misc]
                    said.isdisjoint(client.unacked) and not any(a in client.undone for a in acts)
                )
            )
        seqs = await asyncio.to_thread(self._seqs)
        for client in self.clients:
            await client.reaches(seqs[client.room_id])
        return time.monotonic() - began

    def _seqs(self) -> dict[str, int]:
        with self.postgresql.beside() as connection:
            return dict(connection.execute("SELECT room_id, seq FROM conversations").fetchall())

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
