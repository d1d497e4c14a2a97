"""A right that a session has is made more by another, never less."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from parley.records import Role
from parley.storage import grants
from tests.servers import first_database

ROLES = [Role.OWNER, Role.MEMBER, Role.READER]
"""The greatest first. That of a bot is given by nobody: it is made with it."""
NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sa.Connection]:
    (tmp_path / "test.db").write_bytes(first_database())
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'test.db'}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("other", ROLES)
def test_of_two_roles_the_greater_holds(connection: sa.Connection, role: Role, other: Role) -> None:
    for given, link_id in ((role, 1), (other, None)):
        grants.give(connection, 1, 1, given, at=NOW, link_id=link_id)
    assert grants.find(connection, 1, 1) is min(role, other, key=ROLES.index)


def test_what_a_link_gave_is_taken_back_with_it_whatever_was_given_since(
    connection: sa.Connection,
) -> None:
    grants.give(connection, 1, 1, Role.OWNER, at=NOW, link_id=7)
    grants.give(connection, 1, 1, Role.MEMBER, at=NOW)
    assert grants.take_back_of_link(connection, 7) == [1]
    assert grants.find(connection, 1, 1) is None
