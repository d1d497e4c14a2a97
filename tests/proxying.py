"""Real proxies in front of real servers: how each is run, and a client that trusts it."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import socketio

from tests.people import PATIENCE_S, Json, Person

SBIN = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
MODULES = Path("/usr/lib/apache2/modules")
STOP_WITHIN_S = 10
LOOK_EVERY_S = 0.02

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


def in_nginx(at: Place, servers: str) -> list[str]:
    """nginx with these in its `http` block."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    folders = "\n".join(f"{kind}_temp_path {at.folder / kind};" for kind in kinds)
    top = f"daemon off; master_process off; pid {at.folder / 'pid'}; error_log stderr warn;\n"
    config = f"{top}events {{}}\nhttp {{\naccess_log off;\n{folders}\n{servers}}}\n"
    path = at.writes("nginx.conf", config)
    return ["nginx", "-p", str(at.folder), "-e", "stderr", "-c", str(path)]


def in_apache(at: Place, hosts: str, *modules: str) -> list[str]:
    """Apache with these hosts, and of its modules what they need."""
    names = ("mpm_event", "authz_core", "ssl", "proxy", "proxy_http", "headers", "socache_shmcb")
    paths = ((name, MODULES / f"mod_{name}.so") for name in (*names, *modules))
    top = [
        *(f"LoadModule {name}_module {path}" for name, path in paths if path.exists()),
        f"ServerRoot {at.folder}",
        f"DefaultRuntimeDir {at.folder}",
        f"PidFile {at.folder / 'pid'}",
        "ErrorLog /dev/stderr",
        "ServerName localhost",
        f"Listen 127.0.0.1:{at.port}",
        "User nobody",
        "Group nogroup",
    ]
    path = at.writes("apache.conf", "\n".join((*top, hosts)))
    return ["apache2", "-D", "FOREGROUND", "-f", str(path)]


def in_haproxy(at: Place, config: str) -> list[str]:
    return ["haproxy", "-db", "-f", str(at.writes("haproxy.cfg", config))]


def in_caddy(at: Place, sites: str) -> list[str]:
    """Caddy with these, without its own administration and certificates."""
    top = "{\n  admin off\n  auto_https disable_redirects\n}\n"
    path = at.writes("Caddyfile", top + sites)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(path)]


@contextlib.contextmanager
def runs(command: list[str], at: Place) -> Iterator[None]:
    """The proxy, from when it listens to the end of the block."""
    homes = {name: str(at.folder) for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")}
    log = at.folder / "log"
    with log.open("wb") as said:
        proxy = subprocess.Popen(
            command, stdout=said, stderr=said, stdin=subprocess.DEVNULL, env=os.environ | homes
        )
    try:
        until = time.monotonic() + PATIENCE_S
        while not _listens(at.port):
            assert proxy.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            threading.Event().wait(LOOK_EVERY_S)
        yield
    finally:
        ended = proxy.poll()
        proxy.terminate()
        try:
            proxy.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            proxy.kill()
            proxy.wait()
        assert ended is None, f"It ended by itself ({ended}).\n{log.read_text()}"


def _listens(port: int) -> bool:
    with contextlib.suppress(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port)).close()
        return True
    return False


class Client(Person):
    """Somebody with a client that takes the certificate, at an address of this machine's."""

    def _new_socket(self) -> socketio.AsyncClient:
        made = super()._new_socket()
        made.eio.ssl_verify = False
        return made

    async def call(
        self, method: str, path: str, body: Any = None, **options: Any
    ) -> tuple[int, Json]:
        return await super().call(method, path, body, ssl=TRUSTING, **options)
