"""Real things for tests: an app for the Quart test client, a server on a port, people."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import os
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from pytest_asyncio import is_async_test as is_awaited
from quart import Quart
from quart.testing.app import TestApp
from quart.typing import TestClientProtocol

from parley.app import Parley, create_app
from parley.config import Config
from parley.starting import GC_THRESHOLDS
from tests import databases, made_once
from tests.effort import IS_EVERYTHING, times
from tests.lasting import config_in
from tests.people import Person, arriving_at
from tests.servers import START_WITHIN_S, Running, begin_folder, running

try:
    from uvloop import new_event_loop
except ImportError:
    from asyncio import new_event_loop  # type: ignore[assignment]

LONGEST_FIRST = (
    *("browser", "security/browser", "workers", "push/test_queue.py", "security/test_rights.py"),
    *("faults", "powercut", "operating/test_moving.py", "js", "domain/test_model.py"),
)
"""So that no worker is left with one of them while the others have nothing to do."""

LOOP = os.environ.get("LOOP", "")

# A busy machine takes any time for an example, and for thinking of one.
settings.register_profile(
    "patient",
    max_examples=times(30, full=100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("patient")


@pytest.hookimpl(trylast=True)  # other folders say first what of theirs is long
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    folder = Path(__file__).parent
    # As words: of thousands of tests, comparing paths takes every worker a second.
    longest = [
        str(folder / name) + ("" if name.endswith(".py") else os.sep) for name in LONGEST_FIRST
    ]

    def order(item: pytest.Item) -> int:
        path = str(item.path)
        of = [at for at, each in enumerate(longest) if path.startswith(each)]
        return of[0] if of else len(longest)

    items.sort(key=order)
    for item in items:
        if databases.ON_POSTGRESQL and (why := item.get_closest_marker("sqlite")):
            item.add_marker(pytest.mark.skip(f"Of SQLite alone: {why.args[0]}"))
        if item.get_closest_marker("in_one_loop") and is_awaited(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)
        if not IS_EVERYTHING and (long := item.get_closest_marker("long")):
            item.add_marker(pytest.mark.skip(f"Long: {long.args[0]}."))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """By file; but where pages' tests are some among many, those of a folder share few browsers."""
    if config.getoption("dist") != "loadfile" or any("browser" in each for each in config.args):
        return None
    from tests.sharing import BrowsersShared

    return BrowsersShared(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    # A loop is made by the factory below for as long as is said here; for each test, all that
    # lasts for a file would be made anew.
    test = metafunc.definition
    if test.get_closest_marker("in_one_loop") and inspect.iscoroutinefunction(metafunc.function):
        test.add_marker(pytest.mark.asyncio(loop_scope="module"), append=False)


@pytest.hookimpl(optionalhook=True)
def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], Any]]:
    """uvloop; with LOOP=asyncio, what servers run on where that has no build."""
    if LOOP == "asyncio" or item.get_closest_marker("asyncios_loop"):
        return {"asyncio": asyncio.new_event_loop}
    return {"servers": new_event_loop}


def pytest_configure(config: pytest.Config) -> None:
    # Once, by whoever starts the others.
    if databases.ON_POSTGRESQL and not hasattr(config, "workerinput"):
        try:
            databases.begin_run()
        except databases.NoPostgresql as error:
            pytest.exit(f"Nothing was run on PostgreSQL, since there is none: {error}.", 0)


@pytest.fixture(autouse=True)
def _databases_go() -> Iterator[None]:
    # What a module or the session has made is there already, and stays.
    before = databases.made()
    yield
    databases.drop_all(but=before)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Have Python look for cycles as seldom as it does in a server, and never through the tests.

    A fifth of the time went into looking through what thousands of tests are made of.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _patient_starts() -> None:
    """Quart's test client gives an app six seconds to start and to stop."""
    patient = functools.partial(
        TestApp, startup_timeout=int(START_WITHIN_S), shutdown_timeout=int(START_WITHIN_S)
    )
    Quart.test_app_class = patient  # type: ignore[assignment]


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """One line for an event: structlog's own default draws tracebacks for seconds."""
    structlog.configure(processors=[structlog.processors.KeyValueRenderer(key_order=["event"])])


@pytest.fixture(scope="session", autouse=True)
def _what_every_app_has_is_made_once() -> None:
    made_once.keep()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the database of a first start: made once, since most tests begin there."""
    folder = tmp_path_factory.mktemp("empty") / "data"
    begin_folder(folder)
    return folder


@pytest.fixture
def own_config(tmp_path: Path, empty_database: Path) -> Config:
    """Of one test alone, in files whose `config` is that of all their tests, too."""
    return config_in(tmp_path, empty_database)


@pytest.fixture
def config(own_config: Config) -> Config:
    return own_config


@pytest.fixture
def on_postgresql(config: Config) -> Iterator[Config]:
    """For several servers that share one database."""
    with databases.one_for_several(config) as made:
        yield made


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


WEBSOCKET = pytest.param(("websocket",), id="websocket")
POLLING = pytest.param(("polling",), id="polling")
UPGRADED = pytest.param(
    ("polling", "websocket"),
    marks=pytest.mark.long("tests/wire/test_upgrade.py upgrades every time"),
    id="polling+websocket",
)
SELDOM_POLLING = pytest.param(
    *POLLING.values,
    marks=pytest.mark.long("tests/transport/test_talking.py polls every time"),
    id="polling",
)
each_transport = pytest.mark.parametrize("transports", [WEBSOCKET, POLLING, UPGRADED])
"""For what polls every time, as what is about who somebody is."""


@pytest.fixture(params=[WEBSOCKET, SELDOM_POLLING, UPGRADED])
def transports(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Every way that Socket.IO clients connect, one after the other."""
    chosen: tuple[str, ...] = request.param
    return chosen


@pytest.fixture
async def person(server: Running) -> AsyncIterator[Callable[..., Person]]:
    """Makes people: `person("Ada")`, with what each asks of the server at its end."""
    async with arriving_at(server.url) as arrive:
        yield arrive
