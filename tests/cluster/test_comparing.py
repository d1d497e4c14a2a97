"""What is compared with the database, seen from within one of several processes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

import pytest

from parley import records
from parley.config import Config
from parley.domain import behind
from tests import databases
from tests.people import Person
from tests.servers import running


@pytest.fixture
def on_postgresql(config: Config) -> Iterator[Config]:
    """With an empty database there."""
    try:
        databases.server()
    except databases.NoPostgresql as error:
        pytest.skip(str(error))
    name = f"comparing_{secrets.token_hex(6)}"
    with databases._asking("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {databases.TEMPLATE}")
    yield replace(config, database_url=databases._url(name))
    with databases._asking("postgres") as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.mark.long("two servers start")
async def test_a_room_that_begins_meanwhile_is_not_taken_for_deleted(
    on_postgresql: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_asked, may_go_on = asyncio.Event(), asyncio.Event()
    real = behind.positions

    async def positions(context: Any, ids: Collection[int]) -> dict[int, records.Position]:
        """The answer to the first, who asks for Ada's room, is late."""
        found = await real(context, ids)
        if held & set(ids):
            is_asked.set()
            await may_go_on.wait()
        return found

    async with running(on_postgresql) as server:
        ada, ben = Person("Ada", server.url), Person("Ben", server.url)
        try:
            first = await ada.starts()
            await ada.join(first)
            ordering = server.app.chores.ordering
            assert ordering is not None
            held = set(ordering._places)
            monkeypatch.setattr(behind, "positions", positions)
            comparing = asyncio.create_task(ordering.compare())
            await is_asked.wait()
            second = await ben.starts()
            await ben.join(second)
            may_go_on.set()
            await comparing
            for person, room_id in ((ada, first), (ben, second)):
                assert (await person.say(room_id, "Hello"))["ok"]
        finally:
            may_go_on.set()
            for person in (ada, ben):
                await person.goes_home()
