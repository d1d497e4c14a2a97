"""The configurations in `deploy/`, each run by its program, changed only where a test must."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.proxying import SBIN, Place, in_apache, in_caddy, in_haproxy, in_nginx

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
FIRST, SECOND, SITE = "127.0.0.1:8081", "127.0.0.1:8082", "127.0.0.1:8000"
BALANCING = ("proxy_balancer", "slotmem_shm", "lbmethod_byrequests", "lbmethod_bybusyness")


@dataclass(frozen=True, slots=True)
class Proxy:
    """One of the programs, and the names of its files."""

    program: str
    one: str
    under_a_path: str
    several: str
    run: Callable[[Place, str], list[str]]
    changes: tuple[tuple[str, str], ...]
    """Patterns of what stands for this machine's own, and what stands there in a test."""

    def __str__(self) -> str:
        return self.program

    def command(
        self,
        name: str,
        at: Place,
        *upstreams: int,
        rewritten: Callable[[str], str] = lambda text: text,
    ) -> list[str]:
        """Of the program with the file `name`. Skips, with a word, where it is missing."""
        program = shutil.which(self.program, path=SBIN)
        if program is None:
            pytest.skip(f"{self.program} was not found; tests/system.sh says how to have it")
        text = rewritten((DEPLOY / name).read_text(encoding="utf-8"))
        given = {
            "port": str(at.port),
            "certificate": str(at.certificate),
            "key": str(at.key),
            "both": str(at.both),
            "folder": str(at.folder),
        }
        for pattern, new in self.changes:
            text = re.sub(pattern, new.format_map(given), text, flags=re.MULTILINE)
        for address, upstream in zip((FIRST, SECOND), upstreams, strict=False):
            assert address in text, (name, address)
            text = text.replace(address, f"127.0.0.1:{upstream}")
        text = text.replace(SITE, f"127.0.0.1:{at.upstream}")
        return [program, *self.run(at, text)[1:]]


PROXIES = [
    Proxy(
        "nginx",
        "nginx/parley.conf",
        "nginx/parley-under-a-path.conf",
        "nginx/parley-several.conf",
        in_nginx,
        (
            (r"^server \{\n  listen 80;\n(?:.*\n)*?\}\n", ""),  # nobody may listen there
            (r"listen 443", "listen 127.0.0.1:{port}"),
            (r"/etc/ssl/\w+\.pem", "{certificate}"),
            (r"/etc/ssl/\w+\.key", "{key}"),
            (r"server_name .*;", "server_name localhost;"),
            (r"/var/www/html", "{folder}"),
        ),
    ),
    Proxy(
        "haproxy",
        "haproxy/parley.cfg",
        "haproxy/parley-under-a-path.cfg",
        "haproxy/parley-several.cfg",
        in_haproxy,
        ((r"bind :443", "bind 127.0.0.1:{port}"), (r"/etc/haproxy/\w+\.pem", "{both}")),
    ),
    Proxy(
        "apache2",
        "apache/parley.conf",
        "apache/parley-under-a-path.conf",
        "apache/parley-several.conf",
        lambda at, text: in_apache(at, text, "http2", "alias", *BALANCING),
        (
            (r"(?<=VirtualHost )\*:443", "127.0.0.1:{port}"),
            (r"/etc/ssl/\w+\.pem", "{certificate}"),
            (r"/etc/ssl/\w+\.key", "{key}"),
            (r"ServerName .*", "ServerName localhost"),
            (r"/var/www/html", "{folder}"),
        ),
    ),
    Proxy(
        "caddy",
        "caddy/Caddyfile",
        "caddy/Caddyfile-under-a-path",
        "caddy/Caddyfile-several",
        in_caddy,
        (
            (r"^\S*example\.org \{", "https://localhost:{port} {{\n\ttls {certificate} {key}"),
            (r"/var/www/html", "{folder}"),
        ),
    ),
]


def every_time_one(proxies: list[Proxy]) -> list[Any]:
    """As parameters: the first every time, the others by `make torture`."""
    first, *others = proxies
    why = f"{first} tells most of what is in front of it"
    return [first, *(pytest.param(each, marks=pytest.mark.long(why)) for each in others)]
