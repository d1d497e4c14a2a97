"""Parley behind each of the proxies that `deploy/` has configurations for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.configurations import PROXIES, Proxy, every_time_one
from tests.proxying import Place, runs
from tests.security.browser.tls import certificate
from tests.servers import Process, free_port, process


@dataclass(frozen=True, slots=True)
class Behind:
    """A server that people reach through a proxy, at `url`."""

    proxy: Proxy
    server: Process
    url: str
    is_path_left: bool = True
    """Whether the server is asked by the path of its public URL."""


@pytest.fixture(params=every_time_one(PROXIES), ids=str)
def proxy(request: pytest.FixtureRequest) -> Proxy:
    found: Proxy = request.param
    return found


@pytest.fixture
def at(tmp_path: Path) -> Place:
    folder = tmp_path / "proxy"
    folder.mkdir()
    return Place(folder, free_port(), free_port(), *certificate(folder, "localhost"))


def flags_of(url: str, port: int, *more: str) -> tuple[str, ...]:
    """As the comments of the configurations start Parley."""
    return (
        *("--host", "127.0.0.1", "--port", str(port), "--public-url", url),
        *("--trusted-proxies", "127.0.0.1", "--log-level", "warning", *more),
    )


@pytest.fixture
def behind(proxy: Proxy, at: Place, tmp_path: Path) -> Iterator[Behind]:
    """One Parley, with a host of its own."""
    url = f"https://localhost:{at.port}"
    command = proxy.command(proxy.one, at, at.upstream)
    more = ("--limit-creations", "3/1m address", "--max-file", "200MB")
    with process(tmp_path / "data", *flags_of(url, at.upstream, *more)) as server:
        with runs(command, at):
            yield Behind(proxy, server, url)
        if server.is_running:
            # It had nothing to tell of the proxy.
            assert server.stop() == (0, "")


TAKE_THE_PATH_AWAY = {
    "nginx": (r"(proxy_pass http://127\.0\.0\.1:8081);", r"\1/;"),
    "apache2": (r"(http://127\.0\.0\.1:8081/)talk/", r"\1"),
    "caddy": (r"(handle @parley \{\n)", r"\1\t\turi strip_prefix /talk\n"),
    "haproxy": (r"(backend parley\n)", r"\1  http-request replace-path ^/talk/(.*) /\\1\n"),
}
"""What the configurations say can be done as well, or what does the same."""


@pytest.fixture(params=["left", "taken away"])
def under_a_path(
    request: pytest.FixtureRequest, proxy: Proxy, at: Place, tmp_path: Path
) -> Iterator[Behind]:
    """One under `/talk` of a host that has other things; the path is left to it, or is not."""
    url = f"https://localhost:{at.port}/talk"
    upstream = free_port()

    def rewritten(text: str) -> str:
        if request.param == "left":
            return text
        text, count = re.subn(*TAKE_THE_PATH_AWAY[proxy.program], text)
        assert count == 1
        return text

    command = proxy.command(proxy.under_a_path, at, upstream, rewritten=rewritten)
    with process(tmp_path / "data", *flags_of(url, upstream)) as server:
        with runs(command, at):
            yield Behind(proxy, server, url, request.param == "left")
        assert server.stop() == (0, "")
