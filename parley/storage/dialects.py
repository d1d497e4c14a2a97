"""What SQLite and PostgreSQL write in different ways."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

# Its ON CONFLICT is written in the same way on both; SQLite's own cannot be compiled for another.
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

__all__ = ["Pairs", "greatest", "insert", "least", "of_last", "pairs", "position"]


class greatest(FunctionElement[Any]):  # noqa: N801  # as SQLAlchemy's functions are named
    """The greatest of its values, none of which may be NULL: there the two differ."""

    name = "greatest"
    inherit_cache = True

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        self.type = next(iter(self.clauses)).type


class least(FunctionElement[Any]):  # noqa: N801
    """The least of its values, none of which may be NULL."""

    name = "least"
    inherit_cache = True

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        self.type = next(iter(self.clauses)).type


class position(FunctionElement[int]):  # noqa: N801
    """Where the second text begins in the first, from 1; 0 where it isn't in there."""

    name = "position"
    inherit_cache = True
    type = sa.Integer()


class of_last(FunctionElement[Any]):  # noqa: N801
    """In a group whose greatest `order` is asked for, too: the column's value in that row."""

    name = "of_last"
    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any], order: sa.ColumnElement[Any]) -> None:
        super().__init__(column, order)
        self.type = column.type


class Pairs(TypeDecorator[Any]):
    """The type of a value that gives pairs of a number and a text to `pairs`."""

    impl = sa.Text
    cache_ok = True

    def bind_processor(self, dialect: Any) -> Callable[[Any], str]:
        return _array if dialect.name == "postgresql" else _list


class pairs(FunctionElement[Any]):  # noqa: N801
    """A table of such a value: its columns are `number` and `text`."""

    name = "pairs"
    inherit_cache = True


def _list(given: Iterable[tuple[int, str]]) -> str:
    return msgspec.json.encode(list(given)).decode()


def _array(given: Iterable[tuple[int, str]]) -> str:
    # Its planner expects ten of an array, and for a hundred of a list in JSON reads whole tables.
    return "{" + ",".join(f'"{number} {_in_quotes(text)}"' for number, text in given) + "}"


def _in_quotes(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _call(name: str) -> Any:
    def render(element: FunctionElement[Any], compiler: Any, **kwargs: Any) -> str:
        return f"{name}({compiler.process(element.clauses, **kwargs)})"

    return render


compiles(greatest, "sqlite")(_call("max"))
compiles(greatest, "postgresql")(_call("greatest"))
compiles(least, "sqlite")(_call("min"))
compiles(least, "postgresql")(_call("least"))
compiles(position, "sqlite")(_call("instr"))
compiles(position, "postgresql")(_call("strpos"))


@compiles(of_last, "sqlite")
def _of_last_in_sqlite(element: of_last, compiler: Any, **kwargs: Any) -> str:
    # https://sqlite.org/lang_select.html#bareagg
    column, _ = element.clauses
    rendered: str = compiler.process(column, **kwargs)
    return rendered


@compiles(of_last, "postgresql")
def _of_last_in_postgresql(element: of_last, compiler: Any, **kwargs: Any) -> str:
    column, order = (compiler.process(each, **kwargs) for each in element.clauses)
    return f"(array_agg({column} ORDER BY {order} DESC))[1]"


@compiles(pairs, "sqlite")
def _pairs_in_sqlite(element: pairs, compiler: Any, **kwargs: Any) -> str:
    listed = compiler.process(element.clauses, **kwargs)
    return (
        "(SELECT json_extract(value, '$[0]') AS number, "  # noqa: S608  # a place for a value
        f"json_extract(value, '$[1]') AS text FROM json_each({listed}))"
    )


@compiles(pairs, "postgresql")
def _pairs_in_postgresql(element: pairs, compiler: Any, **kwargs: Any) -> str:
    listed = compiler.process(element.clauses, **kwargs)
    return (
        "(SELECT CAST(split_part(pair, ' ', 1) AS bigint) AS number, "  # noqa: S608
        "substr(pair, strpos(pair, ' ') + 1) AS text "
        f"FROM unnest(CAST({listed} AS text[])) AS pair)"
    )
