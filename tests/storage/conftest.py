"""A PostgreSQL that the tests of storage may stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from parley.storage.postgresql.database import PostgresqlDatabase
from tests.databases import NoPostgresql, Server, asking

FIRST = "as_after_a_first_start"


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
    with asking(started, "postgres") as own:
        own.execute(f"CREATE DATABASE {FIRST} TEMPLATE template0")
    PostgresqlDatabase(started.url(FIRST), folder)._prepare()
    yield started
    started.remove()


@pytest.fixture
def name(server: Server, request: pytest.FixtureRequest) -> str:
    """Of a database: an empty one, or for a test that opens it first as after a first start."""
    name = f"of_{abs(hash(request.node.name)):x}"
    template = FIRST if "database" in request.fixturenames else "template0"
    with asking(server, "postgres") as own:
        own.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return name  # it goes with its server: to drop one has all of them written to the disk
