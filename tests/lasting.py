"""One server for all tests of a file, where none minds what another one leaves behind.

To start and to stop one is half of what a short test costs. Such a file says:

    pytestmark = lasting.in_one_loop
    config, app, client = lasting.config, lasting.app, lasting.client

or `config, server, person`; with settings of its own, it has a fixture `config` for the module. A
test that breaks its server takes `own_app`, or stands in another file.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from quart.typing import TestClientProtocol

from parley.app import Parley, create_app
from parley.config import Config
from tests import databases
from tests.generous import generous
from tests.people import Person, arriving_at
from tests.servers import Running, running

# Long enough that a person who comes straight back is in time, short enough to wait for.
GRACE_S = 0.5

in_one_loop = pytest.mark.in_one_loop
"""Of a file: its tests run in one event loop. What awaits among its fixtures has to say so itself:
`@pytest_asyncio.fixture(loop_scope="module")`.
"""


def config_in(folder: Path, empty_database: Path) -> Config:
    """A first start in this folder, that nobody is kept waiting by and no limit is met in."""
    data = folder / "data"
    shutil.copytree(empty_database, data)
    return generous(Config(data=data, leave_grace_s=GRACE_S, database_url=databases.url_of(data)))


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Config:
    return config_in(tmp_path_factory.mktemp("lasting"), empty_database)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(config: Config) -> AsyncIterator[Parley]:
    """The app, started, without a port."""
    app = create_app(config)
    async with app.test_app():
        yield app


@pytest_asyncio.fixture(loop_scope="module")
async def own_app(own_config: Config) -> AsyncIterator[Parley]:
    """The app for one test alone."""
    app = create_app(own_config)
    async with app.test_app():
        yield app


@pytest.fixture
def client(app: Parley) -> TestClientProtocol:
    """One that the server has not seen before: it keeps cookies."""
    return app.test_client()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(config: Config) -> AsyncIterator[Running]:
    """Parley on Hypercorn, on a free port."""
    async with running(config) as started:
        yield started


@pytest.fixture(scope="module")
def served_app(server: Running) -> Parley:
    """As a file's `app`: that of its server, for callers at the test client beside people."""
    return server.app


@pytest_asyncio.fixture(loop_scope="module")
async def person(server: Running) -> AsyncIterator[Callable[..., Person]]:
    """Makes people: `person("Ada")`, who are gone when the test is over."""
    async with arriving_at(server.url) as arrive:
        yield arrive
