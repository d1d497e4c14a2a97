"""What is known of the database as a whole, such as by which rules something was made."""

from __future__ import annotations

import sqlalchemy as sa

from parley.storage.prepared import Prepared, p
from parley.storage.schema import facts

_OF_NAME = facts.c.name == p("name")
_VALUE = Prepared(sa.select(facts.c.value).where(_OF_NAME), (facts.c.value,))
_CHANGE = Prepared(facts.update().where(_OF_NAME).values(value=p("value")))
_REMOVE = Prepared(facts.delete().where(_OF_NAME))
_INSERT = Prepared(facts.insert().values(name=p("name"), value=p("value")))


def get(connection: sa.Connection, name: str) -> str | None:
    """None where it was never put."""
    row = _VALUE.first(connection, name=name)
    return None if row is None else row.value


def remove(connection: sa.Connection, name: str) -> None:
    _REMOVE.write(connection, name=name)


def put(connection: sa.Connection, name: str, value: str) -> None:
    if not _CHANGE.write(connection, name=name, value=value):
        _INSERT.write(connection, name=name, value=value)
