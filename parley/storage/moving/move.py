"""Moving: all rows in the order of their keys, then compared, then the source is marked as moved.

The target holds the first rows of each table at any moment, in that order. So whoever begins again
after a stop, however it came, goes on after the last row that is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from parley.errors import MoveFailed
from parley.storage.moved import MOVED, MOVING, OF_MOVES, TAKEN
from parley.storage.moving.places import TABLES, Place, Row, numbered
from parley.storage.schema import facts

ROWS_AT_ONCE = 5_000
BYTES_AT_ONCE = 4 * 1024 * 1024
_OWN_FACTS = (*OF_MOVES, "secret")
"""What a database says of itself; the last of them says whose servers it belongs to, which its
next server says anew."""
_MOVED_TABLES = tuple(table for table in TABLES if table is not facts)


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is the same in both."""

    name: str
    rows: int
    sha256: str
    """Of all its rows in the order of their keys, each as MessagePack."""


def move(source: Place, target: Place, tell: Callable[[str, int], None]) -> list[Table]:
    """Move everything. `tell` is told of each table, and how many rows of it have been put so far.

    Raises `MoveFailed`; what was put stays, for whoever begins again.
    """
    _begin(source, target)
    target.fill()
    for table in _MOVED_TABLES:
        _put(source, target, table, tell)
    _put_facts(source, target)
    same = [_compared(source, target, table) for table in TABLES]
    target.whole()
    # The source first: of what follows, either order may be cut in two, and two servers that
    # both take people would be the worse.
    _in_one(source, lambda: source.put_fact(MOVED, _now()))
    _in_one(target, lambda: target.drop_fact(MOVING))
    return same


def reopen(source: Place) -> bool:
    """Let servers run on it again, as it was when its move began. Whether there was one."""
    was_moved = source.fact(TAKEN) is not None

    def drop() -> None:
        for name in (MOVED, TAKEN):
            source.drop_fact(name)

    _in_one(source, drop)
    return was_moved


def _begin(source: Place, target: Place) -> None:
    """Both know of this move by a name then."""
    if source.fact(MOVING) is not None:
        raise MoveFailed(f"A move into {source.name} is not finished. Finish that one first.")
    token, known = source.fact(TAKEN), target.fact(MOVING)
    if known is None:
        if source.fact(MOVED) is not None:
            raise MoveFailed(
                f"The conversations of {source.name} were moved already. Start with the other "
                "database; or to use this one again as it was, `parley move-data --reopen` with it."
            )
        if any(target.count(table) for table in _MOVED_TABLES):
            raise MoveFailed(
                f"There are conversations in {target.name} already, and moving never mixes or "
                "overwrites any. Give a place that is empty."
            )
    elif known != token:
        raise MoveFailed(
            f"Another database's conversations are being moved into {target.name}. Finish that "
            "move, or give an empty one."
        )
    if known is None:
        name = secrets.token_hex(16)
        _in_one(source, lambda: source.put_fact(TAKEN, name))
        _in_one(target, lambda: _arrive(target, name))


def _arrive(target: Place, name: str) -> None:
    for left in OF_MOVES:
        target.drop_fact(left)  # it was moved from once, when it was as empty
    target.put_fact(MOVING, name)


def _put(source: Place, target: Place, table: sa.Table, tell: Callable[[str, int], None]) -> None:
    done = target.count(table)
    after = target.last_key(table)
    for rows in _batches(source.rows(table, after)):
        _in_one(target, lambda rows=rows: target.add(table, rows))  # type: ignore[misc]
        done += len(rows)
        tell(table.name, done)
    if numbered(table) is not None:
        newest = source.newest_id(table)
        _in_one(target, lambda: target.go_on_after(table, newest))


def _put_facts(source: Place, target: Place) -> None:
    def put() -> None:
        for name, _ in [*target.rows(facts)]:
            if name not in OF_MOVES:
                target.drop_fact(name)
        for name, value in [*source.rows(facts)]:
            if name not in _OWN_FACTS:
                target.put_fact(name, value)

    _in_one(target, put)


def _batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += sum(len(value) for value in row if isinstance(value, str | bytes))
        if len(batch) >= ROWS_AT_ONCE or size >= BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _compared(source: Place, target: Place, table: sa.Table) -> Table:
    theirs, ours = _summed(source, table), _summed(target, table)
    if theirs != ours:
        raise MoveFailed(
            f"The table {table.name} is not the same in both: {theirs.rows} rows with the hash "
            f"{theirs.sha256[:16]}… in {source.name}, {ours.rows} with {ours.sha256[:16]}… in "
            f"{target.name}. Nothing is marked as moved. Empty the target and begin anew."
        )
    return ours


def _summed(place: Place, table: sa.Table) -> Table:
    digest, rows = hashlib.sha256(), 0
    encode = msgspec.msgpack.Encoder().encode
    for row in place.rows(table):
        if table is facts and row[0] in _OWN_FACTS:
            continue
        digest.update(encode(row))
        rows += 1
    return Table(table.name, rows, digest.hexdigest())


def _in_one(place: Place, work: Callable[[], Any]) -> None:
    place.begin()
    try:
        work()
    except BaseException:
        with contextlib.suppress(Exception):
            place.roll_back()
        raise
    place.commit()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
