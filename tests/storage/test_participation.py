"""What a session takes part in is found by indexes, however much there is of others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from parley.storage import participation
from tests.servers import first_database


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    (tmp_path / "test.db").write_bytes(first_database())
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'test.db'}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_no_table_is_read_through(connection: sa.Connection) -> None:
    sql = participation._LATEST._compile(connection.dialect).sql
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (1,) * sql.count("?"))
    steps = [row.detail for row in plan]
    for index in ("ix_participants_session", "ix_conversations_owner", "ix_grants_session"):
        assert any(f"INDEX {index} (" in step for step in steps), steps
    read_through = [step.split()[1] for step in steps if step.startswith("SCAN")]
    # Only what was found so is: the tables themselves are not.
    assert not {"participants", "conversations", "grants"} & set(read_through), steps
