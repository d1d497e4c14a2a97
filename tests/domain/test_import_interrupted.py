"""An import that is cut off leaves a whole conversation or none, wherever that happens."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from parley.domain import owning
from parley.domain.context import Context
from parley.domain.importing import storing
from parley.domain.importing.reading import Reading, remove_left
from parley.errors import Unavailable
from tests.databases import beside
from tests.effort import some
from tests.eventually import until
from tests.importing import plain

MESSAGES = 250
TABLES = ("conversations", "participants", "messages", "reactions")


class Killed(BaseException):
    """Nothing of the process goes on."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    said = [
        {
            "at": f"2024-01-31T10:{number // 60:02}:{number % 60:02}+00:00",
            "who": f"p{number % 3}",
            "text": f"Message {number}",
            "reactions": [{"emoji": "👍", "people": ["p1"]}],
        }
        for number in range(MESSAGES)
    ]
    return plain.write(tmp_path / plain.NAME, *said)


def counted(context: Context) -> list[int]:
    with beside(context.database._folder) as db:
        return [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]


def cut_off(
    context: Context, after: int, fails: Callable[[], BaseException], patch: pytest.MonkeyPatch
) -> None:
    """From the write of that number on, all fail so."""
    write, done = context.database.write, 0

    def cut(*given: Any) -> Any:
        nonlocal done
        done += 1
        if done > after:
            raise fails()
        return write(*given)

    patch.setattr(context.database, "write", cut)


Store = Callable[[], Awaitable[Any]]


@contextlib.asynccontextmanager
async def read(context: Context, folder: Path, file: Path) -> AsyncIterator[Store]:
    """What stores it, as often as it is called."""
    async with Reading(folder, opener=plain.OPENER) as reading:
        staged = await reading.stage(file, max_file=0)
        yield lambda: storing.store(context, reading, staged, None)


async def bring(context: Context, folder: Path, file: Path) -> None:
    async with read(context, folder, file) as store:
        await store()


@pytest.mark.parametrize(
    "fails",
    some([Killed, lambda: Unavailable("The disk is full.")], every=2, why="a kill tells most"),
)
async def test_wherever_it_is_cut_off_all_of_it_or_nothing_is_there_after_a_start(
    context: Context, tmp_path: Path, file: Path, fails: Callable[[], BaseException]
) -> None:
    cuts = 0
    async with read(context, tmp_path, file) as store:
        while True:
            with pytest.MonkeyPatch.context() as patch:
                cut_off(context, cuts, fails, patch)
                with contextlib.suppress(Killed, Unavailable):
                    await store()
                    break
            assert await context.database.read(_found) == 0
            # As a start does.
            await storing.forget_left(context)
            await owning.erase_deleted(context)
            assert counted(context) == [0, 0, 0, 0]
            cuts += 1
    assert cuts >= 5
    assert counted(context) == [1, 3, MESSAGES, MESSAGES]


async def test_what_is_younger_than_asked_for_is_left_to_who_imports_it(
    context: Context, tmp_path: Path, file: Path
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        cut_off(context, 2, Killed, patch)
        with contextlib.suppress(Killed):
            await bring(context, tmp_path, file)
    assert counted(context)[0] == 1
    await storing.forget_left(context, before=context.clock() - timedelta(hours=1))
    await owning.erase_deleted(context)
    assert counted(context)[0] == 1
    later = replace(context, clock=lambda: context.clock() + timedelta(hours=2))
    await storing.forget_left(later, before=later.clock() - timedelta(hours=1))
    await owning.erase_deleted(context)
    assert counted(context)[0] == 0


def test_files_younger_than_asked_for_are_left_to_who_imports_them(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name for name in ("import-old", "import-new", "files"))
    for each in (old, new, other):
        each.mkdir()
        os.utime(each, (0, 0))
    os.utime(new)
    remove_left(tmp_path, before=datetime.now(UTC) - timedelta(hours=1))
    assert {*tmp_path.iterdir()} == {new, other}


def _found(connection: Any) -> int:
    count: int = connection.exec_driver_sql(
        "SELECT count(*) FROM conversations WHERE deleted_at IS NULL"
    ).scalar()
    return count


async def test_who_gives_it_up_leaves_nothing(context: Context, tmp_path: Path, file: Path) -> None:
    begun = asyncio.Event()
    async with Reading(tmp_path, opener=plain.OPENER) as reading:
        staged = await reading.stage(file, max_file=0)
        task = asyncio.create_task(
            storing.store(context, reading, staged, None, tell=lambda count: begun.set())
        )
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert counted(context) == [0, 0, 0, 0]


async def test_what_a_full_disk_left_is_erased_once_there_is_room_again(
    context: Context, tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "ERASE_AGAIN_S", 0.0)
    with pytest.MonkeyPatch.context() as patch:
        cut_off(context, 4, lambda: Unavailable("The disk is full."), patch)
        with pytest.raises(Unavailable):
            await bring(context, tmp_path, file)
        assert counted(context) != [0, 0, 0, 0]
    await until(lambda: counted(context) == [0, 0, 0, 0])


async def test_two_at_once_are_both_whole(context: Context, tmp_path: Path, file: Path) -> None:
    await asyncio.gather(bring(context, tmp_path, file), bring(context, tmp_path, file))
    assert counted(context) == [2, 6, 2 * MESSAGES, 2 * MESSAGES]
