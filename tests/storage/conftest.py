"""A PostgreSQL that the tests of storage may stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import NoPostgresql, Server, asking


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """With its disk's syncs: it is stopped in the middle of things."""
    # The name of a socket may have no more than a hundred letters.
    folder = Path(
        f"/tmp/parley-{tmp_path_factory.mktemp('pg').parent.name}-{id(tmp_path_factory):x}"
    )
    try:
        started = Server(folder, max_connections="100", shared_buffers="32MB")
    except NoPostgresql as error:
        pytest.skip(f"There is no PostgreSQL: {error}.")
    started.make()
    started.start()
    yield started
    started.remove()


@pytest.fixture
def name(server: Server, request: pytest.FixtureRequest) -> Iterator[str]:
    """Of an empty database."""
    name = f"of_{abs(hash(request.node.name)):x}"
    with asking(server, "postgres") as own:
        own.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield name
    with asking(server, "postgres") as own:
        own.execute(f"DROP DATABASE {name} WITH (FORCE)")
