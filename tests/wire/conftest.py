"""What several tests of the wire begin with."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from parley.config import Config
from parley.wire import line
from tests import lasting
from tests.eventually import until
from tests.servers import Running, running

FEW = 600


@pytest.fixture
def few_frames(monkeypatch: pytest.MonkeyPatch) -> int:
    """So many a client may send, of servers that start after this: a tenth, to be soon over."""
    monkeypatch.setattr(line, "FRAMES_MAX", FEW)
    return FEW


def lasting_config(folder: pytest.TempPathFactory, empty_database: Path) -> Config:
    return lasting.config_in(folder.mktemp("wire"), empty_database)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting_server(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path
) -> AsyncIterator[Running]:
    """For the tests of a file that leave it as it was."""
    async with running(lasting_config(tmp_path_factory, empty_database)) as started:
        yield started


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def lasting_plain(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path
) -> AsyncIterator[Running]:
    """The same as one ASGI app among others."""
    config = lasting_config(tmp_path_factory, empty_database)
    async with running(config, plain=True) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def server(lasting_server: Running) -> AsyncIterator[Running]:
    """One that nobody is connected to."""
    yield lasting_server
    await empty(lasting_server)


@pytest_asyncio.fixture(loop_scope="module")
async def plain(lasting_plain: Running) -> AsyncIterator[Running]:
    yield lasting_plain
    await empty(lasting_plain)


@pytest.fixture(params=["direct", "plain"])
def either(request: pytest.FixtureRequest) -> Running:
    found: Running = request.getfixturevalue({"direct": "server"}.get(request.param, "plain"))
    return found


@pytest_asyncio.fixture(loop_scope="module")
async def own_server(config: Config) -> AsyncIterator[Running]:
    """For what has to be so when a server starts."""
    async with running(config) as started:
        yield started


async def empty(server: Running) -> None:
    """As if nobody had ever come."""
    realtime = server.app.realtime
    engine = realtime.server.eio
    for sid in list(engine.sockets):  # who polls doesn't say that they go
        await engine.disconnect(sid)
    await until(lambda: not (realtime.audience.clients or realtime.server.connection_count))
    await until(lambda: not engine.places._taken)
    engine.counts.clear()
