"""Erasing goes on behind what people do: nobody waits for it, and nothing of it is forgotten."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from parley.bus.local import LocalBus
from parley.config import Config
from parley.domain import conversations, messages, owning, participants, role_links
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.domain.presence import Presence
from parley.errors import ConversationNotFound, NotFound
from parley.records import Conversation, MessagesErased, Participant, Role, Session
from parley.storage import erasing
from parley.storage.choice import database_of
from parley.storage.folder import NAME
from parley.storage.prepared import Prepared
from parley.storage.schema import milliseconds
from parley.storage.sqlite import database
from parley.storage.sqlite.database import SqliteDatabase
from tests.databases import beside
from tests.domain.conftest import Clock, Told
from tests.effort import times
from tests.faults.erasing import fill
from tests.people import PATIENCE_S

LONG = times(10_000, full=50_000)
SLICE_MAX_S = 0.05
"""Of the writer's own time, but for one: the system may charge that with finding memory. On a free
machine it is some milliseconds."""
LOOKED_MAX_STEPS = 10_000
"""Of SQLite's virtual machine, about twenty for each message that it looks at."""
CANARY = "canary-4be07d"
TABLES = (
    "messages",
    "participants",
    "links",
    "grants",
    "knocks",
    "audit",
    "old_links",
    "former_names",
    "reports",
    "complaints",
)


@dataclass
class Room:
    conversation: Conversation
    owner: Session
    ada: Participant

    @property
    def id(self) -> str:
        return self.conversation.room_id


async def opened(context: Context) -> Room:
    created = await conversations.create(context, None)
    joining = Joining(created.owner, username="Ada")
    joined = await participants.join(context, created.conversation.room_id, joining)
    return Room(created.conversation, created.owner, joined.participant)


@pytest.fixture
async def room(context: Context) -> Room:
    return await opened(context)


async def all_erased(context: Context) -> None:
    async with asyncio.timeout(PATIENCE_S * 3):
        await owning.erase_deleted(context)


def rows(folder: Path) -> dict[str, int]:
    """How many there are, by table."""
    with beside(folder) as connection:
        counted = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in (*TABLES, "conversations")
        }
    return counted


def stands_in(folder: Path) -> bool:
    return any(CANARY.encode() in path.read_bytes() for path in folder.iterdir() if path.is_file())


async def mark(context: Context, room: Room) -> None:
    """As after a kill in the middle: it is deleted, and nothing of it was erased."""

    def work(connection: sa.Connection) -> None:
        erasing.mark_deleted(connection, room.conversation.id, at=context.clock())

    await context.database.write(work)


async def test_whoever_comes_to_what_is_being_erased_finds_that_there_never_was_one(
    context: Context, room: Room
) -> None:
    link = await role_links.make_link(context, room.id, room.owner, role=Role.MEMBER)
    before = room.id
    await owning.replace_link(context, room.id, room.owner)
    room = Room(
        (await conversations.find(context, before, room.owner)).conversation, room.owner, room.ada
    )
    sent = await messages.send(context, room.ada, Draft("Hello", client_id="c-1"))
    await mark(context, room)
    for work in (
        conversations.find(context, room.id, room.owner),
        conversations.find(context, before, room.owner),
        participants.join(context, room.id, Joining(room.owner)),
        messages.send(context, room.ada, Draft("Hello?")),
        messages.send(context, room.ada, Draft("Hello", client_id="c-1")),
        messages.delete(context, room.id, room.owner, sent.message.id),
        owning.delete(context, room.id, room.owner),
        owning.change(context, room.id, room.owner, Wishes(title="Mine")),
        conversations.end(context, room.id, room.owner),
    ):
        with pytest.raises(ConversationNotFound):
            await work
    assert await conversations.snapshots(context, [room.conversation.id]) == {}
    for use in (
        role_links.behind(context, link.code),
        role_links.use_link(context, None, link.code),
    ):
        with pytest.raises(NotFound):
            await use
    assert await conversations.listed(context, limit=10) == ([], None)
    assert await conversations.count(context) == (0, 0)


async def test_nobody_is_told_of_who_leaves_what_is_being_erased(
    context: Context, room: Room, told: Told
) -> None:
    joined = await participants.join(context, room.id, Joining(room.owner, socket="one"))
    await mark(context, room)
    before = list(told.events)
    await participants.leave(context, joined.participant, "one")
    assert told.events == before


async def test_all_that_is_of_a_conversation_goes_and_nothing_of_another(
    context: Context, config: Config, room: Room
) -> None:
    kept = await opened(context)
    await messages.send(context, kept.ada, Draft("Still here"))
    before = rows(config.data)
    gone = await opened(context)
    await messages.send(context, gone.ada, Draft("Going"))
    await participants.join(context, gone.id, Joining(gone.owner, username="Queen"))
    for _ in range(erasing.STEP_ROWS * 2):
        link = await role_links.make_link(context, gone.id, gone.owner, role=Role.MEMBER)
        entered = await role_links.use_link(context, None, link.code)
        await participants.join(context, gone.id, Joining(entered.session))
        after = await owning.replace_link(context, gone.id, gone.owner)
        gone.conversation = after
    assert rows(config.data)["former_names"] == 1
    await owning.delete(context, gone.id, gone.owner)
    await all_erased(context)
    assert rows(config.data) == before


@pytest.mark.longer
async def test_the_reply_counts_what_goes(
    context: Context, config: Config, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owning, "ERASED_WITHIN_S", 0.0)
    fill(config.data, room.id, LONG)
    await role_links.make_link(context, room.id, room.owner, role=Role.READER)
    erased = await owning.delete(context, room.id, room.owner)
    assert (erased.messages, erased.participants, erased.links, erased.acts) == (LONG, 1, 1, 1)
    # Its rows are still there: it is only told, and found, as gone.
    assert rows(config.data)["messages"] > 0
    with pytest.raises(ConversationNotFound):
        await conversations.find(context, room.id, room.owner)
    await all_erased(context)
    assert rows(config.data)["messages"] == 0


@dataclass
class Slices:
    """What each transaction that erased much took of the writer's own time, and the rows."""

    took_s: list[float] = field(default_factory=list)
    erased: list[int] = field(default_factory=list)
    changed: int = 0
    """Rows, of all transactions."""

    def watch(self, context: Context, patch: pytest.MonkeyPatch) -> None:
        stored: Any = context.database
        commit = stored._commit

        def timed(batch: list[Any]) -> list[Any]:
            began, before = time.thread_time(), self.changed
            outcomes: list[Any] = commit(batch)
            if (changed := self.changed - before) >= erasing.STEP_ROWS:
                self.took_s.append(time.thread_time() - began)
                self.erased.append(changed)
            return outcomes

        def counted(prepared: Prepared, connection: sa.Connection, **given: object) -> int:
            written = write(prepared, connection, **given)
            self.changed += written
            return written

        write = Prepared.write
        patch.setattr(Prepared, "write", counted)

        assert context.database._writer is not None
        patch.setattr(context.database._writer, "_commit", timed)


async def _others_speak(context: Context, ada: Participant, until: Callable[[], bool]) -> int:
    """Somebody elsewhere says one thing after the other; how many were stored meanwhile."""
    said = 0
    while not until():
        await messages.send(context, ada, Draft("And what do you say?"))
        said += 1
    return said


@pytest.mark.longer
@pytest.mark.parametrize("text", ["A sentence or two, as people say them.", "茶" * 8_000])
async def test_others_speak_between_short_slices_however_long_the_conversation_is(
    context: Context, config: Config, room: Room, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = await opened(context)
    count = LONG * 100 // (100 + len(text))
    fill(config.data, room.id, count, text=text)
    seen = Slices()
    seen.watch(context, monkeypatch)
    deleting = asyncio.create_task(owning.delete(context, room.id, room.owner))
    said = await _others_speak(
        context, elsewhere.ada, lambda: deleting.done() and not context.slices._tasks
    )
    assert rows(config.data)["messages"] == said
    assert len(seen.erased) > 1
    assert sorted(seen.took_s)[-2] < SLICE_MAX_S
    # Between any two of them there was room for one.
    assert said > len(seen.erased) / 2


@pytest.mark.long("many messages; short slices tell most")
@pytest.mark.longer
async def test_others_speak_while_many_outdated_messages_go(
    context: Context,
    clock: Clock,
    config: Config,
    room: Room,
    told: Told,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await owning.change(context, room.id, room.owner, Wishes(keep_days=7))
    say(config.data, room, [clock.now - timedelta(days=8)] * LONG + [clock.now] * 10)
    elsewhere, seen = await opened(context), Slices()
    seen.watch(context, monkeypatch)
    sweep = asyncio.create_task(owning.erase_outdated(context))
    said = await _others_speak(context, elsewhere.ada, sweep.done)
    assert await sweep == LONG
    assert sorted(seen.took_s)[-2] < SLICE_MAX_S
    assert said > len(seen.erased) / 2
    erased = [event for event in told.events if isinstance(event, MessagesErased)]
    assert len(erased) >= len(seen.erased) > 1
    assert [each.seq for each in erased] == list(range(LONG + 11, LONG + 11 + len(erased)))
    assert erased[-1].through == LONG
    now = (await conversations.find(context, room.id, room.owner)).conversation
    assert (now.erased_through, now.message_count, now.seq) == (LONG, 10, erased[-1].seq)


def say(folder: Path, room: Room, dates: list[datetime]) -> None:
    """Messages of these dates, in this order, as its only ones."""
    fill(folder, room.id, len(dates))
    with beside(folder) as connection:
        connection.executemany(
            "UPDATE messages SET sent_at = ? WHERE conversation_id = ? AND seq = ?",
            (
                (milliseconds(date), room.conversation.id, seq)
                for seq, date in enumerate(dates, start=1)
            ),
        )


class Steps:
    """What SQLite's virtual machine does, on every connection of the server."""

    EVERY = 100

    def __init__(self) -> None:
        self.count = 0

    def watch(self, connection: Any, _record: object) -> None:
        connection.set_progress_handler(self._step, self.EVERY)

    def _step(self) -> None:
        self.count += self.EVERY


@pytest.fixture
async def steps(config: Config, clock: Clock) -> AsyncIterator[tuple[Context, Steps]]:
    """A domain whose database counts its steps."""
    stored, seen = SqliteDatabase(config.data), Steps()
    for engine in (stored._reads, stored._writes):
        sa.event.listen(engine, "connect", seen.watch)
    await stored.open()
    yield Context(stored, LocalBus(), Presence(), 0, clock), seen
    await stored.close()


@pytest.mark.long("many messages")
@pytest.mark.longer
@pytest.mark.sqlite("It counts the steps of its machine.")
async def test_where_nothing_is_outdated_hardly_anything_is_read(
    steps: tuple[Context, Steps], clock: Clock, config: Config
) -> None:
    context, seen = steps
    room = await opened(context)
    await owning.change(context, room.id, room.owner, Wishes(keep_days=7))
    say(config.data, room, [clock.now - timedelta(days=1)] * LONG)
    before = seen.count
    assert await owning.erase_outdated(context) == 0
    assert seen.count - before < LOOKED_MAX_STEPS


@pytest.mark.longer
@pytest.mark.parametrize("count", [1_000, LONG])
async def test_what_a_clock_that_was_put_back_dated_too_late_keeps_nothing_else(
    context: Context, clock: Clock, config: Config, room: Room, count: int
) -> None:
    await owning.change(context, room.id, room.owner, Wishes(keep_days=7))
    ahead, old, new = timedelta(days=30), timedelta(days=8), timedelta(days=1)
    dates = [clock.now + ahead] * (count // 4) + [clock.now - old] * (count // 4)
    say(config.data, room, dates + [clock.now - new] * (count // 2))
    assert await owning.erase_outdated(context) == count // 2
    now = (await conversations.find(context, room.id, room.owner)).conversation
    assert (now.erased_through, now.message_count) == (count // 2, count // 2)


@pytest.mark.longer
async def test_what_its_owner_wants_kept_longer_meanwhile_is_kept(
    context: Context, clock: Clock, config: Config, room: Room
) -> None:
    await owning.change(context, room.id, room.owner, Wishes(keep_days=7))
    say(config.data, room, [clock.now - timedelta(days=8)] * LONG)
    sweep = asyncio.create_task(owning.erase_outdated(context))
    async with asyncio.timeout(PATIENCE_S):
        while not (
            await conversations.find(context, room.id, room.owner)
        ).conversation.erased_through:
            pass
    await owning.change(context, room.id, room.owner, Wishes(keep_days=30))
    erased = await sweep
    assert 0 < erased < LONG
    assert rows(config.data)["messages"] == LONG - erased


@pytest.mark.sqlite("It looks at its file and its log.")
async def test_nothing_of_a_long_conversation_is_left_on_the_disk(
    context: Context, config: Config, room: Room
) -> None:
    fill(config.data, room.id, 5_000, text=f"{CANARY} and more")
    assert stands_in(config.data)
    await owning.delete(context, room.id, room.owner)
    await all_erased(context)
    assert not stands_in(config.data)


@pytest.mark.longer
async def test_what_a_stop_left_is_erased_after_the_next_start(
    context: Context, config: Config, clock: Clock, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owning, "ERASED_WITHIN_S", 0.0)
    fill(config.data, room.id, LONG)
    await owning.delete(context, room.id, room.owner)
    context.slices.stop()
    await context.database.close()
    left = rows(config.data)
    assert (left["messages"] > 0, left["conversations"]) == (True, 1)
    again = database_of(config)
    await again.open()
    await all_erased(Context(again, LocalBus(), Presence(), 0, clock))
    assert set(rows(config.data).values()) == {0}
    await again.close()


@pytest.mark.sqlite("It looks at its file and its log.")
async def test_while_somebody_reads_one_chain_of_tries_is_enough_for_all(
    context: Context, config: Config, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = [await messages.send(context, room.ada, Draft(CANARY)) for _ in range(10)]
    tried: list[str] = []

    def watch(connection: sa.Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(lambda sql: tried.append(sql) if "TRUNCATE" in sql else None)

    await context.database.write(watch)
    with closing(sqlite3.connect(config.data / NAME)) as backup:
        backup.execute("BEGIN")
        assert backup.execute("SELECT count(*) FROM messages").fetchone() == (10,)
        for each in sent:
            await messages.delete(context, room.id, room.owner, each.message.id)
        assert len(tried) == 1
    monkeypatch.setattr(database, "FORGET_AGAIN_S", 0.0)
    assert isinstance(context.database, SqliteDatabase)
    context.database._forget_again()
    async with asyncio.timeout(PATIENCE_S):
        while stands_in(config.data):
            await context.database.read(lambda connection: None)


@pytest.mark.sqlite("It looks at its file and its log.")
async def test_whoever_empties_the_log_waits_for_no_reader_for_long(
    context: Context, config: Config, room: Room
) -> None:
    """Nobody can write meanwhile."""
    waited: list[float] = []

    assert isinstance(context.database, SqliteDatabase)
    stored = context.database

    def timed() -> None:
        began = time.monotonic()
        assert not stored._empty_log()
        waited.append(time.monotonic() - began)

    with closing(sqlite3.connect(config.data / NAME)) as backup:
        backup.execute("BEGIN")
        backup.execute("SELECT count(*) FROM messages").fetchone()
        await messages.send(context, room.ada, Draft("Hello"))
        assert context.database._writer is not None
        for _ in range(10):
            await context.database._writer.between(timed)
    # The others waited for their turn on this machine.
    assert min(waited) < SLICE_MAX_S
