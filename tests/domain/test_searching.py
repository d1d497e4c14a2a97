"""Searching looks through every title: one search at a time, and nothing else waits for it."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from parley.domain import conversations
from parley.domain.context import Context
from parley.storage import conversations as stored
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


async def test_a_search_that_nobody_waits_for_any_more_keeps_its_turn_until_it_is_done(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    created = await conversations.create(context, None, title="Tea")
    begun, may_end, listed = threading.Event(), threading.Event(), stored.listed

    def slowly(*args: Any, **kwargs: Any) -> Any:
        begun.set()
        may_end.wait(PATIENCE_S)
        return listed(*args, **kwargs)

    monkeypatch.setattr(stored, "listed", slowly)
    async with asyncio.timeout(PATIENCE_S):
        search = asyncio.create_task(conversations.listed(context, limit=10, title_contains="tea"))
        assert await asyncio.to_thread(begun.wait, PATIENCE_S)
        search.cancel()
        await asyncio.wait([search])
        assert search.cancelled()
        assert context.searching.locked()
        may_end.set()
        page, _ = await conversations.listed(context, limit=10, title_contains="tea")
    assert page == [created.conversation]
