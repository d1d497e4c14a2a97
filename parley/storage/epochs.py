"""New keys of encrypted conversations: the records that clients make of them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from parley.records import KeptEpoch
from parley.storage.prepared import Prepared, p
from parley.storage.schema import epochs

_OF_ONE = epochs.c.conversation_id == p("conversation_id")
_RECORD = Prepared(
    sa.select(epochs.c.record).where(_OF_ONE, epochs.c.number == p("number")), [epochs.c.record]
)
_bytes = sa.func.length(epochs.c.record).label("bytes")
_SIZES = Prepared(
    sa.select(epochs.c.number, _bytes)
    .where(_OF_ONE, epochs.c.number > p("after"))
    .order_by(epochs.c.number)
    .limit(p("limit")),
    [epochs.c.number, _bytes],
)
_BETWEEN = Prepared(
    sa.select(epochs.c.number, epochs.c.record)
    .where(_OF_ONE, epochs.c.number > p("after"), epochs.c.number <= p("through"))
    .order_by(epochs.c.number),
    [epochs.c.number, epochs.c.record],
)
_SINCE = Prepared(
    sa.select(epochs.c.number, epochs.c.seq)
    .where(_OF_ONE, epochs.c.seq > p("since"))
    .order_by(epochs.c.number.desc())
    .limit(p("limit")),
    [epochs.c.number, epochs.c.seq],
)


def insert(
    connection: sa.Connection,
    conversation_id: int,
    *,
    number: int,
    seq: int,
    record: bytes,
    at: datetime,
    made_by: int,
) -> None:
    connection.execute(
        epochs.insert().values(
            conversation_id=conversation_id,
            number=number,
            seq=seq,
            record=record,
            made_at=at,
            made_by=made_by,
        )
    )


def record(connection: sa.Connection, conversation_id: int, number: int) -> bytes | None:
    """Of the epoch with this number; None where there is none, as of the first."""
    row = _RECORD.first(connection, conversation_id=conversation_id, number=number)
    return None if row is None else row.record


def following(
    connection: sa.Connection, conversation_id: int, *, after: int, most_bytes: int, limit: int
) -> tuple[tuple[KeptEpoch, ...], bool]:
    """Those after a number, in order, as many as have together so many bytes, but one in any case;
    and whether there are more.
    """
    rows = _SIZES.run(connection, conversation_id=conversation_id, after=after, limit=limit + 1)
    through, size, count = after, 0, 0
    for row in rows[:limit]:
        size += row.bytes
        if count and size > most_bytes:
            break
        through, count = row.number, count + 1
    found = _BETWEEN.run(connection, conversation_id=conversation_id, after=after, through=through)
    return tuple(KeptEpoch(row.number, row.record) for row in found), len(rows) > count


def begun(
    connection: sa.Connection, conversation_id: int, *, since: int, limit: int
) -> list[tuple[int, int]]:
    """The numbers and seqs of those that began after a seq, in order: the newest."""
    rows = _SINCE.run(connection, conversation_id=conversation_id, since=since, limit=limit)
    return [(row.number, row.seq) for row in reversed(rows)]
