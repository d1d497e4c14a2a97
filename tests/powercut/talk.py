"""A talk to be cut short: people who speak alone and at once, on the real writer."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from parley.bus.local import LocalBus
from parley.domain import conversations, messages, participants, pins, reactions, reading
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.domain.presence import Presence
from parley.errors import NotFound
from parley.records import (
    Event,
    Message,
    MessageChanged,
    MessageSent,
    Participant,
    ReadingMoved,
    Session,
)
from parley.storage.sqlite import database
from parley.storage.sqlite.database import SqliteDatabase
from tests.powercut.driver import Driver
from tests.powercut.recording import (
    Acknowledged,
    AcknowledgedReading,
    Recording,
    recording_vfs,
)

NAMES = ("Ada", "Ben", "Cleo")
# Checkpoints are where a cut is most dangerous: with the usual 1000 there would be one.
CHECKPOINT_PAGES = 60
LENGTHS = (1, 40, 400, 7_900)
KINDS = ("edit", "delete", "react", "pin", "read", "reply")


@dataclass(frozen=True)
class Garden:
    context: Context
    room_id: str
    people: list[Participant]
    sessions: list[Session]
    """Theirs; the first of them is the owner."""
    said: list[tuple[int, Message]] = field(default_factory=list)
    """What is not deleted, each with the place of whoever said it."""


@dataclass
class Talk:
    recording: Recording
    chance: random.Random
    kinds: Counter[str] = field(default_factory=Counter)
    """What was done, how often."""
    checkpoints: int = 0
    """How many came between commits, once it is over."""

    @asynccontextmanager
    async def server(self, folder: Path) -> AsyncIterator[Garden]:
        """A server from its start to its end, with a conversation that all have joined."""
        stored = SqliteDatabase(folder)
        await stored.open()
        bus = LocalBus()
        bus.subscribe(self._told)
        context = Context(stored, bus, Presence(), leave_grace_s=0)
        try:
            await participants.forget_sockets(context)
            created = await conversations.create(context, None, title="Garden")
            room_id = created.conversation.room_id
            sessions = [created.owner, None, None]
            joinings = [
                Joining(session, username=name, socket=name)
                for session, name in zip(sessions, NAMES, strict=True)
            ]
            joined = [await participants.join(context, room_id, each) for each in joinings]
            yield Garden(
                context,
                room_id,
                [each.participant for each in joined],
                [each.session for each in joined],
            )
        finally:
            await stored.close()

    async def goes_on(self, folder: Path, *, rounds: int) -> None:
        async with self.server(folder) as garden:
            for number in range(rounds):
                await self._round(garden, number)

    async def send(self, garden: Garden, person: Participant, draft: Draft) -> None:
        sent = await messages.send(garden.context, person, draft)
        self.recording.note(Acknowledged(sent.message))
        if not sent.duplicate:
            garden.said.append((garden.people.index(person), sent.message))

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
        await asyncio.gather(*(self._tries(garden, kind, number) for kind in self._kinds(number)))
        if self.chance.random() < 0.2:
            await conversations.snapshot(garden.context, garden.room_id, None)

    def _kinds(self, number: int) -> list[str]:
        """One after the other in turn, and sometimes several at once."""
        more = self.chance.choice((0, 0, 2, len(KINDS) - 1))
        return [KINDS[(number + further) % len(KINDS)] for further in range(more + 1)]

    async def _tries(self, garden: Garden, kind: str, number: int) -> None:
        with contextlib.suppress(NotFound):  # it was deleted at the same moment
            await self._does(garden, kind, number)

    async def _does(self, garden: Garden, kind: str, number: int) -> None:
        if not garden.said:
            return
        self.kinds[kind] += 1
        context, room_id, at = garden.context, garden.room_id, self.chance.choice(garden.said)
        author, message = at
        who = self.chance.randrange(len(NAMES))
        owner, session = garden.sessions[0], garden.sessions[who]
        now: Message | None = None
        match kind:
            case "edit":
                text = f"{number} otherwise, @{self.chance.choice(NAMES)} " + "y" * 500
                edited = await messages.edit(
                    context, room_id, garden.sessions[author], message.id, text
                )
                now = edited.message
            case "delete":
                garden.said.remove(at)
                now = await messages.delete(context, room_id, owner, message.id)
            case "react":
                emoji, on = self.chance.choice("👍🎉"), self.chance.random() < 0.7
                reacted = await reactions.react_as(
                    context, room_id, session, message.id, emoji, on=on
                )
                now = reacted.message
            case "pin":
                on = self.chance.random() < 0.7
                now = (await pins.pin(context, room_id, owner, message.id, on=on)).message
            case "read":
                mark = reading.Mark(message.seq)
                read = await reading.mark(context, room_id, session, mark)
                self.recording.note(AcknowledgedReading(message.conversation_id, read))
            case "reply":
                draft = Draft(f"{number}: yes, @{NAMES[author]}", reply_to=message.id)
                await self.send(garden, garden.people[who], draft)
        if now is not None:
            self.recording.note(Acknowledged(now))

    def _told(self, event: Event) -> None:
        if isinstance(event, MessageSent | MessageChanged):
            self.recording.note(Acknowledged(event.message))
        elif isinstance(event, ReadingMoved):
            self.recording.note(AcknowledgedReading(event.conversation_id, event.reading))


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
