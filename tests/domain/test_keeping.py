"""What ends by the clock: links, and how long messages are kept; and that erased is erased."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from parley.config import Config
from parley.domain import conversations, messages, owning, participants, role_links
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.overview import overview
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.errors import ConversationNotFound, NotFound
from parley.records import MessagesErased, Participant, Role, Session
from parley.storage.folder import NAME
from parley.storage.sqlite import database
from parley.storage.sqlite.database import SqliteDatabase
from tests.domain.conftest import Clock, Told
from tests.people import PATIENCE_S

CANARY = "canary-7f3a91"


class Talk:
    def __init__(self, room_id: str, owner: Session, ada: Participant) -> None:
        self.room_id, self.owner, self.ada = room_id, owner, ada


@pytest.fixture
async def talk(context: Context) -> Talk:
    created = await conversations.create(context, None)
    room_id = created.conversation.room_id
    joined = await participants.join(context, room_id, Joining(created.owner, username="Ada"))
    return Talk(room_id, created.owner, joined.participant)


async def test_an_owners_link_is_valid_for_ten_minutes(
    context: Context, clock: Clock, talk: Talk
) -> None:
    made = await role_links.make_link(context, talk.room_id, talk.owner, role=Role.OWNER)
    clock.goes_on(timedelta(minutes=9, seconds=59))
    conversation, _ = await role_links.behind(context, made.code)
    assert conversation.room_id == talk.room_id
    clock.goes_on(timedelta(seconds=1))
    for use in (
        role_links.behind(context, made.code),
        role_links.use_link(context, None, made.code),
    ):
        with pytest.raises(NotFound):
            await use


async def test_a_link_ends_when_it_says(context: Context, clock: Clock, talk: Talk) -> None:
    made = await role_links.make_link(
        context, talk.room_id, talk.owner, role=Role.MEMBER, expires_in_s=3_600, uses_max=2
    )
    for _ in range(2):
        await role_links.use_link(context, None, made.code)
    with pytest.raises(NotFound):
        await role_links.use_link(context, None, made.code)
    (link,) = (await overview(context, talk.room_id, talk.owner)).links
    assert link.uses == 2


async def test_messages_go_when_their_time_is_over(
    context: Context, clock: Clock, told: Told, talk: Talk
) -> None:
    await owning.change(context, talk.room_id, talk.owner, Wishes(keep_days=7))
    for text in ("old", "older still, but not by the day"):
        await messages.send(context, talk.ada, Draft(text))
    clock.goes_on(timedelta(days=5))
    kept = await messages.send(context, talk.ada, Draft("new"))
    assert await owning.erase_outdated(context) == 0
    clock.goes_on(timedelta(days=2, seconds=1))
    assert await owning.erase_outdated(context) == 2
    erased = told.events[-1]
    assert isinstance(erased, MessagesErased)
    assert (erased.through, erased.seq) == (2, 4)
    snapshot = await conversations.snapshot(context, talk.room_id, talk.owner)
    assert snapshot.messages == (kept.message,)
    assert (snapshot.conversation.erased_through, snapshot.conversation.message_count) == (2, 1)
    changes = await conversations.changes(context, talk.room_id, talk.owner, since=0, limit=10)
    assert (changes.seq, changes.erased_through) == (4, 2)
    assert await owning.erase_outdated(context) == 0
    said = await messages.send(context, talk.ada, Draft("and on it goes"))
    assert said.message.seq == 5


@pytest.mark.sqlite("It looks at its file.")
async def test_the_names_that_messages_were_said_under_go_with_them(
    context: Context, clock: Clock, config: Config, talk: Talk
) -> None:
    await owning.change(context, talk.room_id, talk.owner, Wishes(keep_days=7))
    zed = await participants.join(context, talk.room_id, Joining(None, username=CANARY))
    await messages.send(context, zed.participant, Draft("Hello"))
    clock.goes_on(timedelta(days=5))
    await participants.join(context, talk.room_id, Joining(zed.session, username="Zoe"))
    clock.goes_on(timedelta(days=2, seconds=1))
    # Until they gave it up they may have said something under it.
    assert await owning.erase_outdated(context) == 1
    assert _stands_in(config.data)
    clock.goes_on(timedelta(days=5))
    assert await owning.erase_outdated(context) == 0
    assert not _stands_in(config.data)
    again = await participants.join(context, talk.room_id, Joining(None, username=CANARY))
    assert not again.participant.is_alike


async def test_what_was_erased_is_forgotten_with_its_client_id(
    context: Context, clock: Clock, talk: Talk
) -> None:
    await owning.change(context, talk.room_id, talk.owner, Wishes(keep_days=7))
    draft = Draft("Hello", client_id="c-1")
    await messages.send(context, talk.ada, draft)
    clock.goes_on(timedelta(days=7, seconds=-1))
    assert await owning.erase_outdated(context) == 0
    assert (await messages.send(context, talk.ada, draft)).duplicate
    clock.goes_on(timedelta(seconds=2))
    assert await owning.erase_outdated(context) == 1
    again = await messages.send(context, talk.ada, draft)
    assert (again.duplicate, again.message.seq) == (False, 3)


async def test_erasing_after_the_end_counts_on(
    context: Context, clock: Clock, told: Told, talk: Talk
) -> None:
    await owning.change(context, talk.room_id, talk.owner, Wishes(keep_days=7))
    await messages.send(context, talk.ada, Draft("old"))
    await conversations.end(context, talk.room_id, talk.owner)
    clock.goes_on(timedelta(days=8))
    assert await owning.erase_outdated(context) == 1
    erased = told.events[-1]
    assert isinstance(erased, MessagesErased)
    assert (erased.through, erased.seq) == (1, 3)


async def test_what_is_kept_for_ever_stays(context: Context, clock: Clock, talk: Talk) -> None:
    await messages.send(context, talk.ada, Draft("for ever"))
    clock.goes_on(timedelta(days=10_000))
    assert await owning.erase_outdated(context) == 0


@pytest.mark.sqlite("It looks at its file.")
async def test_nothing_of_a_deleted_conversation_is_left_on_the_disk(
    context: Context, config: Config, talk: Talk
) -> None:
    await owning.change(context, talk.room_id, talk.owner, Wishes(description=CANARY))
    await messages.send(context, talk.ada, Draft(f"{CANARY} " + "x" * 5_000))
    assert _stands_in(config.data)
    erased = await owning.delete(context, talk.room_id, talk.owner)
    assert (erased.messages, erased.participants) == (1, 1)
    assert not _stands_in(config.data)
    with pytest.raises(ConversationNotFound):
        await conversations.find(context, talk.room_id, talk.owner)


@pytest.mark.sqlite("It looks at its file.")
async def test_a_deleted_message_is_not_left_on_the_disk(
    context: Context, config: Config, talk: Talk
) -> None:
    sent = await messages.send(context, talk.ada, Draft(CANARY))
    await messages.delete(context, talk.room_id, talk.owner, sent.message.id)
    assert not _stands_in(config.data)


@pytest.mark.sqlite("It looks at its file.")
async def test_what_a_message_said_before_it_was_edited_is_not_left_on_the_disk(
    context: Context, config: Config, talk: Talk
) -> None:
    sent = await messages.send(context, talk.ada, Draft(CANARY))
    edited = await messages.edit(
        context, talk.room_id, talk.owner, sent.message.id, "I said nothing"
    )
    assert edited.message.text == "I said nothing"
    assert not _stands_in(config.data)


@pytest.mark.sqlite("It looks at its file.")
async def test_what_somebody_reads_is_forgotten_once_they_have_read(
    context: Context, config: Config, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "FORGET_AGAIN_S", 0.0)
    await messages.send(context, talk.ada, Draft(CANARY))
    backup = sqlite3.connect(config.data / NAME)
    backup.execute("BEGIN")
    assert backup.execute("SELECT count(*) FROM messages").fetchone() == (1,)
    await owning.delete(context, talk.room_id, talk.owner)
    assert _stands_in(config.data)
    backup.close()
    async with asyncio.timeout(PATIENCE_S):
        while _stands_in(config.data):
            await context.database.read(lambda connection: None)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.sqlite("It looks at its file.")
def test_nobody_else_on_the_machine_reads_the_files(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    async def starts() -> dict[str, int]:
        started = SqliteDatabase(tmp_path)
        await started.open()
        await started.write(lambda connection: None)
        modes = _modes(tmp_path)
        await started.close()
        return modes

    modes = asyncio.run(starts())
    assert modes[NAME] == modes[f"{NAME}-wal"] == 0o600, modes


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def _stands_in(folder: Path) -> bool:
    return any(CANARY.encode() in path.read_bytes() for path in folder.iterdir() if path.is_file())


async def test_no_conversation_gets_the_number_of_one_that_was_deleted(
    context: Context, talk: Talk
) -> None:
    await owning.delete(context, talk.room_id, talk.owner)
    await conversations.create(context, None)
    with pytest.raises(ConversationNotFound):
        await messages.send(context, talk.ada, Draft("For those who were here"))
