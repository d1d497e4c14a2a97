"""Who asks from where, and by which name: the same answer at every door.

Every variant carries the cookie of a conversation's owner. It may count only where a
page of this very server asks.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio

from tests import lasting
from tests.effort import IS_EVERYTHING
from tests.security import kept
from tests.security.doors import DOORS, Knocking, Outcome
from tests.security.kept import Starts
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, servers = lasting.config, lasting.server, kept.servers

HOST = "talk.example"
OWN = f"https://{HOST}"
SAME = {"Sec-Fetch-Site": "same-origin"}
MARK = {"Parley-Page": "1"}

# HERE stands for the server's own origin.
EVERYWHERE: list[tuple[str, dict[str, str], Outcome]] = [
    ("our own page", {"Origin": "HERE"}, "own"),
    ("our own page, whole", {"Origin": "HERE", **SAME}, "own"),
    ("our own page, by script", {"Origin": "HERE", **MARK}, "own"),
    ("our own page on another port", {"Origin": "HERE:9"}, "refused"),
    ("a page below our name", {"Origin": "HERE.mallory.example"}, "refused"),
    ("a page with our name in front", {"Origin": "https://mallory.example/HERE"}, "refused"),
    ("an allowed page", {"Origin": "http://localhost:3000"}, "stranger"),
    ("the other allowed page", {"Origin": "http://127.0.0.1:3000"}, "stranger"),
    ("an allowed page that claims", {"Origin": "http://localhost:3000", **MARK}, "stranger"),
    ("an allowed name on another port", {"Origin": "http://localhost:3001"}, "refused"),
    ("an allowed name over HTTPS", {"Origin": "https://localhost:3000"}, "refused"),
    ("a foreign page", {"Origin": "https://mallory.example"}, "refused"),
    ("a foreign page that claims", {"Origin": "https://mallory.example", **MARK}, "refused"),
    ("a foreign page, forging", {"Origin": "https://mallory.example", **SAME}, "refused"),
    ("a hidden origin", {"Origin": "null"}, "refused"),
    ("a hidden origin, ours", {"Origin": "null", **SAME}, "own"),
    ("a hidden origin, same site", {"Origin": "null", "Sec-Fetch-Site": "same-site"}, "refused"),
    ("a hidden origin, foreign", {"Origin": "null", "Sec-Fetch-Site": "cross-site"}, "refused"),
    ("a hidden origin, by script", {"Origin": "null", **MARK}, "own"),
    (
        "a hidden origin, foreign, that claims",
        {"Origin": "null", "Sec-Fetch-Site": "cross-site", **MARK},
        "refused",
    ),
    ("no origin", {}, "stranger"),
    ("no origin, ours", SAME, "own"),
    ("no origin, by script", MARK, "own"),
    ("no origin, asked by nobody", {"Sec-Fetch-Site": "none"}, "stranger"),
    ("no origin, same site", {"Sec-Fetch-Site": "same-site"}, "refused"),
    ("no origin, foreign", {"Sec-Fetch-Site": "cross-site"}, "refused"),
    ("an origin that is none", {"Origin": "http://["}, "refused"),
    ("a file", {"Origin": "file://"}, "refused"),
    ("two origins", {"Origin": "HERE, https://mallory.example"}, "refused"),
    ("an origin with a path", {"Origin": "HERE/"}, "refused"),
]
WITH_A_PUBLIC_URL: list[tuple[str, dict[str, str], Outcome]] = [
    ("the host with its port", {"Origin": OWN, "Host": f"{HOST}:443"}, "own"),
    ("the host in capitals", {"Origin": OWN, "Host": HOST.upper()}, "own"),
    ("our own page without TLS", {"Origin": f"http://{HOST}"}, "refused"),
    ("the host on another port", {"Origin": OWN, "Host": f"{HOST}:8081"}, "elsewhere"),
    ("another host", {"Origin": OWN, "Host": "mallory.example"}, "elsewhere"),
    (
        "another host whose own page asks",
        {"Origin": "https://mallory.example", "Host": "mallory.example"},
        "elsewhere",
    ),
    ("another host without an origin", {"Host": "mallory.example"}, "elsewhere"),
    ("this machine", {"Origin": "http://localhost", "Host": "localhost"}, "elsewhere"),
    ("a name below ours", {"Host": f"a.{HOST}"}, "elsewhere"),
    ("our name with a dot", {"Host": f"{HOST}."}, "stranger"),
    ("our page at our name with a dot", {"Origin": f"{OWN}.", "Host": f"{HOST}."}, "own"),
    (
        "forwarded as us",
        {"Host": "mallory.example", "X-Forwarded-Host": HOST, "Forwarded": f"host={HOST}"},
        "elsewhere",
    ),
]


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield http


PUBLIC = replace(kept.USUAL, public_url=OWN)


@pytest_asyncio.fixture(loop_scope="module", params=["direct", "plain"])
async def public_server(request: pytest.FixtureRequest, servers: Starts) -> Running:
    """One that people reach at a name, on lines of our own and inside another ASGI server."""
    return await servers(PUBLIC, plain=request.param == "plain")


@pytest.mark.parametrize("door", DOORS)
async def test_where_no_name_is_set_the_host_names_our_own_pages(
    server: Running, http: aiohttp.ClientSession, door: str
) -> None:
    knocking = Knocking(http, server.url)
    for name, headers, expected in EVERYWHERE:
        found = await DOORS[door](knocking, _placed(headers, server.url))
        assert found == expected, name


@pytest.mark.longer
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
async def test_where_a_name_is_set_nothing_else_is_believed(
    servers: Starts, http: aiohttp.ClientSession, door: str, plain: bool
) -> None:
    knocking = Knocking(http, (await servers(PUBLIC, plain=plain)).url, HOST)
    # Both look who asks in the same way, so that inside another server a few of each tell most.
    every = 4 if plain and not IS_EVERYTHING else 1
    for name, headers, expected in EVERYWHERE[::every] + WITH_A_PUBLIC_URL[::every]:
        found = await DOORS[door](knocking, _placed(headers, OWN))
        assert found == expected, name


async def test_whoever_asks_by_another_name_is_told_the_right_one(
    public_server: Running, http: aiohttp.ClientSession
) -> None:
    for path in ("/", "/conversations", "/nothing", "/api/conversations", "/api/nothing"):
        url = public_server.url + path
        async with http.get(url, headers={"Host": "mallory.example"}) as reply:
            assert reply.status == 400
            assert f"You can reach it at {OWN}." in await reply.text()


@pytest.mark.parametrize("path", ["/api/health", "/api/ready"])
async def test_whoever_looks_after_the_server_may_ask_how_it_is(
    public_server: Running, http: aiohttp.ClientSession, path: str
) -> None:
    port = public_server.url.rsplit(":", 1)[1]
    asked = {"": 200, "localhost": 200, f"localhost:{port}": 200, "[::1]:8081": 200, HOST: 200}
    asked |= {"10.0.0.1": 200, f"parley.chat.svc.cluster.local:{port}": 200}
    for host, status in asked.items():
        headers = {"Host": host} if host else {}
        async with http.get(public_server.url + path, headers=headers) as reply:
            assert reply.status == status, host


async def test_no_preflight_allows_the_mark_of_our_own_pages(
    server: Running, http: aiohttp.ClientSession
) -> None:
    for origin in ("http://localhost:3000", "https://mallory.example", "null"):
        for path in ("/api/conversations/create", "/conversations", "/socket.io/?EIO=4"):
            headers = {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "parley-page",
            }
            async with http.options(server.url + path, headers=headers) as reply:
                allowed = reply.headers.get("Access-Control-Allow-Headers", "")
                assert "parley-page" not in allowed.lower()
                assert allowed != "*"


def _placed(headers: dict[str, str], here: str) -> dict[str, str]:
    return {name: value.replace("HERE", here) for name, value in headers.items()}
