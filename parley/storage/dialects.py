"""What SQLite and PostgreSQL write in different ways."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

# Its ON CONFLICT is written in the same way on both; SQLite's own cannot be compiled for another.
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

__all__ = ["greatest", "insert", "least", "of_last", "position"]


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
