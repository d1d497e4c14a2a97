"""A talk to be cut short: people who speak alone and at once, on the real writer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from parley.bus.local import LocalBus
from parley.domain import conversations, messages, participants
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.domain.presence import Presence
from parley.records import Event, MessageSent, Participant
from parley.storage import database
from parley.storage.database import Database
from tests.powercut.driver import Driver
from tests.powercut.recording import Acknowledged, Recording, recording_vfs

NAMES = ("Ada", "Ben", "Cleo")
# Checkpoints are where a cut is most dangerous: with the usual 1000 there would be one.
CHECKPOINT_PAGES = 60
LENGTHS = (1, 40, 400, 8_000)


@dataclass(frozen=True)
class Garden:
    context: Context
    room_id: str
    people: list[Participant]


@dataclass
class Talk:
    recording: Recording
    chance: random.Random
    asked: set[str] = field(default_factory=set)
    """Every text that somebody tried to send."""
    checkpoints: int = 0
    """How many came between commits, once it is over."""

    @asynccontextmanager
    async def server(self, folder: Path) -> AsyncIterator[Garden]:
        """A server from its start to its end, with a conversation that all have joined."""
        stored = Database(folder)
        await stored.open()
        bus = LocalBus()
        bus.subscribe(self._told)
        context = Context(stored, bus, Presence(), leave_grace_s=0)
        try:
            await participants.forget_sockets(context)
            created = await conversations.create(context, None, title="Garden")
            room_id = created.conversation.room_id
            joinings = [Joining(None, username=name, socket=name) for name in NAMES]
            joined = [await participants.join(context, room_id, each) for each in joinings]
            yield Garden(context, room_id, [each.participant for each in joined])
        finally:
            await stored.close()

    async def goes_on(self, folder: Path, *, rounds: int) -> None:
        async with self.server(folder) as garden:
            for number in range(rounds):
                await self._round(garden, number)

    async def send(self, garden: Garden, person: Participant, draft: Draft) -> None:
        self.asked.add(draft.text)
        sent = await messages.send(garden.context, person, draft)
        self.recording.note(Acknowledged(sent.message))

    async def _round(self, garden: Garden, number: int) -> None:
        """Some speak at once; the next round waits until all of them know that it is stored.

        So nothing later is written, or synced, before they know.
        """
        drafts = [
            Draft(
                f"{garden.room_id} {number}.{n} " + "x" * self.chance.choice(LENGTHS),
                client_id=f"{number}.{n}" if self.chance.random() < 0.5 else None,
            )
            for n in range(self.chance.choice((1, 1, 1, 2, 5)))
        ]
        if self.chance.random() < 0.2:
            drafts.append(drafts[0])  # sent again before the first answer came
        person = self.chance.choice(garden.people)
        await asyncio.gather(*(self.send(garden, person, draft) for draft in drafts))
        if self.chance.random() < 0.2:
            await conversations.snapshot(garden.context, garden.room_id, None)

    def _told(self, event: Event) -> None:
        if isinstance(event, MessageSent):
            self.recording.note(Acknowledged(event.message))


@contextmanager
def recorded(
    name: str, *, checkpoint_pages: int = CHECKPOINT_PAGES, instead: dict[str, str] | None = None
) -> Iterator[Talk]:
    """A talk whose databases are recorded; `instead` replaces statements of ours."""
    with pytest.MonkeyPatch.context() as patch, recording_vfs(name) as recording:
        driver = Driver(name, instead=instead)
        patch.setattr(sa, "create_engine", partial(sa.create_engine, module=driver))
        patch.setattr(database, "CHECKPOINT_PAGES", checkpoint_pages)
        patch.setattr(database, "CHECKPOINT_PAGES_MAX", checkpoint_pages)
        patch.setattr(database, "CHECKPOINT_AFTER_S", 0)
        talk = Talk(recording, random.Random(name))
        yield talk
        talk.checkpoints = driver.checkpoints
        assert driver.replaced or not instead, "nothing was said that should be replaced"
