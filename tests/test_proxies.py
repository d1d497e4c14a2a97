"""The configurations of docs/proxies.md, each run by the real proxy in front of a real server."""

from __future__ import annotations

import re
import shutil
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from tests.people import Json
from tests.proxying import (
    SBIN,
    TRUSTING,
    Client,
    Place,
    in_apache,
    in_caddy,
    in_haproxy,
    in_nginx,
    runs,
)
from tests.security.browser.tls import certificate
from tests.servers import Process, free_port, process

pytestmark = pytest.mark.asyncios_loop("aiohttp leaves it connections that are just being closed")

PAGE = (Path(__file__).parent.parent / "docs" / "proxies.md").read_text(encoding="utf-8")
CREATIONS = "3/1m address"


def block(language: str, **changes: str) -> str:
    """The page's configuration, with nothing changed but what has to be for a test."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    [text] = found
    for old, new in changes.items():
        pattern = re.compile(CHANGED[old])
        text, count = pattern.subn(new.replace("\\", r"\\"), text)
        assert count == 1, (language, old)
    return text


CHANGED = {
    "upstream": r"127\.0\.0\.1:8081",
    "listens": r"listen 443 ssl|bind :443|(?<=VirtualHost )\*:443",
    "site": r"talk\.example\.org \{",
    "certificate": r"/etc/(?:ssl|haproxy)/talk\.pem",
    "key": r"/etc/ssl/talk\.key",
}


def nginx(at: Place) -> list[str]:
    servers = block(
        "nginx",
        listens=f"listen 127.0.0.1:{at.port} ssl",
        certificate=str(at.certificate),
        key=str(at.key),
        upstream=f"127.0.0.1:{at.upstream}",
    )
    return in_nginx(at, servers)


def haproxy(at: Place) -> list[str]:
    config = block(
        "haproxy",
        listens=f"bind 127.0.0.1:{at.port}",
        certificate=str(at.both),
        upstream=f"127.0.0.1:{at.upstream}",
    )
    return in_haproxy(at, config)


def apache2(at: Place) -> list[str]:
    host = block(
        "apache",
        listens=f"127.0.0.1:{at.port}",
        certificate=str(at.certificate),
        key=str(at.key),
        upstream=f"127.0.0.1:{at.upstream}",
    )
    return in_apache(at, host)


def caddy(at: Place) -> list[str]:
    own = f"https://localhost:{at.port} {{\n  tls {at.certificate} {at.key}"
    site = block("caddy", site=own, upstream=f"127.0.0.1:{at.upstream}")
    return in_caddy(at, site)


def haproxy_tcp(at: Place, how: str = "send-proxy-v2") -> list[str]:
    config = block(
        "haproxy-tcp",
        listens=f"bind 127.0.0.1:{at.port}",
        certificate=str(at.both),
        upstream=f"127.0.0.1:{at.upstream}",
    )
    config = config.replace("send-proxy-v2", how)
    return in_haproxy(at, config)


def haproxy_tcp_1(at: Place) -> list[str]:
    return haproxy_tcp(at, "send-proxy")


PROXIES: dict[str, Callable[[Place], list[str]]] = {
    "nginx": nginx,
    "haproxy": haproxy,
    "apache2": apache2,
    "caddy": caddy,
    "haproxy, PROXY protocol 2": haproxy_tcp,
    "haproxy, PROXY protocol 1": haproxy_tcp_1,
}


@dataclass(frozen=True, slots=True)
class Behind:
    """A server that people reach through a proxy."""

    server: Process
    url: str


STOPS_LATE = pytest.mark.long("it takes its time to stop, and the others tell most of it")


@pytest.fixture(
    params=[pytest.param(name, marks=STOPS_LATE) if name == "apache2" else name for name in PROXIES]
)
async def behind(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Behind]:
    name, _, protocol = request.param.partition(", ")
    program = shutil.which(name, path=SBIN)
    if program is None:
        pytest.skip(f"{name} was not found; tests/system.sh says how to have it")
    folder = tmp_path / "proxy"
    folder.mkdir()
    port, upstream = free_port(), free_port()
    at = Place(folder, port, upstream, *certificate(folder, "localhost"))
    url = f"https://localhost:{port}"
    command = PROXIES[request.param](at)
    flags = (
        *("--host", "127.0.0.1", "--port", str(upstream), "--public-url", url),
        *("--trusted-proxies", "127.0.0.1", "--limit-creations", CREATIONS),
        *("--log-level", "warning"),
        *("--proxy-protocol", "on" if protocol else "off"),
    )
    with process(tmp_path / "data", *flags) as server:
        with runs([program, *command[1:]], at):
            yield Behind(server, url)
        # It had nothing to tell of the proxy.
        assert server.stop() == (0, "")


def saying(text: str) -> Callable[[Json], bool]:
    return lambda data: bool(data["message"] == text)


async def test_people_talk_through_it_by_every_transport(behind: Behind) -> None:
    ada = Client("Ada", behind.url)
    others = [
        Client(name, behind.url, transports)
        for name, transports in (
            ("Ben", ("websocket",)),
            ("Cleo", ("polling",)),
            ("Dora", ("polling", "websocket")),
        )
    ]
    try:
        status, created = await ada.call("POST", "/api/conversations/create", {"title": "Tea"})
        assert status == 201
        assert created["join_link"].startswith(f"{behind.url}/conversation/")
        room_id, ada.token = created["room_id"], created["token"]
        await ada.join(room_id, token=ada.token)
        for each in others:
            await each.join(room_id)
        for number, each in enumerate((ada, *others)):
            assert (await each.say(room_id, f"Hello {number} ☕"))["ok"]
        for each in (ada, *others):
            for number in range(4):
                await each.hears("new_message", saying(f"Hello {number} ☕"))
        assert [each.socket.transport() for each in others] == ["websocket", "polling", "websocket"]
        path = f"/api/conversations/{room_id}/messages"
        status, _ = await ada.call("POST", path, {"message": "By REST"})
        assert status == 201
        await others[0].hears("new_message", saying("By REST"))
    finally:
        for each in (ada, *others):
            await each.goes_home()


async def test_its_pages_are_whole_and_their_forms_are_taken(behind: Behind) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=TRUSTING)) as http:
        async with http.get(behind.url) as page:
            assert page.status == 200
            text = await page.text()
            assert (
                f"wss://localhost:{behind.url.rsplit(':', 1)[1]}"
                in page.headers["Content-Security-Policy"]
            )
        script = text.split('src="')[1].split('"')[0]
        async with http.get(behind.url + script) as found:
            assert found.status == 200
            assert "javascript" in found.content_type
        form = {"Origin": behind.url, "Sec-Fetch-Site": "same-origin"}
        async with http.post(
            f"{behind.url}/conversations", data={"title": "Tea"}, headers=form
        ) as p:
            assert p.status == 200
            assert str(p.url).startswith(f"{behind.url}/conversation/")
            assert "__Host-parley_session" in str(p.history[0].headers["Set-Cookie"])
        # A path comes as it was asked for.
        for path, status in (
            ("/api/conversations/a%2Fb", 404),
            ("/conversations?q=a%20b%26c", 200),
        ):
            async with http.get(behind.url + path) as reply:
                assert reply.status == status, path


async def starts(url: str, address: str, **forged: str) -> int:
    """The status of starting a conversation from there."""
    connector = aiohttp.TCPConnector(ssl=TRUSTING, local_addr=(address, 0), family=socket.AF_INET)
    headers = {name.replace("_", "-"): value for name, value in forged.items()}
    async with (
        aiohttp.ClientSession(connector=connector, headers=headers) as http,
        http.post(f"{url}/api/conversations/create", json={}) as reply,
    ):
        status = reply.status
        # Else TLS is still saying goodbye when the test's loop ends.
        await connector.close(abort_ssl=True)
        return status


async def test_each_address_counts_by_itself_and_none_can_be_chosen(behind: Behind) -> None:
    url = behind.url
    assert [await starts(url, "127.0.0.2") for _ in range(4)] == [201, 201, 201, 429]
    assert await starts(url, "127.0.0.3") == 201
    forged = [
        await starts(url, "127.0.0.3", X_Forwarded_For=f"203.0.113.{number}") for number in range(3)
    ]
    assert forged == [201, 201, 429]
    assert await starts(url, "127.0.0.4", Forwarded="for=127.0.0.2") == 201
