"""Parley behind each of the proxies that `deploy/` has configurations for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deploy.configurations import PROXIES, Proxy
from tests.proxying import Place, runs
from tests.security.browser.tls import certificate
from tests.servers import Process, free_port, process


@dataclass(frozen=True, slots=True)
class Behind:
    """A server that people reach through a proxy, at `url`."""

    proxy: Proxy
    server: Process
    url: str


@pytest.fixture(params=PROXIES, ids=[each.program for each in PROXIES])
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


@pytest.fixture
def under_a_path(proxy: Proxy, at: Place, tmp_path: Path) -> Iterator[Behind]:
    """One under `/talk` of a host that has other things."""
    url = f"https://localhost:{at.port}/talk"
    upstream = free_port()
    command = proxy.command(proxy.under_a_path, at, upstream)
    with process(tmp_path / "data", *flags_of(url, upstream)) as server:
        with runs(command, at):
            yield Behind(proxy, server, url)
        assert server.stop() == (0, "")
