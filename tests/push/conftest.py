"""A server, one for all tests of a file, whose notifications go to a push service of our own."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from parley.addresses import parse_networks
from parley.app import web_site
from parley.config import Config
from parley.domain import notices
from parley.live import pushing
from parley.storage import schema
from tests import lasting
from tests.push.service import NETWORKS, Service, certificates, serving
from tests.servers import Running


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


@pytest_asyncio.fixture(loop_scope="module")
async def service(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    async with serving(trusted.parent) as started:
        yield started


def pushing_here(config: Config) -> Config:
    return dataclasses.replace(
        config, push_networks=parse_networks(NETWORKS), push_contact="mailto:host@example.org"
    )


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Config:
    return pushing_here(lasting.config_in(tmp_path_factory.mktemp("push"), empty_database))


@pytest.fixture
def own_config(own_config: Config) -> Config:
    return pushing_here(own_config)


lasting_server, person = lasting.server, lasting.person


@pytest_asyncio.fixture(loop_scope="module")
async def server(lasting_server: Running, service: Service) -> AsyncIterator[Running]:
    """One that has nobody to notify yet, and no notification of an earlier test under way."""
    yield lasting_server
    app = lasting_server.app
    await web_site(app).context.database.write(forget_devices)
    await app.pushing.begin_anew()


def forget_devices(connection: sa.Connection) -> None:
    connection.execute(schema.notices.delete())
    connection.execute(schema.push_devices.delete())
