"""A screen with a real server behind it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from parley.talking.joining import Who, join
from parley.talking.remembered import People
from tests.chat.screen import Screen

Open = Callable[..., AbstractAsyncContextManager[Screen]]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    """Opens a conversation: `async with opened(link, "Ben") as screen`."""

    @contextlib.asynccontextmanager
    async def open_(
        link: str, name: str = "Ben", size: tuple[int, int] = (80, 24)
    ) -> AsyncIterator[Screen]:
        from parley.chat.app import Chat

        talk = await join(link, Who(name), People(tmp_path / "state"))
        chat = Chat(talk)
        try:
            async with chat.run_test(size=size) as pilot:
                yield Screen(chat, pilot)
        finally:
            await talk.close()

    return open_
