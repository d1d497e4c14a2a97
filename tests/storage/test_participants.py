"""The people of a conversation are found by indexes, however many they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from parley.storage import participants
from parley.storage.prepared import Prepared
from tests.servers import first_database


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    (tmp_path / "test.db").write_bytes(first_database())
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'test.db'}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (participants._PRESENT, "ix_participants_present"),
        (participants._PRESENT_AFTER, "ix_participants_present"),
        (participants._OWNERS, "ix_participants_owners"),
    ],
    ids=["the first", "the next", "owners"],
)
def test_a_page_of_people_is_read_in_the_order_of_an_index(
    connection: sa.Connection, statement: Prepared, index: str
) -> None:
    sql = statement._compile(connection.dialect).sql
    values = (1,) * sql.count("?")
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)
    [step] = [row.detail for row in plan]  # nothing is sorted
    assert f"USING INDEX {index}" in step
