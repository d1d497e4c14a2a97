"""Files let those who talk go first, and do not wait where nobody does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from parley.domain import giving_way
from parley.domain.giving_way import PAUSE_EVERY_BYTES, PAUSE_S, GivingWay
from parley.storage.database import Database
from tests.databases import database_in

PIECE = bytes(PAUSE_EVERY_BYTES // 4)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = database_in(tmp_path)
    await database.open()
    yield database
    await database.close()


async def takes_s(waits: GivingWay, pieces: int) -> float:
    began = asyncio.get_running_loop().time()
    for _ in range(pieces):
        await waits.wait(PIECE)
    return asyncio.get_running_loop().time() - began


def nothing(_connection: sa.Connection) -> None:
    pass


async def test_a_file_pauses_while_somebody_talks(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_way, "TALKS_S", 60.0)
    await database.write(nothing, lambda _: None)
    assert await takes_s(GivingWay(database), 40) >= 10 * PAUSE_S


async def test_a_file_waits_for_what_is_being_stored(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_way, "TALKS_S", 60.0)
    monkeypatch.setattr(giving_way, "WAITS_MAX_S", 60.0)
    go_on = threading.Event()
    stored = database.write(lambda _: go_on.wait(60), lambda _: None)
    piece = asyncio.create_task(GivingWay(database).wait(bytes(PAUSE_EVERY_BYTES)))
    assert await asyncio.wait([piece], timeout=5 * PAUSE_S) == (set(), {piece})
    go_on.set()
    await piece
    assert stored.done()


async def test_where_nobody_talks_a_file_waits_for_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(giving_way, "PAUSE_S", 60.0)
    # What only its writer waits for, such as how much of an upload there is.
    await database.write(nothing)
    assert await takes_s(GivingWay(database), 1000) < 10
