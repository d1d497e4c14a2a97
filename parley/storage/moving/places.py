"""Where rows are read and put, the same way for SQLite and PostgreSQL.

Rows are tuples of what both databases store: texts, bytes, numbers and nothing; a truth value is 0
or 1, a moment its milliseconds.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from parley.storage.schema import metadata

Row = tuple[Any, ...]
TABLES = tuple(metadata.sorted_tables)
"""What others refer to comes before them."""
FETCHED_AT_ONCE = 500


class Place(ABC):
    """A database that nobody else writes to as long as this is open."""

    name: str
    """In words that hold no password."""
    errors: tuple[type[Exception], ...]
    """What its driver raises."""
    mark = "?"
    """What stands for a value in its SQL."""

    @abstractmethod
    def begin(self) -> None: ...

    @abstractmethod
    def commit(self) -> None: ...

    @abstractmethod
    def roll_back(self) -> None: ...

    @abstractmethod
    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows that a statement gives."""

    @abstractmethod
    def stream(self, sql: str, values: Sequence[Any]) -> Iterator[Row]:
        """The same, read by and by."""

    @abstractmethod
    def add(self, table: sa.Table, rows: Sequence[Row]) -> None:
        """In the transaction that was begun."""

    @abstractmethod
    def newest_id(self, table: sa.Table) -> int:
        """The highest id that was ever given out, where the database gives them out."""

    @abstractmethod
    def go_on_after(self, table: sa.Table, newest_id: int) -> None:
        """Give out ids above that."""

    @abstractmethod
    def fill(self) -> None:
        """From now on all rows will be put here."""

    @abstractmethod
    def whole(self) -> None:
        """All rows are there: whatever the database does with them by itself begins again."""

    @abstractmethod
    def close(self) -> None: ...

    def rows(self, table: sa.Table, after: Row | None = None) -> Iterator[Row]:
        """In the order of their keys."""
        keys = _named(table.primary_key.columns)
        where, values = "", ()
        if after is not None:
            where, values = f" WHERE ({keys}) > ({', '.join(self.mark for _ in after)})", after
        sql = f'SELECT {_named(table.columns)} FROM "{table.name}"{where} ORDER BY {keys}'  # noqa: S608
        truths = [at for at, column in enumerate(table.columns) if _is_truth(column)]
        for row in self.stream(sql, values):
            if truths:
                values_of = list(row)
                for at in truths:
                    values_of[at] = None if row[at] is None else int(row[at])
                yield tuple(values_of)
            else:
                yield tuple(row)

    def last_key(self, table: sa.Table) -> Row | None:
        """Of the last row in that order; None in an empty table."""
        keys = [f'"{column.name}"' for column in table.primary_key.columns]
        found = self.ask(
            f'SELECT {", ".join(keys)} FROM "{table.name}" '  # noqa: S608
            f"ORDER BY {', '.join(f'{key} DESC' for key in keys)} LIMIT 1"
        )
        return tuple(found[0]) if found else None

    def count(self, table: sa.Table) -> int:
        [(number,)] = self.ask(f'SELECT count(*) FROM "{table.name}"')  # noqa: S608
        return int(number)

    def fact(self, name: str) -> str | None:
        found = self.ask(f"SELECT value FROM facts WHERE name = {self.mark}", [name])  # noqa: S608
        return found[0][0] if found else None

    def put_fact(self, name: str, value: str) -> None:
        self.drop_fact(name)
        self.ask(
            f"INSERT INTO facts (name, value) VALUES ({self.mark}, {self.mark})",  # noqa: S608
            [name, value],
        )

    def drop_fact(self, name: str) -> None:
        self.ask(f"DELETE FROM facts WHERE name = {self.mark}", [name])  # noqa: S608


def numbered(table: sa.Table) -> str | None:
    """The name of the column whose values the database gives out."""
    column = table.autoincrement_column
    return None if column is None else column.name


def _named(columns: Any) -> str:
    return ", ".join(f'"{column.name}"' for column in columns)


def _is_truth(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.Boolean)
