"""Two people in a conversation, and what they do in its call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from parley.domain import calls
from tests.calling.talk import Talk, talking_at
from tests.servers import Running


@pytest_asyncio.fixture(loop_scope="module")
async def talk(server: Running) -> AsyncIterator[Talk]:
    async with talking_at(server) as made:
        yield made


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls leave a line, however short they were."""
    monkeypatch.setattr(calls, "UNHEARD", timedelta())
