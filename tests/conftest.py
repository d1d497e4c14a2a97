"""Real things for tests: an app for the Quart test client, a server on a port, people."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from quart.typing import TestClientProtocol

from parley.app import Parley, create_app
from parley.config import Config
from parley.storage import folder as data_folder
from parley.storage.migrate import migrate
from tests.generous import generous
from tests.people import Person
from tests.servers import Running, running

# Long enough that a person who comes straight back is in time, short enough to wait for.
GRACE_S = 0.5


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """One line for an event: structlog's own default draws tracebacks for seconds."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer(key_order=["event"])])


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database of a first start: made once, since most tests begin there."""
    folder = tmp_path_factory.mktemp("empty")
    engine = sa.create_engine(data_folder.database_url(folder), isolation_level="AUTOCOMMIT")
    migrate(engine)
    engine.dispose()
    data_folder.close_to_others(folder, is_new=True)
    return folder


@pytest.fixture
def config(tmp_path: Path, empty_database: Path) -> Config:
    shutil.copytree(empty_database, tmp_path / "data")
    return generous(Config(data=tmp_path / "data", leave_grace_s=GRACE_S))


@pytest.fixture
async def app(config: Config) -> AsyncIterator[Parley]:
    """The app, started, without a port: for the Quart test client."""
    app = create_app(config)
    async with app.test_app():
        yield app


@pytest.fixture
def client(app: Parley) -> TestClientProtocol:
    return app.test_client()


@pytest.fixture
async def server(config: Config) -> AsyncIterator[Running]:
    """Parley on Hypercorn, on a free port."""
    async with running(config) as started:
        yield started


@pytest.fixture(params=[("websocket",), ("polling",), ("polling", "websocket")], ids="+".join)
def transports(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Every way that Socket.IO clients connect, one after the other."""
    chosen: tuple[str, ...] = request.param
    return chosen


@pytest.fixture
async def person(server: Running) -> AsyncIterator[Callable[..., Person]]:
    """Makes people: `person("Ada")`, with what each asks of the server at its end."""
    people: list[Person] = []

    def arrive(name: str, transports: tuple[str, ...] = ("websocket",)) -> Person:
        people.append(Person(name, server.url, transports))
        return people[-1]

    yield arrive
    for each in people:
        await each.goes_home()
