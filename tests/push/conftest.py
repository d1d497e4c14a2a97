"""A server whose notifications go to a push service of our own."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from parley.addresses import parse_networks
from parley.config import Config
from tests.push.service import NETWORKS, Service, certificates, serving
from tests.servers import Running, running


@pytest.fixture(scope="session")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of the authority that vouches for the push service."""
    return certificates(tmp_path_factory.mktemp("certificates"))


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
