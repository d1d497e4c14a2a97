"""The one writer: commits together, fails apart, forgets nobody who went away."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parley.errors import BadRequest, Unavailable
from parley.storage import folder, writer
from parley.storage.database import Database
from parley.storage.prepared import execute
from parley.storage.sqlite import database as storage
from parley.storage.sqlite.database import SqliteDatabase
from tests.servers import first_database


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """With a table of its own, to write down names in."""
    (tmp_path / folder.NAME).write_bytes(first_database())
    database = SqliteDatabase(tmp_path)
    await database.open()
    await database.write(
        lambda connection: connection.exec_driver_sql(
            "CREATE TABLE names (name TEXT PRIMARY KEY)"
        ).close()
    )
    yield database
    await database.close()


def note(name: str) -> sa.TextClause:
    return sa.text("INSERT INTO names VALUES (:name)").bindparams(name=name)


async def write(database: Database, name: str) -> str:
    def work(connection: sa.Connection) -> str:
        connection.execute(note(name))
        return name

    return await database.write(work)


async def names(database: Database) -> list[str]:
    return await database.read(
        lambda connection: list(
            connection.exec_driver_sql("SELECT name FROM names ORDER BY rowid").scalars()
        )
    )


async def begun(*works: Awaitable[Any]) -> Sequence[asyncio.Future[Any]]:
    """Each has run to its first wait."""

    async def nothing() -> None:
        pass

    tasks = [asyncio.ensure_future(work) for work in works]
    await asyncio.create_task(nothing())  # begins after all of them
    return tasks


class Gate:
    """Work that holds up the writer until it is let through."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.opened = threading.Event()
        self.run_since: list[str] = []
        """What the writer's connection has run since then."""

    def __call__(self, connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(self.run_since.append)
        self.entered.set()
        assert self.opened.wait(10)

    async def holds(self, database: Database) -> asyncio.Future[None]:
        task = database.write(self)
        assert await asyncio.to_thread(self.entered.wait, 10)
        return task


async def test_what_waits_is_committed_together(database: Database) -> None:
    gate = Gate()
    held = await gate.holds(database)
    writes = await begun(*(write(database, str(number)) for number in range(100)))
    gate.opened.set()
    await asyncio.gather(held, *writes)
    assert len(await names(database)) == 100
    # One for what held the writer up, one for all that waited meanwhile.
    assert gate.run_since.count("COMMIT") == 2


async def test_what_is_written_is_stored_in_the_order_asked_for(database: Database) -> None:
    asked = [str(number) for number in range(50)]
    assert await asyncio.gather(*(write(database, name) for name in asked)) == asked
    assert await names(database) == asked


@pytest.mark.parametrize(
    "error", [BadRequest("no"), ValueError("no"), KeyError("no")], ids=lambda e: type(e).__name__
)
async def test_one_failure_hurts_no_other_in_the_transaction(
    database: Database, error: Exception
) -> None:
    def fails(connection: sa.Connection) -> None:
        connection.execute(note("half done"))
        raise error

    gate = Gate()
    held = await gate.holds(database)
    writes = await begun(write(database, "before"), database.write(fails), write(database, "after"))
    gate.opened.set()
    results = await asyncio.gather(held, *writes, return_exceptions=True)
    assert results == [None, "before", error, "after"]
    assert await names(database) == ["before", "after"]


async def test_what_gives_way_is_done_after_all_others(database: Database) -> None:
    gate, done = Gate(), list[str]()
    held = await gate.holds(database)
    patient = database.write(lambda _: done.append("patient"), gives_way=True)
    others = [database.write(lambda _: done.append("other")) for _ in range(2)]
    gate.opened.set()
    await asyncio.gather(held, patient, *others)
    assert done == ["other", "other", "patient"]


async def test_who_comes_while_it_is_done_is_written_with_it(database: Database) -> None:
    is_awaited = list[bool]()
    gate = Gate()

    def patient(connection: sa.Connection) -> None:
        is_awaited.append(database.is_awaited)
        gate(connection)
        is_awaited.append(database.is_awaited)

    held = database.write(patient, gives_way=True)
    assert await asyncio.to_thread(gate.entered.wait, 10)
    writes = await begun(*(write(database, str(number)) for number in range(3)))
    gate.opened.set()
    await asyncio.gather(held, *writes)
    assert is_awaited == [False, True]
    assert await names(database) == ["0", "1", "2"]
    assert gate.run_since.count("COMMIT") == 1


async def test_one_that_fails_then_hurts_no_other(database: Database) -> None:
    def fails(connection: sa.Connection) -> None:
        connection.execute(note("half done"))
        raise BadRequest("no")

    gate = Gate()
    held = database.write(gate, gives_way=True)
    assert await asyncio.to_thread(gate.entered.wait, 10)
    failing, good = await begun(database.write(fails), write(database, "good"))
    gate.opened.set()
    await asyncio.gather(held, good)
    with pytest.raises(BadRequest):
        await failing
    assert await names(database) == ["good"]


async def test_nothing_gives_way_for_ever(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "GIVES_WAY_S", 0.0)
    loop, gate, done = asyncio.get_running_loop(), Gate(), list[str]()
    held = await gate.holds(database)
    patient = database.write(lambda _: done.append("patient"), gives_way=True)

    def asks_again(_: sa.Connection) -> None:
        done.append("other")
        if len(done) < 20:
            # Before it is told: whenever a transaction begins, somebody else waits.
            loop.call_soon_threadsafe(database.write, asks_again)

    first = database.write(asks_again)
    gate.opened.set()
    await asyncio.gather(held, first, patient)
    assert done[1] == "patient"


async def test_a_broken_rule_of_the_database_hurts_no_other(database: Database) -> None:
    results = await asyncio.gather(
        *(write(database, name) for name in ("Ada", "Ada", "Ben")), return_exceptions=True
    )
    assert results[0] == "Ada"
    assert isinstance(results[1], sa.exc.IntegrityError)
    assert results[2] == "Ben"
    assert await names(database) == ["Ada", "Ben"]


async def test_the_work_of_a_caller_who_went_away_is_stored_and_told(database: Database) -> None:
    told: list[str] = []

    def work(connection: sa.Connection) -> str:
        connection.execute(note("Ada"))
        return "Ada"

    gate = Gate()
    held = await gate.holds(database)
    [caller] = await begun(database.write(work, told.append))
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gate.opened.set()
    await held
    await write(database, "Ben")
    assert await names(database) == ["Ada", "Ben"]
    assert told == ["Ada"]


async def test_it_is_told_after_the_commit_and_in_its_order(database: Database) -> None:
    told: list[str] = []
    seen: list[list[str]] = []

    async def tells(name: str) -> None:
        def work(connection: sa.Connection) -> str:
            connection.execute(note(name))
            return name

        await database.write(work, told.append)
        seen.append(await names(database))

    await asyncio.gather(*(tells(str(number)) for number in range(20)))
    assert told == [str(number) for number in range(20)]
    assert all(str(number) in rows for number, rows in enumerate(seen))


async def test_a_failure_to_tell_is_none_to_store(database: Database) -> None:
    def fails(_name: str) -> None:
        raise RuntimeError("nobody listens")

    def work(connection: sa.Connection) -> str:
        connection.execute(note("Ada"))
        return "Ada"

    assert await database.write(work, fails) == "Ada"
    assert await names(database) == ["Ada"]


async def test_after_a_failed_commit_the_next_one_works(database: Database) -> None:
    def breaks(connection: sa.Connection) -> None:
        connection.execute(note("lost"))
        connection.exec_driver_sql("SELECT * FROM nowhere")

    with pytest.raises(Unavailable) as failure:
        await database.write(breaks)
    assert failure.value.retry_after
    assert await write(database, "Ada") == "Ada"
    assert await names(database) == ["Ada"]


async def test_whoever_has_time_waits_for_the_writer_but_not_for_ever(database: Database) -> None:
    gate = Gate()
    held = await gate.holds(database)
    await database.quiet(within_s=0.01)
    assert not held.done()
    [waits] = await begun(database.quiet(within_s=60))
    assert not waits.done()
    gate.opened.set()
    await waits
    assert held.done()


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(Unavailable):
        await database.read(lambda connection: connection.execute(note("Mallory")).close())
    assert await names(database) == []


async def test_a_read_sees_one_moment(database: Database) -> None:
    first, second = threading.Event(), threading.Event()

    def count_twice(connection: sa.Connection) -> tuple[int, int]:
        counting = "SELECT count(*) FROM names"
        before = connection.exec_driver_sql(counting).scalar_one()
        first.set()
        assert second.wait(10)
        return before, connection.exec_driver_sql(counting).scalar_one()

    reading = asyncio.create_task(database.read(count_twice))
    assert await asyncio.to_thread(first.wait, 10)
    await write(database, "Ada")
    second.set()
    assert await reading == (0, 0)
    assert await names(database) == ["Ada"]


async def test_a_read_after_one_that_failed_works(database: Database) -> None:
    for _ in range(10):
        with pytest.raises(Unavailable):
            await database.read(
                lambda connection: connection.exec_driver_sql("SELECT * FROM nowhere").close()
            )
    assert await names(database) == []


async def test_closing_stores_what_waits(tmp_path: Path, database: Database) -> None:
    writes = await begun(*(write(database, str(number)) for number in range(20)))
    await database.close()
    await asyncio.gather(*writes)
    again = SqliteDatabase(tmp_path)
    await again.open()
    assert len(await names(again)) == 20
    await again.close()


async def test_a_closed_database_takes_nothing(database: Database) -> None:
    await database.close()
    await database.close()
    with pytest.raises(Unavailable):
        await write(database, "Ada")


async def test_what_is_committed_is_on_disk_and_open_to_readers(database: Database) -> None:
    def pragmas(connection: sa.Connection) -> dict[str, object]:
        asked = ("journal_mode", "synchronous", "foreign_keys")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked}

    full = 2
    assert await database.write(pragmas) == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
    }


async def after_checkpoint(database: Database, patch: pytest.MonkeyPatch) -> list[str]:
    """Write until a checkpoint has followed; what was written when it began."""
    checkpoint, over = database.checkpoint, asyncio.Event()
    written: list[str] = []
    before: list[str] = []

    async def noted() -> int:
        before[:] = before or written
        left = await checkpoint()
        if before:
            over.set()
        return left

    patch.setattr(database, "checkpoint", noted)
    while not over.is_set():
        written.append(await write(database, f"Ada {len(written)}"))
    patch.setattr(database, "checkpoint", checkpoint)
    return before


async def test_what_the_log_holds_goes_into_the_database_once_nobody_writes(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "CHECKPOINT_PAGES", 8)
    written = await after_checkpoint(database, monkeypatch)
    # So opened, SQLite looks at no log.
    with closing(sqlite3.connect(f"file:{tmp_path}/parley.db?immutable=1", uri=True)) as alone:
        found = [name for (name,) in alone.execute("SELECT name FROM names")]
    assert set(written) <= set(found)


@pytest.mark.long("much is written")
async def test_where_somebody_always_writes_and_reads_the_log_begins_anew_all_the_same(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        ("CHECKPOINT_PAGES", 8),
        ("CHECKPOINT_PAGES_MAX", 16),
        ("CHECKPOINT_AFTER_S", 0.0),
    ):
        monkeypatch.setattr(storage, name, value)
    page_bytes, longest_pages = 4_096, 1_000
    commits = 0

    async def writes() -> None:
        nonlocal commits
        for number in range(500):
            await write(database, f"{asyncio.current_task()} {number}")
            commits += 1

    async def reads() -> None:
        while commits < 1_000:
            await names(database)

    await asyncio.gather(writes(), writes(), reads())
    # Each adds two pages at the least.
    assert (tmp_path / "parley.db-wal").stat().st_size < longest_pages * page_bytes


async def test_a_checkpoint_that_fails_costs_nobody_anything(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: sa.Connection, sql: str) -> Any:
        if "wal_checkpoint" in sql:
            raise sa.exc.OperationalError(sql, None, sqlite3.OperationalError("disk I/O error"))
        return execute(connection, sql)

    monkeypatch.setattr(storage, "CHECKPOINT_PAGES", 8)
    monkeypatch.setattr(storage, "execute", fails)
    written = await after_checkpoint(database, monkeypatch)
    assert await write(database, "Dora") == "Dora"
    assert database.problem is None
    assert {*written, "Dora"} <= set(await names(database))
