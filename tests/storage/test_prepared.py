"""Statements compiled once give what SQLAlchemy gives."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parley.storage import naming, prepared
from parley.storage.dialects import Pairs, pairs
from parley.storage.postgresql.connections import engine_of
from parley.storage.prepared import Prepared, execute, p
from parley.storage.schema import Instant
from parley.storage.sqlite.database import SqliteDatabase

THREADS = 8
things = sa.Table(
    "things",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("made_at", Instant),
)
NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'things.db'}", isolation_level="AUTOCOMMIT")
    things.metadata.create_all(engine)
    yield engine.connect()
    engine.dispose()


def test_types_and_values_of_its_own_are_kept(connection: sa.Connection) -> None:
    with connection:
        insert = Prepared(
            things.insert().values(name=p("name"), made_at=p("made_at")).returning(*things.c),
            things.c,
        )
        made = insert.first(connection, name="one", made_at=NOW)
        assert (made.name, made.made_at) == ("one", NOW)
        count = Prepared(
            things.update().values(id=things.c.id + 10).returning(things.c.id), [things.c.id]
        )
        assert [row.id for row in count.run(connection)] == [made.id + 10]
        find = Prepared(sa.select(things).where(things.c.made_at >= p("since")), things.c)
        assert find.first(connection, since=NOW) == connection.execute(sa.select(things)).one()
        assert find.run(connection, since=NOW.replace(year=2027)) == []


def test_no_more_is_read_than_is_enough(connection: sa.Connection) -> None:
    with connection:
        for name in ("one", "two", "three"):
            connection.execute(things.insert().values(name=name, made_at=NOW))
        find = Prepared(sa.select(things).order_by(things.c.id), things.c)
        asked: list[str] = []

        def is_enough(row: Any) -> bool:
            asked.append(row.name)
            return bool(row.name == "two")

        found = find.until(connection, is_enough)
        assert [(row.name, row.made_at) for row in found] == [("one", NOW), ("two", NOW)]
        assert asked == ["one", "two"]
        assert len(find.until(connection, lambda _row: False)) == 3
        # What was not read to its end holds no lock.
        connection.execute(things.delete())


def test_the_errors_are_sqlalchemys(connection: sa.Connection) -> None:
    find = Prepared(sa.select(things), things.c)
    execute(connection, "DROP TABLE things")
    with pytest.raises(sa.exc.OperationalError):
        find.until(connection, lambda _row: False)
    things.create(connection)
    with connection, pytest.raises(sa.exc.IntegrityError):
        execute(connection, "INSERT INTO things (name) VALUES (NULL)")


@pytest.fixture
def _threads_take_turns() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("_threads_take_turns")
def test_many_threads_may_be_the_first(tmp_path: Path) -> None:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'things.db'}", isolation_level="AUTOCOMMIT")
    things.metadata.create_all(engine)
    for _ in range(20):
        find = Prepared(sa.select(things).where(things.c.name == p("name")), things.c)
        together = threading.Barrier(THREADS)

        def asks(find: Prepared = find, together: threading.Barrier = together) -> list[object]:
            with engine.connect() as mine:
                together.wait()
                return find.run(mine, name="nobody")

        with ThreadPoolExecutor(THREADS) as threads:
            for asked in [threads.submit(asks) for _ in range(THREADS)]:
                assert asked.result() == []
    engine.dispose()


async def test_a_database_that_opens_has_every_statement_compiled(tmp_path: Path) -> None:
    # What was compiled by another test says nothing: these are as after a start.
    statement = Prepared(sa.select(things), things.c)
    again = [each for each in prepared._all if each._compiled]
    for each in again:
        each._compiled = {}
    database = SqliteDatabase(tmp_path / "data")
    await database.open()
    try:
        assert naming._FOREMOST._compiled
        assert [each for each in (statement, *again) if not each._compiled] == []
    finally:
        await database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Connection]:
    """A connection to each kind of database there is."""
    if request.param == "sqlite":
        engine = sa.create_engine(f"sqlite:///{tmp_path / 'none.db'}", isolation_level="AUTOCOMMIT")
    else:
        server, name = map(request.getfixturevalue, ("server", "name"))
        engine = engine_of(server.url(name))
    with engine.connect() as own:
        yield own
    engine.dispose()


def test_pairs_come_out_as_they_went_in(either: sa.Connection) -> None:
    found = pairs(p("given", Pairs())).table_valued(
        sa.column("number", sa.BigInteger), sa.column("text", sa.Text), name="given"
    )
    given = {
        *((1, "plain"), (2**62, "two  words "), (-3, ""), (4, "NULL"), (5, "{a,b}"), (6, ",")),
        *(
            (7, 'a "quoted" one'),
            (8, "back\\slash\\"),
            (9, '\\"'),
            (10, "it's"),
            (11, "茶 ☕\n\t%s"),
        ),
    }
    rows = Prepared(sa.select(*found.c), found.c).run(either, given=given)
    assert {(row.number, row.text) for row in rows} == given
