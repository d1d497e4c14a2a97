"""The session's cookie: what it is called, who gets it, and what becomes of an older one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookies import Morsel, SimpleCookie
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from parley.credentials import COOKIE, FORM_COOKIE
from tests import lasting
from tests.raw import engine_socket
from tests.security import kept
from tests.security.kept import Starts
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, servers = lasting.config, lasting.server, kept.servers

HOST = "talk.example"
OWN = f"https://{HOST}"
SECURE = f"__Host-{COOKIE}"
CREATE = "/api/conversations/create"
PAGE = {"Host": HOST, "Origin": OWN}


@pytest_asyncio.fixture(loop_scope="module")
async def behind_tls(servers: Starts) -> Running:
    """A server that people reach over HTTPS: a proxy ends it, and passes the Host header on."""
    return await servers(replace(kept.USUAL, public_url=OWN))


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield http


def cookies_of(reply: aiohttp.ClientResponse) -> dict[str, Morsel[str]]:
    """Those it sets or takes away."""
    made = SimpleCookie()
    for line in reply.headers.getall("Set-Cookie", []):
        made.load(line)
    return dict(made)


async def owner(http: aiohttp.ClientSession, server: Running, **headers: str) -> tuple[str, str]:
    """The room id of a new conversation, and its owner's token."""
    async with http.post(server.url + CREATE, headers=headers) as reply:
        created: dict[str, Any] = await reply.json()
        return created["room_id"], created["token"]


async def test_over_http_it_has_the_plain_name(
    server: Running, http: aiohttp.ClientSession
) -> None:
    async with http.post(server.url + CREATE, headers={"Origin": server.url}) as reply:
        cookies = cookies_of(reply)
    assert set(cookies) == {COOKIE}
    assert_closed(cookies[COOKIE], is_secure=False)


async def test_over_https_no_other_host_can_set_it(
    behind_tls: Running, http: aiohttp.ClientSession
) -> None:
    async with http.post(behind_tls.url + CREATE, headers=PAGE) as reply:
        cookies = cookies_of(reply)
    assert set(cookies) == {SECURE}
    assert_closed(cookies[SECURE], is_secure=True)


async def test_the_cookie_of_forms_is_as_closed(
    behind_tls: Running, http: aiohttp.ClientSession
) -> None:
    async with http.get(behind_tls.url, headers={"Host": HOST}) as reply:
        cookies = cookies_of(reply)
    assert set(cookies) == {f"__Host-{FORM_COOKIE}"}
    assert_closed(cookies[f"__Host-{FORM_COOKIE}"], is_secure=True)


def assert_closed(cookie: Morsel[str], *, is_secure: bool) -> None:
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert bool(cookie["secure"]) is is_secure


async def test_over_https_the_name_that_no_other_host_can_set_is_proof(
    behind_tls: Running, http: aiohttp.ClientSession
) -> None:
    room_id, token = await owner(http, behind_tls, Host=HOST)
    page = {**PAGE, "Cookie": f"{SECURE}={token}"}
    async with engine_socket(behind_tls.url, headers=page) as socket:
        await socket.send("40")
        ack = await socket.ask("join_room", {"room_id": room_id}, id=1)
        assert ack["role"] == "owner"
    async with http.post(
        f"{behind_tls.url}/api/conversations/{room_id}/end", headers=page
    ) as reply:
        assert reply.status == 200


async def test_over_https_the_plain_name_is_nobodys(
    behind_tls: Running, http: aiohttp.ClientSession
) -> None:
    """A neighbouring host can set it, and would know who its holder becomes."""
    room_id, planted = await owner(http, behind_tls, Host=HOST)
    page = {**PAGE, "Cookie": f"{COOKIE}={planted}"}
    async with engine_socket(behind_tls.url, headers=page) as socket:
        await socket.send("40")
        ack = await socket.ask("join_room", {"room_id": room_id}, id=1)
        assert ack["role"] == "member"
    headers = {"Host": HOST, "Cookie": page["Cookie"], "Sec-Fetch-Site": "none"}
    async with http.get(f"{behind_tls.url}/conversation/{room_id}", headers=headers) as reply:
        assert 'data-owner="yes"' not in await reply.text()
        assert planted not in str(cookies_of(reply))
    async with http.post(behind_tls.url + CREATE, headers=page) as reply:
        assert cookies_of(reply)[SECURE].value != planted


async def test_over_http_the_plain_name_stays(server: Running, http: aiohttp.ClientSession) -> None:
    room_id, token = await owner(http, server)
    headers = {"Cookie": f"{COOKIE}={token}", "Sec-Fetch-Site": "none"}
    async with http.get(f"{server.url}/conversation/{room_id}", headers=headers) as reply:
        assert 'data-owner="yes"' in await reply.text()
        assert not cookies_of(reply)


@pytest.mark.parametrize("origin", [None, "https://mallory.example", "http://localhost:3000"])
async def test_nobody_else_is_given_one(
    server: Running, http: aiohttp.ClientSession, origin: str | None
) -> None:
    headers = {"Origin": origin} if origin else {}
    async with http.post(server.url + CREATE, headers=headers) as reply:
        assert not cookies_of(reply)


async def test_no_cookie_stands_in_an_address_or_a_reply(
    server: Running, http: aiohttp.ClientSession
) -> None:
    async with http.post(
        f"{server.url}/conversations",
        data={"title": "Tea"},
        headers={"Origin": server.url},
        allow_redirects=False,
    ) as reply:
        token = cookies_of(reply)[COOKIE].value
        assert token not in reply.headers["Location"]
        assert token not in await reply.text()
        address = server.url + reply.headers["Location"]
    headers = {"Cookie": f"{COOKIE}={token}", "Origin": server.url}
    for url in (address, f"{server.url}/conversations", f"{server.url}/api/health"):
        async with http.get(url, headers=headers) as reply:
            assert token not in await reply.text()
    room_id = address.partition("#")[0].rsplit("/", 1)[1]
    async with http.post(
        f"{server.url}/api/conversations/{room_id}/join", headers=headers
    ) as reply:
        assert reply.status == 200
        assert token not in await reply.text()
    async with engine_socket(server.url, headers=headers) as socket:
        await socket.send("40")
        await socket.ask("join_room", {"room_id": room_id}, id=1)
        assert token not in str(socket.packets)
