"""How many bytes files and uploads take up, counted with each that comes and goes.

To add them up would take longer the more there are, and each upload asks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from parley.records import Usage
from parley.storage.dialects import insert
from parley.storage.schema import file_sums

EVERYTHING = 0
"""Instead of an id, where the sum is of the whole server."""


class Of(StrEnum):
    SERVER = "server"
    CONVERSATION = "conversation"
    SESSION = "session"


class Size(NamedTuple):
    """Of one file or upload."""

    conversation_id: int
    session_id: int
    came: int
    expected: int
    """At last, as was announced: of what is whole as much as came."""

    @classmethod
    def of_whole(cls, conversation_id: int, session_id: int, size: int) -> Size:
        return cls(conversation_id, session_id, size, size)


def add(connection: sa.Connection, each: Size) -> None:
    """One more."""
    for of, id, size in _counted_for(each):
        _add(connection, of, id, size=size, count=1)


def change(connection: sa.Connection, before: Size, after: Size) -> None:
    """It takes up another size now."""
    for (of, id, was), (*_, size) in zip(_counted_for(before), _counted_for(after), strict=True):
        if size != was:
            _update(connection, of, id, size=size - was, count=0)


def take_away(connection: sa.Connection, gone: Iterable[Size]) -> None:
    """These are no more."""
    sums: dict[tuple[Of, int], tuple[int, int]] = {}
    for each in gone:
        for of, id, taken in _counted_for(each):
            size, count = sums.get((of, id), (0, 0))
            sums[of, id] = size + taken, count + 1
    for (of, id), (size, count) in sums.items():
        _update(connection, of, id, size=-size, count=-count)
        if of is not Of.SERVER:
            empty = (file_sums.c.of == of.value, file_sums.c.id == id, file_sums.c["count"] <= 0)
            connection.execute(file_sums.delete().where(*empty))


def give(connection: sa.Connection, before: int, now: int) -> None:
    """What one session has counts for another from now on."""
    size, count = _sum(connection, Of.SESSION, before)
    if not count:
        return
    theirs = (file_sums.c.of == Of.SESSION.value, file_sums.c.id == before)
    connection.execute(file_sums.delete().where(*theirs))
    _add(connection, Of.SESSION, now, size=size, count=count)


def usage(connection: sa.Connection, conversation_id: int, session_id: int) -> Usage:
    """How many bytes there are; of the session's also those that are expected."""
    return Usage(
        server=total(connection)[0],
        conversation=_sum(connection, Of.CONVERSATION, conversation_id)[0],
        session=_sum(connection, Of.SESSION, session_id)[0],
    )


def total(connection: sa.Connection) -> tuple[int, int]:
    """The bytes of all files and uploads of the server, and how many those are."""
    return _sum(connection, Of.SERVER, EVERYTHING)


def of_conversation(connection: sa.Connection, conversation_id: int) -> tuple[int, int]:
    """The bytes of its files and uploads, and how many those are."""
    return _sum(connection, Of.CONVERSATION, conversation_id)


def of_conversations(connection: sa.Connection, ids: Collection[int]) -> dict[int, int]:
    """The bytes of files and uploads in each that has any."""
    columns = file_sums.c
    rows = connection.execute(
        sa.select(columns.id, columns.size).where(
            columns.of == Of.CONVERSATION.value, columns.id.in_(ids)
        )
    )
    return {row.id: row.size for row in rows}


def count_in(connection: sa.Connection, conversation_id: int) -> int:
    """How many files and uploads a conversation has."""
    return _sum(connection, Of.CONVERSATION, conversation_id)[1]


def _counted_for(each: Size) -> Iterator[tuple[Of, int, int]]:
    # To announce costs nothing: who only does that takes no room from others.
    yield Of.SERVER, EVERYTHING, each.came
    yield Of.CONVERSATION, each.conversation_id, each.came
    yield Of.SESSION, each.session_id, each.expected


def _add(connection: sa.Connection, of: Of, id: int, *, size: int, count: int) -> None:
    given = insert(file_sums).values(of=of.value, id=id, size=size, count=count)
    connection.execute(
        given.on_conflict_do_update(
            index_elements=[file_sums.c.of, file_sums.c.id],
            set_={
                "size": file_sums.c.size + given.excluded.size,
                "count": file_sums.c["count"] + given.excluded["count"],
            },
        )
    )


def _update(connection: sa.Connection, of: Of, id: int, *, size: int, count: int) -> None:
    columns = file_sums.c
    connection.execute(
        file_sums.update()
        .where(columns.of == of.value, columns.id == id)
        .values(size=columns.size + size, count=columns["count"] + count)
    )


def _sum(connection: sa.Connection, of: Of, id: int) -> tuple[int, int]:
    query = sa.select(file_sums.c.size, file_sums.c["count"])
    row = connection.execute(query.where(file_sums.c.of == of.value, file_sums.c.id == id)).first()
    return (0, 0) if row is None else (row[0], row[1])
