"""A server whose notifications go to a push service of our own."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from parley.addresses import parse_networks
from parley.config import Config
from parley.domain import notices
from parley.live import pushing
from tests.push.service import NETWORKS, Service, certificates, serving
from tests.servers import Running, running


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of the authority that vouches for the push service."""
    return certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody talks so much here that it would have to rest between two looks."""
    monkeypatch.setattr(pushing, "FOUND_EVERY_S", 0.05)
    monkeypatch.setattr(pushing, "GOES_AT", timedelta(seconds=0.2))
    monkeypatch.setattr(pushing, "CROWDED_S", 0.2)


@pytest.fixture
def brief_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """After one notification of a conversation, the next doesn't wait long."""
    monkeypatch.setattr(notices, "REST_S", 0.5)
    monkeypatch.setattr(pushing, "REST_S", 0.5)


@pytest.fixture
async def service(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with serving(trusted.parent) as started:
        yield started


@pytest.fixture
def config(config: Config) -> Config:
    return dataclasses.replace(
        config, push_networks=parse_networks(NETWORKS), push_contact="mailto:host@example.org"
    )


@pytest.fixture
async def server(config: Config, service: Service) -> AsyncIterator[Running]:
    async with running(config) as started:
        yield started
