"""How many conversations there are: always right, and never looked through for."""

from __future__ import annotations

import asyncio
from typing import Any

import sqlalchemy as sa

from parley.domain import conversations, owning
from parley.domain.context import Context
from parley.storage.sqlite.database import SqliteDatabase


async def starts(context: Context, count: int) -> list[conversations.Created]:
    return list(await asyncio.gather(*(conversations.create(context, None) for _ in range(count))))


async def test_the_counts_follow_every_beginning_and_end(context: Context) -> None:
    first, second, _ = await starts(context, 3)
    assert await conversations.count(context) == (3, 3)
    await conversations.end(context, first.conversation.room_id, first.owner)
    assert await conversations.count(context) == (2, 3)
    await owning.delete(context, first.conversation.room_id, first.owner)
    await owning.delete(context, second.conversation.room_id, second.owner)
    assert await conversations.count(context) == (1, 1)
    await starts(context, 2)
    assert await conversations.count(context) == (3, 3)


async def test_counting_while_some_begin_loses_none(context: Context) -> None:
    beginning = asyncio.gather(*(conversations.create(context, None) for _ in range(30)))
    await asyncio.gather(*(conversations.count(context) for _ in range(30)))
    await beginning
    assert await conversations.count(context) == (30, 30)


async def test_what_was_counted_once_is_not_counted_again(context: Context) -> None:
    await starts(context, 2)
    await conversations.count(context)
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    database = context.database
    engines = (database._reads, database._writes) if isinstance(database, SqliteDatabase) else ()
    for engine in engines:
        sa.event.listen(engine, "before_cursor_execute", note)
    assert await conversations.count(context) == (2, 2)
    assert statements == []
