"""What somebody has not read is found by indexes, however much was said before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from parley.domain.conversations import SYNC_REACH
from parley.records import Missed
from parley.storage import messages, readings
from parley.storage.prepared import Prepared
from tests.servers import first_database

STATEMENTS = {
    "one's own position": readings._FIND,
    "those of all": readings._SHOWN,
    "what came later": readings._LATER,
    "who said it": readings._AUTHORS,
    "whether there is more": readings._BEYOND,
    "what means one": readings._MEANT_SEQS,
    "which files came with it": readings._FILES,
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    (tmp_path / "test.db").write_bytes(first_database())
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'test.db'}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
def test_no_table_is_read_through(connection: sa.Connection, statement: Prepared) -> None:
    sql = statement._compile(connection.dialect).sql
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?"))
    steps = [row.detail for row in plan]
    assert any(step.startswith("SEARCH") for step in steps), steps
    read_through = {step.split()[1] for step in steps if step.startswith("SCAN")}
    assert not {"messages", "mentions", "readings", "participants", "files"} & read_through, steps


ROOM = 1


def say(connection: sa.Connection, count: int, *, changed_later: bool = False) -> None:
    """One's own, and nothing else."""
    said = connection.exec_driver_sql("SELECT coalesce(max(seq), 0) FROM messages").scalar_one()
    later = 1_000_000 if changed_later else 0
    connection.exec_driver_sql("BEGIN")
    connection.exec_driver_sql(
        "INSERT INTO messages (conversation_id, seq, id, changed_seq, session_id, user_id,"
        " username, text, type, sent_at) VALUES (1, ?, 'x', ?, 1, 'ada', 'Ada', 'Hi', 'text', 0)",
        [(seq, seq + later) for seq in range(said + 1, said + count + 1)],
    )
    connection.exec_driver_sql("COMMIT")


def steps_of(connection: sa.Connection, look: Callable[[], object]) -> int:
    """How many instructions of SQLite it takes, in tens."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1

    driver = connection.connection.driver_connection
    assert driver is not None
    driver.set_progress_handler(step, 10)
    look()
    driver.set_progress_handler(None, 10)
    return steps


def test_what_was_missed_costs_the_same_however_much_one_said_oneself(
    connection: sa.Connection,
) -> None:
    def look() -> Missed:
        return readings.missed(connection, ROOM, "ada", after=0, seq=99_999)

    say(connection, 1_000)
    assert (look().count, look().has_more) == (0, False)
    say(connection, 2_000)
    among_some = steps_of(connection, look)
    say(connection, 20_000)
    assert steps_of(connection, look) < 1.2 * among_some
    assert look().has_more


def test_a_sync_costs_the_same_however_much_was_changed_later(connection: sa.Connection) -> None:
    def look() -> object:
        return messages.changed(connection, ROOM, since=0, limit=200, through=SYNC_REACH)

    say(connection, SYNC_REACH, changed_later=True)
    among_some = steps_of(connection, look)
    say(connection, 10 * SYNC_REACH, changed_later=True)
    assert steps_of(connection, look) < 1.2 * among_some
