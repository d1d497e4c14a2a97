"""What the host decides holds in every process, whichever is told."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import aiohttp

from tests import forking
from tests.cluster.talk import Cluster, cluster_at
from tests.faults.record import Json
from tests.people import PATIENCE_S
from tests.servers import START_WITHIN_S


async def host(talk: Cluster, *arguments: str) -> None:
    """Run a command of the host beside the servers."""
    flags = ["--database-url", talk.postgresql.url(), "--data", str(talk.folder / "data")]
    if talk.redis is not None:
        flags += ["--redis-url", f"redis://127.0.0.1:{talk.redis.port}"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    ended = await asyncio.to_thread(
        forking.run, *arguments, *flags, env=env, timeout=START_WITHIN_S
    )
    assert ended.returncode == 0, ended


async def asked(url: str, method: str, path: str) -> Json:
    async with aiohttp.ClientSession() as http, http.request(method, url + path, json={}) as reply:
        found: Json = await reply.json()
        return found


async def becomes(talk: Cluster, method: str, path: str, field: str, wanted: object) -> None:
    """Ask every process until each answers so."""
    async with asyncio.timeout(PATIENCE_S):
        for server in talk.servers:
            while (await asked(server.url, method, path)).get(field) != wanted:
                pass  # a request takes its time


async def test_blocks_and_announcements_hold_everywhere(place: Path, with_redis: bool) -> None:
    async with cluster_at(place, with_redis=with_redis) as talk:
        create = "/api/conversations/create"
        await host(talk, "announce", "Down at 8")
        await becomes(talk, "GET", "/api/health", "announcement", "Down at 8")
        await host(talk, "block", "127.0.0.0/8")
        await becomes(talk, "POST", create, "code", "blocked")
        await host(talk, "unblock", "127.0.0.0/8")
        await host(talk, "announce", "--clear")
        await becomes(talk, "GET", "/api/health", "announcement", None)
        await becomes(talk, "POST", create, "code", None)
