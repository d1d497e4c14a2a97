"""Which names a server answers to: a page whose name was made to lead here gets nothing."""

from __future__ import annotations

import itertools
import re
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from parley import hosts
from parley.config import Config, load_config
from parley.credentials import Asking, Origins
from tests import lasting
from tests.effort import IS_EVERYTHING
from tests.security import kept
from tests.security.doors import DOORS, Knocking
from tests.servers import Running, running
from tests.transport.test_guards import UPGRADE
from tests.wire.test_line import UPGRADE as WS_HEAD
from tests.wire.test_line import wire

STRANGE = [
    "mallory.example",
    "127.0.0.1.mallory.example",
    "localhost.mallory.example",
    "xn--p1ai.ru",
]
LOCAL = [
    "",
    "127.0.0.1",
    "192.168.1.20",
    "8.8.8.8",
    "127.1",
    "[::1]",
    "[FD00::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "LocalHost.",
    "parley.localhost",
    "parley",
    "ADAS_LAPTOP",
    "adas-laptop.local",
    "parley.lan",
    "parley.home",
    "parley.home.arpa",
    "host.docker.internal",
]
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PROPFIND")
SAID = "This server does not know the host name in your address."
Starts = Callable[..., Awaitable[Running]]

pytestmark = lasting.in_one_loop
config, server, servers = lasting.config, lasting.server, kept.servers


@pytest_asyncio.fixture(loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield http


@pytest.fixture(params=["direct", "plain"])
def starts(request: pytest.FixtureRequest, servers: kept.Starts) -> Starts:
    """A server with these settings, on lines of our own and inside another ASGI server."""

    def starts(**settings: object) -> Awaitable[Running]:
        changed = replace(kept.USUAL, **settings)  # type: ignore[arg-type]
        return servers(changed, plain=request.param == "plain")

    return starts


def is_here(config: Config, host: str, path: str = "/") -> bool:
    return Origins.of(config).is_here(host, path)


# --- which names ---


@pytest.mark.parametrize("port", ["", ":80", ":8081"])
def test_without_a_public_url_it_answers_where_no_stranger_can_lead(
    config: Config, port: str
) -> None:
    for host in LOCAL:
        assert is_here(config, host + port), host
    for host in STRANGE:
        assert not is_here(config, host + port), host
        assert not is_here(config, host.upper() + "." + port), host


def test_the_names_of_the_machine_are_local(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Box.example.net")
    monkeypatch.setattr(socket, "getfqdn", lambda: "box.example.org")
    hosts.own_names.cache_clear()
    try:
        server = Origins.of(config)
        for thread in threading.enumerate():
            if thread.name == hosts.LOOKING_UP:
                thread.join()
        assert server.is_here("box.example.net:8081", "/")
        assert server.is_here("box.example.org", "/")
        assert not server.is_here("example.org", "/")
        assert not server.is_here("other.box.example.org", "/")
    finally:
        hosts.own_names.cache_clear()


def test_the_name_it_listens_at_is_its_own(config: Config) -> None:
    assert is_here(replace(config, host="Talk.example"), "talk.example:8081")


def test_names_of_the_settings_are_answered_on_every_port(config: Config) -> None:
    config = replace(config, hosts=("talk.example", "[fd00::1]"))
    for host in ("talk.example", "TALK.example.:9000", "[FD00:0::1]:1", "localhost"):
        assert is_here(config, host), host
    for host in ("a.talk.example", "mallory.example", "talk.example.mallory.example"):
        assert not is_here(config, host), host


def test_beside_a_public_url_only_names_of_the_settings_are_answered(config: Config) -> None:
    config = replace(config, public_url="https://talk.example", hosts=("box.lan", "[fd00::1]"))
    for host in ("talk.example", "talk.example:443", "box.lan", "box.lan:8081", "[fd00::1]"):
        assert is_here(config, host), host
    for host in ("", "localhost", "127.0.0.1", "other.lan", "talk.example:8081", "[fd00::2]"):
        assert not is_here(config, host), host


@pytest.mark.parametrize("public_url", ["", "https://talk.example"])
def test_any_name_is_answered_where_the_settings_say_so(config: Config, public_url: str) -> None:
    config = replace(config, public_url=public_url, hosts=("*",))
    for host in (*LOCAL, *STRANGE, "talk.example"):
        assert is_here(config, host), host


DOTTED = ["talk.example.", "Talk.Example.", "talk.example.:443"]


def test_a_name_with_a_dot_at_its_end_is_the_same(config: Config) -> None:
    own = replace(config, public_url="https://talk.example")
    for host in DOTTED:
        assert is_here(own, host), host
    for host in ("talk.example..", ".talk.example", "talk.example.mallory.", "talk.example.:80"):
        assert not is_here(own, host), host
    assert is_here(replace(config, public_url="https://talk.example:8443"), "talk.example.:8443")
    assert load_config({"public_url": "https://Talk.example.:443/"}, {}).public_url == (
        "https://talk.example"
    )


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "localhost.:8081", "127.0.0.1"])
def test_the_machines_own_name_is_known_with_a_dot_too(host: str) -> None:
    assert hosts.is_loopback(host)
    assert not hosts.is_loopback(f"{host}.mallory.example")


# --- at every door ---


async def test_another_name_opens_no_door(
    starts: Starts, http: aiohttp.ClientSession, subtests: pytest.Subtests
) -> None:
    server = await starts()
    knocking = Knocking(http, server.url)
    for door, host in itertools.product(DOORS, ("mallory.example", "MALLORY.example.:80")):
        rebound = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        with subtests.test(door, host=host):
            assert await DOORS[door](knocking, rebound) == "elsewhere"
            assert await DOORS[door](knocking, {"Host": host}) == "elsewhere"


@pytest.mark.parametrize(
    ("public_url", "added", "page"),
    [
        ("", "", "http://adas-laptop.local:8081"),
        ("", "talk.example", "http://talk.example"),
        ("", "talk.example", "https://talk.example"),  # a proxy ends the TLS
        ("https://talk.example", "talk.lan", "https://talk.lan:8443"),
        ("https://talk.example", "", "https://talk.example."),
    ],
)
async def test_a_page_at_a_name_of_the_server_is_its_own(
    starts: Starts,
    http: aiohttp.ClientSession,
    subtests: pytest.Subtests,
    public_url: str,
    added: str,
    page: str,
) -> None:
    server = await starts(public_url=public_url, hosts=(added,) if added else ())
    knocking = Knocking(http, server.url, page.partition("//")[2])
    for name, door in DOORS.items():
        with subtests.test(name):
            assert await door(knocking, {"Origin": page}) == "own"
            assert await door(knocking, {"Origin": "https://other.example"}) == "refused"


async def test_beside_an_https_address_no_page_without_it_is_our_own(
    starts: Starts, http: aiohttp.ClientSession, subtests: pytest.Subtests
) -> None:
    server = await starts(public_url="https://talk.example", hosts=("talk.lan",))
    knocking = Knocking(http, server.url, "talk.lan")
    for name, door in DOORS.items():
        with subtests.test(name):
            assert await door(knocking, {"Origin": "http://talk.lan"}) == "refused"


PATHS = [
    "/",
    "/conversations",
    "/nothing",
    "/static/nothing.js",
    "/robots.txt",
    "/favicon.ico",
    "/apple-touch-icon.png",
    "/openapi.json",
    "/asyncapi.json",
    "/api/conversations",
    "/api/nothing",
    "/socket.io",
    "/socket.io/",
    "/socket.io/?EIO=4&transport=polling",
    "/socket.io/?EIO=4&transport=polling&sid=nobody",
    "/socket.io/?EIO=3&transport=websocket&j=0",
    "/socket.io/nothing",
]


@pytest.mark.longer
@pytest.mark.parametrize("public_url", ["", "https://talk.example"])
@pytest.mark.parametrize("is_direct", [True, False], ids=["direct", "plain"])
async def test_another_name_is_refused_everywhere(
    servers: kept.Starts, http: aiohttp.ClientSession, public_url: str, is_direct: bool
) -> None:
    strange = {"Host": "mallory.example"}
    said = f"You can reach it at {public_url}." if public_url else SAID
    server = await servers(replace(kept.USUAL, public_url=public_url), plain=not is_direct)
    async with http.get(server.url, headers={"Host": "talk.example" if public_url else ""}) as own:
        static = (await own.text()).split('src="')[1].split('"')[0]
    for number, path in enumerate((*PATHS, static)):
        # With one server whole, the others tell by two methods of each path, each time others.
        is_whole = IS_EVERYTHING or (is_direct and not public_url)
        for method in METHODS if is_whole else ("GET", METHODS[number % len(METHODS)]):
            async with http.request(method, server.url + path, headers=strange) as reply:
                assert reply.status == 400, (method, path)
                assert method == "HEAD" or said in await reply.text(), (method, path)
                assert "mallory" not in await reply.text()
        async with http.get(server.url + path, headers={**UPGRADE, **strange}) as reply:
            assert reply.status == 400, path


@pytest.mark.parametrize("path", ["/api/health", "/api/ready"])
@pytest.mark.parametrize("public_url", ["", "https://talk.example"])
async def test_a_probe_is_answered_by_whatever_name_it_knows(
    starts: Starts, http: aiohttp.ClientSession, public_url: str, path: str
) -> None:
    server = await starts(public_url=public_url)
    for host in ("10.42.0.17:8081", "[fd00::17]:8081", "parley.chat.svc.cluster.local", ""):
        async with http.get(server.url + path, headers={"Host": host}) as reply:
            assert reply.status == 200, host
    # Beside them nothing is, whatever its path begins with.
    for other in (f"{path}/", f"{path}/more", "/api", "/api/conversations"):
        async with http.get(server.url + other, headers={"Host": "chat.cluster.example"}) as reply:
            assert reply.status == 400, other


async def test_a_page_at_another_name_leads_nowhere(
    starts: Starts, http: aiohttp.ClientSession
) -> None:
    server = await starts()
    async with http.get(server.url, headers={"Host": "mallory.example"}) as reply:
        page = await reply.text()
        assert reply.content_type == "text/html"
    assert SAID in page
    assert "mallory" not in page
    for needs in ("href=", "src=", "<script", "<form", "<button", "<select"):
        assert needs not in page, needs


async def test_a_page_at_another_name_links_to_the_public_url_alone(
    starts: Starts, http: aiohttp.ClientSession
) -> None:
    server = await starts(public_url="https://talk.example", hosts=("talk.lan",))
    async with http.get(server.url, headers={"Host": "mallory.example"}) as reply:
        page = await reply.text()
    assert "does not answer to this host name" in page
    assert re.findall(r'(?:href|src|action)="([^"]*)"', page) == ["https://talk.example"]


async def test_whoever_names_no_host_is_answered(server: Running) -> None:
    async with wire(server) as asking:
        await asking.says(b"GET /api/health HTTP/1.0\r\n\r\n")
        assert (await asking.reads_to_the_end()).startswith(b"HTTP/1.1 200 ")


# --- a request line that names all of its address ---


@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
async def test_socket_io_is_served_by_its_whole_address(servers: kept.Starts, plain: bool) -> None:
    server = await servers(kept.USUAL, plain=plain)
    for scheme in ("http", "HTTPS", "ws"):
        whole = f"{scheme}://127.0.0.1:8081/socket.io/"
        poll = f"GET {whole}?EIO=4&transport=polling HTTP/1.1\r\nHost: x.example\r\n"
        async with wire(server) as asking:
            await asking.says(f"{poll}Connection: close\r\n\r\n".encode())
            said = await asking.reads_to_the_end()
        assert said.startswith(b"HTTP/1.1 200 "), said
        assert b'"upgrades"' in said
        async with wire(server) as line:
            await line.says(WS_HEAD.replace("/socket.io/", whole).encode() + b"\r\n")
            assert (await line.reads_head()).startswith(b"HTTP/1.1 101 ")
            assert b'"sid"' in (await line.reads())[1]


@pytest.mark.parametrize("path", ["/", "/conversations", "/api/conversations", "/openapi.json"])
async def test_pages_and_rest_are_too(server: Running, path: str) -> None:
    request = f"GET http://127.0.0.1{path} HTTP/1.1\r\nHost: x.example\r\nConnection: close\r\n\r\n"
    async with wire(server) as asking:
        await asking.says(request.encode())
        assert (await asking.reads_to_the_end()).startswith(b"HTTP/1.1 200 ")


WHOLE_PATHS = ("/", "/api/conversations", "/socket.io/?EIO=4&transport=polling")
OTHERS = ("mallory.example", "127.0.0.1@mallory.example", "a b", "mallory%2Eexample")


@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
async def test_the_host_of_the_whole_address_is_the_one_that_counts(
    servers: kept.Starts, plain: bool, subtests: pytest.Subtests
) -> None:
    """RFC 9112, section 3.2.2: the header is ignored then."""
    server = await servers(kept.USUAL, plain=plain)
    for host, path in itertools.product(OTHERS, WHOLE_PATHS):
        target = f"http://{host.replace(' ', '%20')}{path}"
        head = f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        with subtests.test(target):
            async with wire(server) as asking:
                await asking.says(head.encode())
                assert (await asking.reads_to_the_end()).startswith(b"HTTP/1.1 400 ")


# --- the log ---


@pytest.fixture
def told() -> Iterator[list[dict[str, object]]]:
    with capture_logs() as events:
        yield events  # type: ignore[misc]


def test_the_log_tells_once_what_to_set(config: Config, told: list[dict[str, object]]) -> None:
    server = Origins.of(config)
    for host in ("chat.example.org", "CHAT.example.org.:8081", "chat.example.org"):
        assert not server.is_here(host, "/")
    (line,) = told
    assert line["event"] == "unknown_host"
    assert line["host"] == "chat.example.org"
    safe, lasting = str(line["advice"]).split(". ", 1)
    assert safe == "To answer to it, start with --hosts chat.example.org"
    assert "--public-url to exactly that address" in lasting
    assert "not even localhost" in lasting


def test_however_many_names_are_tried_the_log_has_few(
    config: Config, told: list[dict[str, object]]
) -> None:
    server = Origins.of(config)
    for number in range(1_000):
        assert not server.is_here(f"{number}.{'x' * 60}.{'y' * 60}.example", "/")
        assert not server.is_here(f"{number}.example", "/")
    assert [line["host"] for line in told] == [f"{number}.example" for number in range(5)]


def test_with_a_public_url_the_log_tells_of_the_proxy_that_changes_the_host(
    config: Config, told: list[dict[str, object]]
) -> None:
    server = Origins.of(replace(config, public_url="https://talk.example"))
    for host in ("", "localhost:8081", "localhost:8081", "talk.example"):
        server.is_here(host, "/")
    (line,) = told
    assert (line["event"], line["host"]) == ("unknown_host", "localhost")
    assert "https://talk.example" in str(line["advice"])
    assert "pass the Host header on" in str(line["advice"])
    assert "--hosts localhost" in str(line["advice"])


def behind_a_proxy(server: Origins, host: str, page: str, fetch_site: str = "") -> bool:
    """Whether a page may act there, whose request a proxy passes on under that host."""
    return server.may_act(Asking(host, page, fetch_site, fetch_dest="", changes=True))


@pytest.mark.parametrize(
    ("host", "page"),
    [
        ("backend:8081", "https://talk.example"),
        ("127.0.0.1:8081", "http://talk.lan:8080"),
        ("[fd00::1]:8081", "http://localhost:8080"),
        ("talk.lan", "http://talk.lan:8080"),  # the port left out
    ],
)
@pytest.mark.parametrize("fetch_site", ["", "same-origin"])
def test_the_log_tells_once_of_a_proxy_that_sends_its_own_host(
    config: Config, told: list[dict[str, object]], host: str, page: str, fetch_site: str
) -> None:
    server = Origins.of(config)
    for _ in range(3):
        assert not behind_a_proxy(server, host, page, fetch_site)
    (line,) = told
    assert (line["event"], line["host"]) == ("page_refused", host)
    assert line["page"] == page.partition("//")[2]
    assert "--public-url" in str(line["advice"])
    assert "Host header" in str(line["advice"])


@pytest.mark.parametrize(
    ("host", "page", "fetch_site"),
    [
        ("backend:8081", "https://talk.example", "cross-site"),
        ("www.talk.lan", "https://talk.lan", "same-site"),
        ("localhost:8081", "http://localhost:5173", ""),  # somebody's own front end
        ("backend:8081", "null", ""),
        ("backend:8081", "http://[", ""),
        ("backend:8081", f"https://{'x' * 200}.example", ""),
    ],
)
def test_of_another_sites_page_the_log_tells_nothing(
    config: Config, told: list[dict[str, object]], host: str, page: str, fetch_site: str
) -> None:
    assert not behind_a_proxy(Origins.of(config), host, page, fetch_site)
    assert told == []


def test_with_a_public_url_a_foreign_page_is_not_told_to_the_log(
    config: Config, told: list[dict[str, object]]
) -> None:
    server = Origins.of(replace(config, public_url="https://talk.example"))
    assert not behind_a_proxy(server, "talk.example", "https://mallory.example")
    assert told == []


@pytest.mark.parametrize("plain", [False, True], ids=["direct", "plain"])
@pytest.mark.parametrize("door", ["REST", "polling", "a WebSocket"])
async def test_a_page_behind_such_a_proxy_is_told_of_at_every_door(
    own_config: Config,
    http: aiohttp.ClientSession,
    told: list[dict[str, object]],
    door: str,
    plain: bool,
) -> None:
    async with running(own_config, plain=plain) as server:
        knocking = Knocking(http, server.url, "backend:8081")
        assert await DOORS[door](knocking, {"Origin": "https://talk.example"}) == "refused"
    assert [line["event"] for line in told if line["log_level"] == "warning"] == ["page_refused"]


def test_probes_by_the_machines_own_names_are_not_told_to_the_log(
    config: Config, told: list[dict[str, object]]
) -> None:
    assert is_here(replace(config, public_url="https://talk.example"), "127.0.0.1", "/api/ready")
    assert told == []
