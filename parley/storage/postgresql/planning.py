"""Having PostgreSQL plan anew what has grown.

It plans a statement once for each connection, by how large the tables are then. What was planned
while they were empty reads a whole conversation for each message later on: catching up takes ten
seconds where it should take a millisecond. ANALYZE makes all connections plan anew; autovacuum does
that as well, but only some minutes later, and not while it is off.
"""

from __future__ import annotations

import sqlalchemy as sa

from parley.storage import cluster
from parley.storage.postgresql.connections import ask
from parley.storage.schema import metadata

SMALL_PAGES = 10
"""As many are counted on for a table of which nothing is known: 80 KiB."""
_NAMES = ", ".join(f"'{name}'" for name in (*metadata.tables, *cluster.metadata.tables))
_GROWN = (
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "  # noqa: S608
    f"AND relkind = 'r' AND relname IN ({_NAMES}) AND pg_relation_size(oid) > "
    f"2 * greatest(relpages, {SMALL_PAGES}) * current_setting('block_size')::bigint"
)


def plan_anew(engine: sa.Engine) -> list[str]:
    """Look at the tables that are twice as large as when they were looked at last; their names.

    Raises SQLAlchemy's errors.
    """
    with engine.connect() as connection:
        grown = [name for (name,) in ask(connection, _GROWN)]
        for name in grown:
            ask(connection, f'ANALYZE "{name}" ({_keyed(name)})')
        return grown


def _keyed(name: str) -> str:
    """All columns but those of text and bytes by which nothing is found: to look at these takes
    longest.
    """
    table = next(made.tables[name] for made in (metadata, cluster.metadata) if name in made.tables)
    keys = (table.primary_key, *table.constraints, *table.indexes)
    found = {column for key in keys for column in getattr(key, "columns", ())}
    found |= {each for each in table.c if not isinstance(each.type, sa.String | sa.LargeBinary)}
    return ", ".join(f'"{each}"' for each in sorted(column.name for column in found))
