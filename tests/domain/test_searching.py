"""Searching looks through every title: one search at a time, and nothing else waits for it."""

from __future__ import annotations

import asyncio

from parley.domain import conversations
from parley.domain.context import Context
from tests.people import PATIENCE_S


async def test_one_search_is_made_at_a_time_and_nobody_else_waits(context: Context) -> None:
    created = await conversations.create(context, None, title="Tea")
    async with asyncio.timeout(PATIENCE_S):
        async with context.searching:
            search = asyncio.create_task(
                conversations.listed(context, limit=10, title_contains="tea")
            )
            page, _ = await conversations.listed(context, limit=10)
            assert page == [created.conversation]
            await conversations.find(context, created.conversation.room_id, None)
            assert not search.done()
        assert (await search)[0] == [created.conversation]
