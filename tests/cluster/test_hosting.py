"""What the host decides holds in every process, whichever is told."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import aiohttp
import pytest

from tests import forking
from tests.cluster.talk import Cluster, cluster_at
from tests.faults.record import Json
from tests.people import PATIENCE_S
from tests.servers import START_WITHIN_S


async def host(talk: Cluster, *arguments: str, takes_redis: bool = True) -> str:
    """What a command of the host prints, run beside the servers."""
    flags = ["--database-url", talk.postgresql.url(), "--data", str(talk.folder / "data")]
    if talk.redis is not None and takes_redis:
        flags += ["--redis-url", f"redis://127.0.0.1:{talk.redis.port}"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    name, *rest = arguments
    ended = await asyncio.to_thread(
        forking.run, name, *flags, *rest, env=env, timeout=START_WITHIN_S
    )
    assert ended.returncode == 0, ended
    printed: str = ended.stdout
    return printed


async def asked(
    url: str, method: str, path: str, body: Json | None = None, token: str = ""
) -> Json:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.request(method, url + path, json=body or {}) as reply,
    ):
        found: Json = await reply.json()
        return found


async def becomes(talk: Cluster, method: str, path: str, field: str, wanted: object) -> None:
    """Ask every process until each answers so."""
    async with asyncio.timeout(PATIENCE_S):
        for server in talk.servers:
            while (await asked(server.url, method, path)).get(field) != wanted:
                pass  # a request takes its time


@pytest.mark.long("tests/cluster/test_deciding.py tells most of it")
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


@pytest.mark.long("tests/cluster/test_deciding.py tells most of it")
async def test_an_admin_is_one_in_every_process_and_in_none_once_removed(
    place: Path, with_redis: bool
) -> None:
    async with cluster_at(place, with_redis=with_redis) as talk:
        urls = [server.url for server in talk.servers]
        token = await an_admin(talk, urls[0])
        statuses = [await status(url, token, "GET", "/api/admin") for url in urls]
        assert statuses == [200] * len(urls)
        seen = await asked(urls[0], "GET", "/api/admin", token=token)
        assert len(seen["processes"]) == len(urls)
        said = {"text": "Down at 8"}
        assert await status(urls[1], token, "PUT", "/api/admin/announcement", said) == 200
        await becomes(talk, "GET", "/api/health", "announcement", "Down at 8")
        await host(talk, "admins", "remove", "1", takes_redis=False)
        # The first time that each is asked.
        statuses = [await status(url, token, "GET", "/api/admin") for url in urls]
        assert statuses == [403] * len(urls)


async def an_admin(talk: Cluster, url: str) -> str:
    """Somebody who used the link in a browser: the token of a program of theirs."""
    link = (await host(talk, "admin-link", "--label", "Ada", takes_redis=False)).strip()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(url, cookie_jar=jar, headers={"Origin": url}) as browser:
        async with browser.post("/api/account", json={}) as started:
            codes = (await started.json())["codes"]
        path = "/admin-link/" + link.rpartition("/")[2]
        async with browser.post(path, allow_redirects=False) as used:
            assert used.status == 303
    entered = await asked(url, "POST", "/api/account/sign-in", {"code": codes[0]})
    token: str = entered["token"]
    return token


async def status(url: str, token: str, method: str, path: str, body: Json | None = None) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as http,
        http.request(method, url + path, json=body) as reply,
    ):
        return reply.status
