"""The configurations of docs/proxies.md, each run by the real proxy in front of a real server."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.eventually import until
from tests.people import Json, Person
from tests.security.browser.tls import certificate
from tests.servers import Process, free_port, process

PAGE = (Path(__file__).parent.parent / "docs" / "proxies.md").read_text(encoding="utf-8")
SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
MODULES = Path("/usr/lib/apache2/modules")
STOP_WITHIN_S = 10
CREATIONS = "3/1m address"

TRUSTING = ssl.create_default_context()
"""The certificate is the test's own: whose it is proves nothing here."""
TRUSTING.check_hostname = False
TRUSTING.verify_mode = ssl.CERT_NONE


@dataclass(frozen=True, slots=True)
class Place:
    """Where a proxy runs: everything of it is in one folder."""

    folder: Path
    port: int
    upstream: int
    certificate: Path
    key: Path

    @property
    def both(self) -> Path:
        """Certificate and key in one file."""
        path = self.folder / "both.pem"
        path.write_bytes(self.certificate.read_bytes() + self.key.read_bytes())
        return path

    def writes(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path


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
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "\n".join(f"{kind}_temp_path {at.folder / kind};" for kind in kinds)
    top = f"daemon off; master_process off; pid {at.folder / 'pid'}; error_log stderr warn;\n"
    config = f"{top}events {{}}\nhttp {{\naccess_log off;\n{folders}\n{servers}}}\n"
    path = at.writes("nginx.conf", config)
    return ["nginx", "-p", str(at.folder), "-e", "stderr", "-c", str(path)]


def haproxy(at: Place) -> list[str]:
    config = block(
        "haproxy",
        listens=f"bind 127.0.0.1:{at.port}",
        certificate=str(at.both),
        upstream=f"127.0.0.1:{at.upstream}",
    )
    return ["haproxy", "-db", "-f", str(at.writes("haproxy.cfg", config))]


def apache2(at: Place) -> list[str]:
    host = block(
        "apache",
        listens=f"127.0.0.1:{at.port}",
        certificate=str(at.certificate),
        key=str(at.key),
        upstream=f"127.0.0.1:{at.upstream}",
    )
    names = ("mpm_event", "authz_core", "ssl", "proxy", "proxy_http", "headers", "socache_shmcb")
    loaded = (f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in names)
    top = [
        *(line for line in loaded if Path(line.rpartition(" ")[2]).exists()),
        f"ServerRoot {at.folder}",
        f"DefaultRuntimeDir {at.folder}",
        f"PidFile {at.folder / 'pid'}",
        "ErrorLog /dev/stderr",
        "ServerName localhost",
        f"Listen 127.0.0.1:{at.port}",
        "User nobody",
        "Group nogroup",
    ]
    path = at.writes("apache.conf", "\n".join((*top, host)))
    return ["apache2", "-D", "FOREGROUND", "-f", str(path)]


def caddy(at: Place) -> list[str]:
    own = f"https://localhost:{at.port} {{\n  tls {at.certificate} {at.key}"
    site = block("caddy", site=own, upstream=f"127.0.0.1:{at.upstream}")
    top = "{\n  admin off\n  auto_https disable_redirects\n}\n"
    path = at.writes("Caddyfile", top + site)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(path)]


def haproxy_tcp(at: Place, how: str = "send-proxy-v2") -> list[str]:
    config = block(
        "haproxy-tcp",
        listens=f"bind 127.0.0.1:{at.port}",
        certificate=str(at.both),
        upstream=f"127.0.0.1:{at.upstream}",
    )
    config = config.replace("send-proxy-v2", how)
    return ["haproxy", "-db", "-f", str(at.writes("haproxy.cfg", config))]


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


@contextlib.asynccontextmanager
async def runs(command: list[str], at: Place) -> AsyncIterator[None]:
    """The proxy, from when it listens to the end of the block."""
    homes = {name: str(at.folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    log = at.folder / "log"
    with log.open("wb") as said:
        proxy = subprocess.Popen(  # noqa: ASYNC220  # it does not block
            command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, env=os.environ | homes
        )

    def listens() -> bool:
        assert proxy.poll() is None, log.read_text()
        with contextlib.suppress(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", at.port)).close()
            return True
        return False

    try:
        await until(listens)
        yield
    finally:
        proxy.terminate()
        try:
            proxy.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            proxy.kill()
            proxy.wait()


@dataclass(frozen=True, slots=True)
class Behind:
    """A server that people reach through a proxy."""

    server: Process
    url: str


@pytest.fixture(params=PROXIES)
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
        async with runs([program, *command[1:]], at):
            yield Behind(server, url)
        # It had nothing to tell of the proxy.
        assert server.stop() == (0, "")


class Client(Person):
    """Somebody with a client that takes the certificate, at an address of this machine's."""

    def __init__(self, name: str, url: str, transports: tuple[str, ...] = ("websocket",)) -> None:
        super().__init__(name, url, transports)
        self.socket.eio.ssl_verify = False

    async def call(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Json]:
        return await super().call(method, path, body, ssl=TRUSTING, **options)


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
        return reply.status


async def test_each_address_counts_by_itself_and_none_can_be_chosen(behind: Behind) -> None:
    url = behind.url
    assert [await starts(url, "127.0.0.2") for _ in range(4)] == [201, 201, 201, 429]
    assert await starts(url, "127.0.0.3") == 201
    forged = [
        await starts(url, "127.0.0.3", X_Forwarded_For=f"203.0.113.{number}") for number in range(3)
    ]
    assert forged == [201, 201, 429]
    assert await starts(url, "127.0.0.4", Forwarded="for=127.0.0.2") == 201
