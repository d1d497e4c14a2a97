"""What the fuzz must not harm: two people who talk, and what is stored."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import sqlalchemy as sa

from parley.app import Parley
from parley.storage.schema import conversations, messages, participants, sessions
from tests.people import Person

Stored = tuple[int, ...]


def stored(connection: sa.Connection, room_id: str | None = None) -> Stored:
    """How much there is of everything, how far the logs have come, and how many are there: in one
    conversation, where guests of another may still be about to leave it.
    """
    counts = [
        sa.select(sa.func.count()).select_from(table).scalar_subquery()
        for table in (sessions, conversations, participants, messages)
    ]
    logs, present = (
        sa.select(sa.func.coalesce(sa.func.sum(column), 0))
        for column in (conversations.c.seq, conversations.c.participant_count)
    )
    if room_id is not None:
        present = present.where(conversations.c.room_id == room_id)
    sums = (logs.scalar_subquery(), present.scalar_subquery())
    return tuple(connection.execute(sa.select(*counts, *sums)).one())


async def what_is_stored(app: Parley, room_id: str | None = None) -> Stored:
    return await app.database.read(lambda connection: stored(connection, room_id))


@dataclass
class Pair:
    """Ada and Ben, in a conversation that nobody else knows of."""

    ada: Person
    ben: Person
    room_id: str = ""
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def sit_down(self) -> None:
        self.room_id = await self.ada.starts("Tea", visibility="unlisted")
        await self.ada.join(self.room_id)
        await self.ben.join(self.room_id)

    async def still_talk(self) -> None:
        text = f"Still here, {next(self._numbers)}"
        assert (await self.ada.say(self.room_id, text))["ok"]
        await self.ben.hears("new_message", lambda message: bool(message["message"] == text))
        self.ada.heard.clear()
        self.ben.heard.clear()
