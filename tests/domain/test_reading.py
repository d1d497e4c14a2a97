"""What somebody has not read, where there is more of it than is counted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest

from parley.contract import UNREAD_MAX
from parley.domain import conversations, messages, participants, participation, reading
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.records import Session, Unread
from tests.domain.conftest import Clock


@dataclass
class Room:
    context: Context
    id: str
    ada: Session
    ben: Session

    async def says(self, who: Session, *texts: str) -> None:
        await asyncio.gather(
            *(messages.send_as(self.context, self.id, who, Draft(text)) for text in texts)
        )

    async def unread(self) -> Unread:
        """Ben's."""
        [own], _ = await participation.page(self.context, self.ben, limit=5)
        return own.unread


@pytest.fixture
async def room(context: Context) -> Room:
    created = await conversations.create(context, None)
    room_id = created.conversation.room_id
    await participants.join(context, room_id, Joining(created.owner, username="Ada"))
    ben = await participants.join(
        context, room_id, Joining(None, username="Ben", keeps_cookie=True)
    )
    return Room(context, room_id, created.owner, ben.session)


MANY = [f"Message {number}" for number in range(UNREAD_MAX + 20)]


async def test_what_somebody_answered_means_them_no_more_however_much_came_since(
    room: Room,
) -> None:
    await room.says(room.ada, "Tea, @Ben?")
    await room.says(room.ben, "At four")
    await room.says(room.ada, *MANY)
    assert await room.unread() == Unread(2, UNREAD_MAX, 0)
    await room.says(room.ada, "And cake, @Ben?")
    assert await room.unread() == Unread(2, UNREAD_MAX, 1)


async def test_where_many_are_unread_a_mark_beyond_ones_own_words_counts(room: Room) -> None:
    await room.says(room.ben, "Tea?")
    await room.says(room.ada, "Yes, @Ben", "@Ben: at four")
    await reading.mark(room.context, room.id, room.ben, reading.Mark(2))
    await room.says(room.ada, *MANY)
    assert await room.unread() == Unread(2, UNREAD_MAX, 1)


async def test_who_came_late_need_not_read_what_was_said_before_however_much_came_since(
    context: Context, room: Room, clock: Clock
) -> None:
    await room.says(room.ada, "Before Cleo")
    clock.goes_on(timedelta(seconds=1))
    cleo = await participants.join(
        context, room.id, Joining(None, username="Cleo", keeps_cookie=True)
    )
    await room.says(room.ada, *MANY)
    [own], _ = await participation.page(context, cleo.session, limit=5)
    assert own.unread == Unread(1, UNREAD_MAX, 0)
