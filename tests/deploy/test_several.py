"""Several Parleys behind a proxy: whoever came to one stays with it, and strangers are spread.

The servers here have a database each, so that it shows who went where.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.deploy.configurations import Proxy
from tests.deploy.conftest import flags_of
from tests.effort import times
from tests.people import Json
from tests.proxying import TRUSTING, Client, Place, runs
from tests.servers import Process, free_port, process

pytestmark = pytest.mark.asyncios_loop("aiohttp leaves it connections that are just being closed")

ADDRESSES = times(12, full=24)


@pytest.fixture
def servers(proxy: Proxy, at: Place, tmp_path: Path) -> Iterator[list[Process]]:
    url, ports = f"https://localhost:{at.port}", (free_port(), free_port())
    command = proxy.command(proxy.several, at, *ports)
    with (
        process(
            tmp_path / "one", *flags_of(url, ports[0], "--limit-creations", "100/1m address")
        ) as one,
        process(
            tmp_path / "two", *flags_of(url, ports[1], "--limit-creations", "100/1m address")
        ) as two,
        runs(command, at),
    ):
        yield [one, two]


def from_address(number: int) -> aiohttp.ClientSession:
    """Somebody at an address of their own, who keeps cookies."""
    connector = aiohttp.TCPConnector(
        ssl=TRUSTING, local_addr=(f"127.0.1.{number + 1}", 0), family=socket.AF_INET
    )
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.CookieJar())


async def polls(http: aiohttp.ClientSession, url: str, room_id: str, token: str) -> Json:
    """Join by polling, each request for itself; what the server says of it."""
    address, version = f"{url}/socket.io/", {"EIO": "4", "transport": "polling"}
    async with http.get(address, params=version) as reply:
        opened = re.match(r'0\{"sid":"([^"]+)"', await reply.text())
        assert opened is not None, reply.status
    session = {**version, "sid": opened[1]}
    for packet in (
        "40",
        f'420["join_room",{{"room_id":"{room_id}","username":"Ada","token":"{token}"}}]',
    ):
        async with http.post(address, params=session, data=packet) as reply:
            assert reply.status == 200, await reply.text()
    said = ""
    while "430[" not in said:
        async with http.get(address, params=session) as reply:
            assert reply.status == 200, await reply.text()
            said += await reply.text()
    return {"ok": '430[{"ok":true' in said, "said": said}


@pytest.mark.longer
async def test_everybody_stays_with_theirs_and_both_have_some(
    at: Place, servers: list[Process]
) -> None:
    url = f"https://localhost:{at.port}"
    for number in range(ADDRESSES):
        async with from_address(number) as http:
            async with http.post(f"{url}/api/conversations/create", json={}) as reply:
                assert reply.status == 201, await reply.text()
                created = await reply.json()
            answer = await polls(http, url, created["room_id"], created["token"])
            assert answer["ok"], answer
    counts = []
    async with aiohttp.ClientSession() as http:
        for server in servers:
            async with http.get(f"{server.url}/api/health") as reply:
                counts.append((await reply.json())["total_conversations"])
    assert sum(counts) == ADDRESSES
    assert min(counts) >= ADDRESSES // 8, counts


async def test_one_that_is_down_is_left_out(at: Place, servers: list[Process]) -> None:
    url = f"https://localhost:{at.port}"
    servers[0].stop()
    ada = Client("Ada", url)
    try:
        for number in range(4):
            async with from_address(number) as http:

                async def is_served(http: aiohttp.ClientSession = http) -> bool:
                    async with http.get(url) as reply:
                        return reply.status == 200

                # A check may not have told yet.
                for _ in range(20):
                    if await is_served():
                        break
                assert await is_served()
        status, created = await ada.call("POST", "/api/conversations/create", {})
        assert status == 201
        await ada.join(created["room_id"], token=created["token"])
        assert (await ada.say(created["room_id"], "Still here"))["ok"]
    finally:
        await ada.goes_home()
