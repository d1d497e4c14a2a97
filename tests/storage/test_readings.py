"""What somebody has not read is found by indexes, however much was said before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from parley.storage import readings
from parley.storage.migrate import migrate
from parley.storage.prepared import Prepared

STATEMENTS = {
    "one's own position": readings._FIND,
    "those of all": readings._SHOWN,
    "what came later": readings._LATER,
    "who said it": readings._AUTHORS,
    "what means one": readings._MEANT_SEQS,
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'test.db'}", isolation_level="AUTOCOMMIT")
    migrate(engine)
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
    assert not {"messages", "mentions", "readings", "participants"} & read_through, steps
