"""One database for all tests of a file, where none minds what another one leaves in it; each has a
bus, people who are there, and a clock of its own.

Such a file says, as tests/lasting.py has it:

    pytestmark = lasting.in_one_loop
    database, context = lasting.database, lasting.context
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from parley.bus.local import LocalBus
from parley.domain.context import Context
from parley.domain.presence import Presence
from parley.storage.choice import database_of
from parley.storage.database import Database
from tests.domain.conftest import Clock, Told
from tests.lasting import GRACE_S, config_in, in_one_loop

__all__ = ["context", "database", "in_one_loop"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def database(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path
) -> AsyncIterator[Database]:
    database = database_of(config_in(tmp_path_factory.mktemp("lasting"), empty_database))
    await database.open()
    yield database
    await database.close()


@pytest_asyncio.fixture(loop_scope="module")
async def context(database: Database, clock: Clock, told: Told) -> Context:
    bus = LocalBus()
    bus.subscribe(told.events.append)
    return Context(database, bus, Presence(), GRACE_S, clock)
