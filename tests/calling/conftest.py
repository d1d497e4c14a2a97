"""Two people in a conversation, and what they do in its call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from parley.domain import calls
from tests.calling.talk import Talk
from tests.people import Person
from tests.servers import Running


@pytest.fixture
async def talk(server: Running) -> AsyncIterator[Talk]:
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ben.join(room_id, user_id="ben-1")
    yield Talk(room_id, ada, ben)
    await ada.goes_home()
    await ben.goes_home()


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls leave a line, however short they were."""
    monkeypatch.setattr(calls, "UNHEARD", timedelta())
