"""Networks from which nobody writes."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from parley.records import Block
from parley.storage.dialects import insert
from parley.storage.schema import blocks


def all_of_them(connection: sa.Connection) -> tuple[Block, ...]:
    """In the order in which they were made."""
    rows = connection.execute(sa.select(blocks).order_by(blocks.c.made_at, blocks.c.network))
    return tuple(Block(row.network, row.note, row.made_at) for row in rows)


def newest(connection: sa.Connection, *, limit: int) -> tuple[Block, ...]:
    query = sa.select(blocks).order_by(blocks.c.made_at.desc(), blocks.c.network).limit(limit)
    return tuple(Block(row.network, row.note, row.made_at) for row in connection.execute(query))


def put(connection: sa.Connection, network: str, note: str, *, at: datetime) -> None:
    """One that is there gets another note."""
    values = insert(blocks).values(network=network, note=note, made_at=at)
    connection.execute(
        values.on_conflict_do_update(index_elements=[blocks.c.network], set_={"note": note})
    )


def remove(connection: sa.Connection, network: str) -> bool:
    """Whether it was there."""
    return bool(connection.execute(blocks.delete().where(blocks.c.network == network)).rowcount)
