"""Statements that are written with SQLAlchemy, compiled once, and run on the driver itself.

Building a statement and finding its compiled form again costs ten times what
SQLite takes for it. What runs for every message and every join is prepared here,
and compiled before the server answers anybody: the largest takes ten milliseconds,
in which the event loop would wait.
"""

from __future__ import annotations

import operator
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

import sqlalchemy as sa

_PREFIX = "p_"
"""SQLAlchemy keeps the plain names of columns to itself."""


def p(name: str, type: Any = None) -> sa.BindParameter[Any]:
    """The place of a value, named when the statement is run; its type, where nothing else tells."""
    return sa.bindparam(_PREFIX + name, type_=type)


def as_stored(column: sa.Column[Any]) -> sa.Label[Any]:
    """A number as the driver gives it, where nothing is gained by converting it."""
    return sa.type_coerce(column, sa.BigInteger).label(column.name)


def values(columns: Iterable[sa.Column[Any]], **fixed: object) -> dict[str, Any]:
    """For an INSERT: a place for each of these columns, by its own name."""
    return {column.name: fixed.get(column.name, p(column.name)) for column in columns}


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    usual: dict[str, Any]
    """Values that stand in the statement itself."""
    in_order: Callable[[dict[str, Any]], tuple[Any, ...]]
    """The values in their places, by their names."""
    taken: tuple[tuple[int, Callable[[Any], Any]], ...]
    """The places whose values the driver takes in another form."""
    converted: tuple[tuple[int, Callable[[Any], Any]], ...]
    """The columns whose values are not used as the driver gives them."""
    row: Callable[[Iterable[Any]], Any]

    def places(self, given: dict[str, Any]) -> Sequence[Any]:
        """What the driver is given."""
        if self.usual:
            given.update(self.usual)
        values = self.in_order(given)
        if not self.taken:
            return values
        forms = list(values)
        for at, take in self.taken:
            forms[at] = take(forms[at])
        return forms

    def made(self, row: Iterable[Any]) -> Any:
        """What the driver gave, as it is used."""
        fields = list(row)
        for at, convert in self.converted:
            fields[at] = convert(fields[at])
        return self.row(fields)


_all: WeakSet[Prepared] = WeakSet()


def compile_all(dialect: sa.Dialect) -> None:
    """Compile every statement that was not run on such a database yet."""
    for statement in list(_all):
        statement._compiled_for(dialect)


class Prepared:
    """One statement. `gives` are the columns it selects or returns; `on_postgresql` does the same
    where PostgreSQL would do it in a slow way.
    """

    def __init__(
        self,
        statement: sa.Executable,
        gives: Iterable[sa.ColumnElement[Any]] = (),
        *,
        on_postgresql: sa.Executable | None = None,
    ) -> None:
        self._statement = statement
        self._on_postgresql = statement if on_postgresql is None else on_postgresql
        self._gives = tuple(gives)
        self._compiled: dict[type[sa.Dialect], _Compiled] = {}
        _all.add(self)

    def run(self, connection: sa.Connection, **given: object) -> list[Any]:
        """The rows it gives, each with its columns by name. Raises SQLAlchemy's errors."""
        return self._rows(connection, given)

    def until(
        self, connection: sa.Connection, is_enough: Callable[[Any], bool], **given: object
    ) -> list[Any]:
        """Its rows up to the first that is enough; what comes after it is not read."""
        compiled = self._compiled_for(connection.dialect)
        found = []
        for row in each(connection, compiled.sql, compiled.places(given)):
            found.append(compiled.made(row))
            if is_enough(found[-1]):
                break
        return found

    def in_lots(
        self, connection: sa.Connection, count: int, **given: object
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Its rows as the driver gives them, so many at once: for all there are, by whoever knows
        how each column is stored. What is not asked for is not read.
        """
        compiled = self._compiled_for(connection.dialect)
        yield from _lots(connection, compiled.sql, compiled.places(given), count)

    def first(self, connection: sa.Connection, **given: object) -> Any:
        """The first row, or None."""
        rows = self._rows(connection, given)
        return rows[0] if rows else None

    def write(self, connection: sa.Connection, **given: object) -> int:
        """How many rows it wrote, for one that gives none. Raises SQLAlchemy's errors."""
        compiled = self._compiled_for(connection.dialect)
        return _count(connection, compiled.sql, compiled.places(given))

    def write_many(self, connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> int:
        """The same for each of these, with their values by name. Raises SQLAlchemy's errors."""
        compiled = self._compiled_for(connection.dialect)
        places = [compiled.places(given) for given in rows]
        try:
            written: int = _driver(connection).executemany(compiled.sql, places).rowcount
        except _errors(connection) as error:
            raise as_sqlalchemy(connection, compiled.sql, error) from error
        return written

    def _rows(self, connection: sa.Connection, given: dict[str, object]) -> list[Any]:
        compiled = self._compiled_for(connection.dialect)
        rows = execute(connection, compiled.sql, compiled.places(given))
        if not compiled.converted:
            return [compiled.row(row) for row in rows]
        return [compiled.made(row) for row in rows]

    def _compiled_for(self, dialect: sa.Dialect) -> _Compiled:
        kind = dialect.__class__
        compiled = self._compiled.get(kind)
        if compiled is None:
            # Several threads may be the first to run it: the last to finish is as right.
            compiled = self._compiled[kind] = self._compile(dialect)
        return compiled

    def _compile(self, dialect: sa.Dialect) -> _Compiled:
        on = self._on_postgresql if dialect.name == "postgresql" else self._statement
        compiled = on.compile(dialect=dialect)  # type: ignore[attr-defined]
        names, usual, taken = [], {}, []
        for at, bound in enumerate(compiled.positiontup):
            name = bound.removeprefix(_PREFIX)
            names.append(name)
            if name == bound:  # SQLAlchemy's own, such as the 1 in "seq + 1"
                usual[name] = compiled.params[bound]
            type = compiled.binds[bound].type
            take = type.dialect_impl(dialect).bind_processor(dialect)
            # What is true or false every driver takes as it is, and SQLAlchemy's form costs a call.
            if take is not None and not isinstance(type, sa.Boolean):
                taken.append((at, take))
        converted = []
        for at, column in enumerate(self._gives):
            convert = column.type.dialect_impl(dialect).result_processor(dialect, None)
            if convert is not None:
                converted.append((at, convert))
        # No class can be written for columns that are known here only.
        row = namedtuple("Row", [column.name for column in self._gives])  # type: ignore[misc]
        return _Compiled(
            str(compiled), usual, _in_order(names), tuple(taken), tuple(converted), row._make
        )


def _in_order(names: list[str]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.itemgetter(*names)
    return lambda given: tuple(given[name] for name in names)


def execute(connection: sa.Connection, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """Run it on the driver's own connection; its rows. Raises SQLAlchemy's errors."""
    try:
        rows: list[Any] = _driver(connection).execute(sql, values).fetchall()
    except _errors(connection) as error:
        raise as_sqlalchemy(connection, sql, error) from error
    return rows


def execute_many(connection: sa.Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    """Run it once for each of these rows of values. Raises SQLAlchemy's errors."""
    try:
        _driver(connection).executemany(sql, rows)
    except _errors(connection) as error:
        raise as_sqlalchemy(connection, sql, error) from error


def each(connection: sa.Connection, sql: str, values: Sequence[Any]) -> Iterator[Any]:
    """The same, read one by one. Raises SQLAlchemy's errors."""
    try:
        yield from iter(_driver(connection).execute(sql, values).fetchone, None)
    except _errors(connection) as error:
        raise as_sqlalchemy(connection, sql, error) from error


def _lots(
    connection: sa.Connection, sql: str, values: Sequence[Any], count: int
) -> Iterator[list[tuple[Any, ...]]]:
    try:
        cursor = _reading(connection, sql, values)
        try:
            yield from iter(lambda: cursor.fetchmany(count), [])
        finally:
            cursor.close()
    except _errors(connection) as error:
        raise as_sqlalchemy(connection, sql, error) from error


def _reading(connection: sa.Connection, sql: str, values: Sequence[Any]) -> Any:
    driver = _driver(connection)
    # Where rows would all come at once, its connection has a way to have them come by and by.
    return getattr(driver, "reading", driver.execute)(sql, values)


def _count(connection: sa.Connection, sql: str, values: Sequence[Any]) -> int:
    try:
        written: int = _driver(connection).execute(sql, values).rowcount
    except _errors(connection) as error:
        raise as_sqlalchemy(connection, sql, error) from error
    return written


def _driver(connection: sa.Connection) -> Any:
    # Of drivers that are synchronous it is the same as `driver_connection`, at a third of its cost.
    return connection.connection.dbapi_connection


def as_sqlalchemy(connection: sa.Connection, sql: str, error: Exception) -> Exception:
    """The driver's error as SQLAlchemy would raise it."""
    errors = _errors(connection)
    return sa.exc.DBAPIError.instance(
        sql, None, error, errors, hide_parameters=True, dialect=connection.dialect
    )


def _errors(connection: sa.Connection) -> type[Exception]:
    """The driver's own. Asked only where something failed."""
    found: type[Exception] = connection.dialect.loaded_dbapi.Error
    return found
