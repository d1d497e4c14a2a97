"""Two people in a conversation that bots can be made in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.bots.talk import Talk
from tests.people import Person
from tests.servers import Running


@pytest_asyncio.fixture(loop_scope="module")
async def talk(server: Running) -> AsyncIterator[Talk]:
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ben.join(room_id)
    made = Talk(room_id, ada, ben, server.url, [])
    yield made
    for each in (ada, ben, *made.others):
        await each.goes_home()
