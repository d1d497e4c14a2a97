"""Statements that are written with SQLAlchemy, compiled once, and run on the driver itself.

Building a statement and finding its compiled form again costs ten times what
SQLite takes for it. What runs for every message and every join is prepared here.
"""

from __future__ import annotations

import sqlite3
from collections import namedtuple
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa

_PREFIX = "p_"
"""SQLAlchemy keeps the plain names of columns to itself."""


def p(name: str) -> sa.BindParameter[Any]:
    """The place of a value, named when the statement is run."""
    return sa.bindparam(_PREFIX + name)


def values(columns: Iterable[sa.Column[Any]], **fixed: object) -> dict[str, Any]:
    """For an INSERT: a place for each of these columns, by its own name."""
    return {column.name: fixed.get(column.name, p(column.name)) for column in columns}


class Prepared:
    """One statement. `gives` are the columns it selects or returns."""

    def __init__(self, statement: sa.Executable, gives: Iterable[sa.Column[Any]] = ()) -> None:
        self._statement = statement
        self._gives = tuple(gives)
        self._sql = ""
        self._defaults: dict[str, Any] = {}
        self._places: list[tuple[str, Callable[[Any], Any] | None]] = []
        self._converted: list[tuple[int, Callable[[Any], Any]]] = []
        self._row: Callable[[Iterable[Any]], Any] = tuple

    def run(self, connection: sa.Connection, **given: object) -> list[Any]:
        """The rows it gives, each with its columns by name. Raises SQLAlchemy's errors."""
        if not self._sql:
            self._compile(connection.dialect)
        try:
            values = [
                place(given.get(name, self._defaults.get(name)))
                if place is not None
                else given[name]
                if name in given
                else self._defaults[name]
                for name, place in self._places
            ]
        except KeyError as missing:
            raise TypeError(f"{missing} was not given") from None
        rows = execute(connection, self._sql, values)
        if not rows or not self._gives:
            return []
        make, converted = self._row, self._converted
        if not converted:
            return [make(row) for row in rows]
        found = []
        for row in rows:
            fields = list(row)
            for at, convert in converted:
                fields[at] = convert(fields[at])
            found.append(make(fields))
        return found

    def first(self, connection: sa.Connection, **given: object) -> Any:
        """The first row, or None."""
        rows = self.run(connection, **given)
        return rows[0] if rows else None

    def _compile(self, dialect: sa.Dialect) -> None:
        compiled = self._statement.compile(dialect=dialect)  # type: ignore[attr-defined]
        self._defaults = {
            name.removeprefix(_PREFIX): value
            for name, value in compiled.params.items()
            if not name.startswith(_PREFIX)
        }
        for name in compiled.positiontup:
            kind = compiled.binds[name].type.dialect_impl(dialect)
            self._places.append((name.removeprefix(_PREFIX), kind.bind_processor(dialect)))
        for at, column in enumerate(self._gives):
            convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if convert is not None:
                self._converted.append((at, convert))
        # No class can be written for columns that are known here only.
        row = namedtuple("Row", [column.name for column in self._gives])  # type: ignore[misc]
        self._row = row._make
        self._sql = str(compiled)


def execute(connection: sa.Connection, sql: str, values: Iterable[Any] = ()) -> list[Any]:
    """Run it on the driver's own connection; its rows. Raises SQLAlchemy's errors."""
    driver: Any = connection.connection.driver_connection
    try:
        rows: list[Any] = driver.execute(sql, tuple(values)).fetchall()
    except sqlite3.Error as error:
        raise sa.exc.DBAPIError.instance(
            sql, None, error, sqlite3.Error, hide_parameters=True, dialect=connection.dialect
        ) from error
    return rows
