"""Whose address counts: nobody chooses their own, and trusted proxies are believed."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
from structlog.testing import capture_logs

from parley.addresses import Proxies, canonical, parse_networks, place_of, roughly
from parley.credentials import COOKIE, PROBES, named
from tests import lasting
from tests.cases import together
from tests.conftest import each_transport
from tests.people import Json
from tests.security import kept
from tests.security.conftest import TRUSTED, Guest, House, Open

pytestmark = lasting.in_one_loop
servers, opened = kept.servers, kept.opened

ONE = "203.0.113.7"


async def start(guest: Guest) -> int:
    status, _ = await guest.call("POST", "/api/conversations/create", {})
    return status


async def watch(house: House, address: str, room_id: str, transports: tuple[str, ...]) -> Json:
    """Come in on a new socket from there, and read along."""
    guest = house.guest("Cleo", address, transports)
    await guest.connect()
    return await guest.ask("watch_room", {"room_id": room_id})


# --- headers that anybody can write -------------------------------------------


async def test_a_forged_address_is_not_believed_over_rest(opened: Open) -> None:
    async with opened(limit_creations="2/1m address") as house:
        forged = ("203.0.113.1", "127.0.0.1", "2001:db8::1")
        statuses = [await start(house.guest("Mallory", address)) for address in forged]
        assert statuses == [201, 201, 429]


@each_transport
@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
async def test_a_forged_address_is_not_believed_on_a_socket(
    opened: Open, transports: tuple[str, ...], plain: bool
) -> None:
    async with opened(limit_joins="2/1m address", plain=plain) as house:
        room_id = await house.guest("Ada").starts()
        answers = [
            await watch(house, f"203.0.113.{number}", room_id, transports) for number in range(3)
        ]
        assert [answer["ok"] for answer in answers] == [True, True, False]


@pytest.mark.parametrize(
    "header", ["Forwarded", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP", "Remote-Addr"]
)
async def test_no_other_header_names_an_address(opened: Open, header: str) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_creations="2/1m address") as house:
        mallory = house.guest("Mallory", ONE)
        statuses = []
        for number in range(3):
            value = f"for=198.51.100.{number}" if header == "Forwarded" else f"198.51.100.{number}"
            mallory.forwarded[header] = value
            statuses.append(await start(mallory))
        assert statuses == [201, 201, 429]


async def test_what_a_client_writes_before_the_proxy_is_not_believed(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_creations="2/1m address") as house:
        forged = [f"198.51.100.{number}, {ONE}" for number in range(3)]
        assert [await start(house.guest("Mallory", each)) for each in forged] == [201, 201, 429]


async def test_a_proxy_that_is_not_trusted_is_told_of_once(own_opened: Open) -> None:
    with capture_logs() as entries:
        async with own_opened() as house:
            for _ in range(3):
                await start(house.guest("Ada", ONE))
    said = [entry for entry in entries if entry["log_level"] != "debug"]
    assert [entry["event"] for entry in said] == ["forwarded_headers_ignored"]
    assert ONE not in str(said)


def told_of(proxies: Proxies, path: str, **headers: str) -> list[str]:
    """What a request through a proxy at 10.0.0.1 has the log say."""
    sent = {"host": "talk.example", **headers}
    scope = {
        "type": "http",
        "scheme": "http",
        "path": path,
        "client": ("10.0.0.1", 4711),
        "headers": [
            (name.replace("_", "-").encode(), said.encode()) for name, said in sent.items()
        ],
    }
    with capture_logs() as entries:
        proxies.see_through(scope)
    return [entry["event"] for entry in entries]


@pytest.mark.parametrize(
    "headers",
    [{}, {"x_forwarded_for": "unknown"}, {"x_forwarded_for": ""}, {"forwarded": "for=203.0.113.7"}],
)
def test_a_trusted_proxy_that_names_no_address_is_told_of_once(headers: dict[str, str]) -> None:
    proxies = Proxies(parse_networks("10.0.0.1"))
    assert told_of(proxies, "/", **headers) == ["forwarded_headers_missing"]
    assert told_of(proxies, "/", **headers) == []


def test_what_a_trusted_proxy_asks_for_itself_is_not_told() -> None:
    proxies = Proxies(parse_networks("10.0.0.1"), asked_directly=PROBES)
    for path in PROBES:
        assert told_of(proxies, path) == []
    for host in ("localhost:8081", "LOCALHOST.", "127.0.0.1:8081", "[::1]:8081", ""):
        assert told_of(proxies, "/", host=host) == []
    assert told_of(proxies, "/", x_forwarded_for=ONE) == []
    assert told_of(proxies, "/socket.io/") == ["forwarded_headers_missing"]


@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
async def test_the_log_tells_of_a_trusted_proxy_that_names_no_address(
    own_opened: Open, plain: bool
) -> None:
    with capture_logs() as entries:
        async with own_opened(trusted_proxies=TRUSTED, hosts="talk.example", plain=plain) as house:
            for path in (
                "/api/ready",
                "/api/conversations",
                "/",
                "/socket.io/?EIO=4&transport=polling",
            ):
                async with (
                    aiohttp.ClientSession(headers={"Host": "talk.example"}) as http,
                    http.get(house.url + path) as reply,
                ):
                    assert reply.status == 200
    said = [entry for entry in entries if entry["log_level"] == "warning"]
    assert [entry["event"] for entry in said] == ["forwarded_headers_missing"]
    assert "X-Forwarded-For" in said[0]["advice"]


# --- proxies that are trusted -------------------------------------------------


async def test_a_trusted_proxy_names_the_address_over_rest(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_creations="1/1m address") as house:
        assert await start(house.guest("Ada", "203.0.113.1")) == 201
        assert await start(house.guest("Ben", "203.0.113.2")) == 201
        assert await start(house.guest("Mallory", "203.0.113.1")) == 429


@each_transport
@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
async def test_a_trusted_proxy_names_the_address_of_a_socket(
    opened: Open, transports: tuple[str, ...], plain: bool
) -> None:
    settings = {"trusted_proxies": TRUSTED, "limit_joins": "1/1m address"}
    async with opened(plain=plain, **settings) as house:
        room_id = await house.guest("Ada").starts()
        addresses = ("203.0.113.1", "203.0.113.2", "203.0.113.1")
        answers = [await watch(house, address, room_id, transports) for address in addresses]
        assert [answer["ok"] for answer in answers] == [True, True, False]


async def test_rest_pages_and_sockets_see_one_address(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_joins="2/1m address") as house:
        ada = house.guest("Ada", ONE)
        room_id = await ada.starts()
        assert (await ada.joins_over_rest(room_id))["success"]
        assert (await watch(house, ONE, room_id, ("websocket",)))["ok"]
        join = f"{house.url}/conversation/{room_id}/join"
        async with (
            aiohttp.ClientSession(headers=ada.forwarded) as http,
            http.post(join, data={"username": "Ben"}) as page,
        ):
            assert page.status == 429


async def test_an_ipv6_network_of_64_bits_is_one_address(opened: Open) -> None:
    async with opened(trusted_proxies=TRUSTED, limit_creations="2/1m address") as house:
        there = ("2001:db8:0:1::a", "2001:db8:0:1:ffff::b", "[2001:db8:0:1::c]:4711")
        assert [await start(house.guest("Ada", each)) for each in there] == [201, 201, 429]
        assert await start(house.guest("Ben", "2001:db8:0:2::a")) == 201


async def test_a_trusted_proxy_names_the_scheme(opened: Open) -> None:
    for trusted, scheme in ((TRUSTED, "https"), ("", "http")):
        async with (
            opened(trusted_proxies=trusted) as house,
            aiohttp.ClientSession(headers={"X-Forwarded-Proto": "https", "Origin": house.url}) as h,
            h.post(f"{house.url}/api/conversations/create", json={}) as reply,
        ):
            assert (await reply.json())["join_link"].startswith(f"{scheme}://")
            name = named(COOKIE, is_secure=scheme == "https")
            assert bool(reply.cookies[name]["secure"]) is (scheme == "https")


# --- how the header is read ---------------------------------------------------


def seen(peer: str, *headers: tuple[str, str], type: str = "http") -> tuple[str, str]:
    """The address and the scheme of a request through proxies at 10.0.0.0/8 and fd00::/8."""
    scope: dict[str, Any] = {
        "type": type,
        "scheme": "http" if type == "http" else "ws",
        "path": "/",
        "client": (peer, 4711),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }
    found = Proxies(parse_networks("10.0.0.0/8, fd00::/8")).see_through(scope)
    return found["client"][0], found["scheme"]


@together(
    ("peer", "lines", "address"),
    [
        ("198.51.100.1", ["203.0.113.7"], "198.51.100.1"),
        ("198.51.100.1", [], "198.51.100.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7, 10.0.0.2"], "203.0.113.7"),
        ("10.0.0.1", ["6.6.6.6, 203.0.113.7, 10.0.0.2, fd00::2"], "203.0.113.7"),
        ("10.0.0.1", ["6.6.6.6", "203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", ["203.0.113.7:51234"], "203.0.113.7"),
        ("10.0.0.1", ["[2001:db8::7]:51234"], "2001:db8::7"),
        ("10.0.0.1", ["[2001:db8::7]"], "2001:db8::7"),
        ("10.0.0.1", ["2001:DB8:0::7"], "2001:db8::7"),
        ("10.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
        ("fd00::1", ["203.0.113.7"], "203.0.113.7"),
        ("::ffff:10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("::ffff:198.51.100.1", [], "198.51.100.1"),
        # What is no address ends it at the last that is known.
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7, unknown, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["203.0.113.7,"], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.007"], "10.0.0.1"),
    ],
)
def test_the_address_is_the_last_that_no_trusted_proxy_has(
    peer: str, lines: list[str], address: str
) -> None:
    assert seen(peer, *(("X-Forwarded-For", line) for line in lines))[0] == address


@pytest.mark.parametrize(
    ("hops", "said", "scheme"),
    [
        ("203.0.113.7", "https", "https"),
        ("203.0.113.7", "http", "http"),
        ("203.0.113.7", "HTTPS", "https"),
        ("203.0.113.7", "gopher", "http"),
        ("203.0.113.7", "https, http", "http"),  # the client wrote the first
        ("203.0.113.7, 10.0.0.2", "https, http", "https"),
        ("203.0.113.7, 10.0.0.2", "https", "https"),
        ("6.6.6.6, 203.0.113.7, 10.0.0.2", "http, https, http", "https"),
    ],
)
def test_the_scheme_is_that_of_the_same_hop(hops: str, said: str, scheme: str) -> None:
    headers = (("X-Forwarded-For", hops), ("X-Forwarded-Proto", said))
    assert seen("10.0.0.1", *headers)[1] == scheme
    assert seen("10.0.0.1", *headers, type="websocket")[1] == scheme.replace("http", "ws")
    assert seen("198.51.100.1", *headers)[1] == "http"


@pytest.mark.parametrize("client", [None, ("", 0), ("/run/parley.sock", 0), ("<local>", 0)])
def test_without_an_address_nobody_is_believed(client: tuple[str, int] | None) -> None:
    scope = {
        "type": "http",
        "scheme": "http",
        "client": client,
        "headers": [(b"x-forwarded-for", ONE.encode())],
    }
    proxies = Proxies(parse_networks("127.0.0.0/8"))
    assert proxies.see_through(scope) == scope
    assert place_of(client[0] if client else "") == ""


def test_what_counts_as_one_address() -> None:
    assert canonical("fe80::1%eth0") == "fe80::1"
    assert place_of("203.0.113.7") == "203.0.113.7"
    assert place_of("::ffff:203.0.113.7") == "203.0.113.7"
    assert place_of("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert roughly("203.0.113.7") == "203.0.113.0/24"
    assert roughly(place_of("2001:db8:1:2:3:4:5:6")) == "2001:db8:1::/48"
    assert roughly("") == ""
