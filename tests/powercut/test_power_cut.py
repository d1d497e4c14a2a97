"""After a power cut at any instant every acknowledged message is there, once.

A real talk is recorded down to its writes and syncs, then cut after every one
of them. Each cut gives disks as they may be found the next morning, with what
was not synced lost, torn, reordered or noise, and Python's own SQLite opens
them.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import apsw
import pytest

from parley.bus.local import LocalBus
from parley.domain import conversations, messages, participants
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.domain.presence import Presence
from parley.records import Message
from parley.storage.folder import make_folder
from parley.storage.sqlite.database import SqliteDatabase
from tests.effort import times
from tests.fuzz.effort import EFFORT
from tests.powercut.after import Broken, History, Inspection, Kept, check_all, cuts, kept, lay_out
from tests.powercut.recording import Acknowledged, Event, FolderSynced, Synced
from tests.powercut.talk import KINDS, Talk, recorded

pytestmark = [
    pytest.mark.longer,
    pytest.mark.skipif(sys.platform == "win32", reason="SQLite syncs no folders there"),
    pytest.mark.timeout(240 * max(1, EFFORT)),
]
# One of the seven fates for each thirteenth event, in turn: some 60 cuts. Three for each event, of
# a talk that goes on for half as long again, take fifty times as long.
PER_EVENT = times(1, full=3) * max(1, EFFORT)
STRIDE = times(13, full=1)
EVERY = times(15, full=211)


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Talk:
    """A first start, a talk, a stop, a second start and another talk."""
    folder = tmp_path_factory.mktemp("recorded")
    with recorded("talk") as talk:
        asyncio.run(talk.goes_on(folder, rounds=times(20, full=30)))
        asyncio.run(talk.goes_on(folder, rounds=times(10, full=15)))
    return talk


def test_every_acknowledged_message_is_there_after_a_cut_at_any_instant(
    talk: Talk, tmp_path: Path
) -> None:
    cuts, disks = check_all(talk.recording.events, tmp_path, per_event=PER_EVENT, every=STRIDE)
    told = (cuts > times(50, full=1_000), disks > times(25, full=500))
    assert told == (True, True), "the talk was too short to say much"
    assert talk.checkpoints > 2
    assert set(KINDS) == {kind for kind, count in talk.kinds.items() if count >= times(3, full=4)}


@pytest.mark.long("a log that is emptied often tells most of it")
def test_it_is_so_where_the_log_grows_to_its_usual_length(tmp_path: Path) -> None:
    (tmp_path / "after").mkdir()
    with recorded("long", checkpoint_pages=1_000) as talk:
        asyncio.run(talk.goes_on(tmp_path / "recorded", rounds=times(6, full=15)))
    check_all(talk.recording.events, tmp_path / "after", per_event=max(1, EFFORT))


def test_people_who_speak_at_once_share_a_sync_and_know_only_after_it(tmp_path: Path) -> None:
    (tmp_path / "after").mkdir()

    async def all_at_once(talk: Talk) -> list[Event]:
        async with talk.server(tmp_path / "recorded") as garden:
            before = len(talk.recording.events)
            drafts = [Draft(f"at once {number}") for number in range(50)]
            await asyncio.gather(
                *(talk.send(garden, person, draft) for draft in drafts for person in garden.people)
            )
            return talk.recording.events[before:]

    with recorded("burst", checkpoint_pages=1_000) as talk:
        burst = asyncio.run(all_at_once(talk))
    acknowledged = {event.message.id for event in burst if isinstance(event, Acknowledged)}
    assert len(acknowledged) == 150
    # What the first of them began, and all that waited meanwhile.
    assert 1 <= len([event for event in burst if isinstance(event, Synced)]) <= 2
    check_all(
        talk.recording.events,
        tmp_path / "after",
        per_event=times(1, full=2),
        every=STRIDE,
    )


def test_a_server_starts_on_what_is_left_and_goes_on(talk: Talk, tmp_path: Path) -> None:
    inspection = Inspection(tmp_path, History(talk.recording.events))
    # Some at equal distances: both are primes to the number of fates, so all fates come up.
    all_cuts = cuts(talk.recording.events, per_event=PER_EVENT, every=STRIDE)
    for number, cut in enumerate(all_cuts):
        if number % EVERY == 0:
            found = inspection.finds(cut)
            lay_out(cut.files, tmp_path)
            assert asyncio.run(_told_by_a_server(tmp_path)) == found.messages


async def _told_by_a_server(folder: Path) -> dict[tuple[int, int], Kept]:
    """What the domain says was said, after one more message in every conversation."""
    database = SqliteDatabase(folder)
    await database.open()
    context = Context(database, LocalBus(), Presence(), leave_grace_s=0)
    said = {}
    try:
        await participants.forget_sockets(context)
        for conversation in (await conversations.listed(context, limit=10))[0]:
            joined = await participants.join(context, conversation.room_id, Joining(None))
            sent = await messages.send(context, joined.participant, Draft("Good morning"))
            found = await _all_of(context, conversation.room_id)
            assert found[-1] == sent.message
            said.update({(each.conversation_id, each.seq): kept(each) for each in found[:-1]})
    finally:
        await database.close()
    return said


async def _all_of(context: Context, room_id: str) -> list[Message]:
    found: list[Message] = []
    has_more = True
    while has_more:
        before = found[0].seq if found else None
        page, has_more = await messages.history(context, room_id, None, limit=200, before=before)
        found = [*page, *found]
    return found


@pytest.mark.long("that one is missing for one file is noticed every time")
def test_the_replay_would_notice_a_missing_sync(tmp_path: Path) -> None:
    """With `synchronous = NORMAL` a commit waits for no sync: the replay must find what is lost."""
    (tmp_path / "after").mkdir()
    instead = {"PRAGMA synchronous = FULL": "PRAGMA synchronous = NORMAL"}
    with recorded("normal", instead=instead) as talk:
        asyncio.run(talk.goes_on(tmp_path / "recorded", rounds=times(5, full=15)))
    with pytest.raises(Broken, match="is lost"):
        check_all(talk.recording.events, tmp_path / "after", per_event=PER_EVENT)


@pytest.mark.parametrize("name", ["parley.db", "parley.db-wal", "the folder"])
def test_the_replay_would_notice_if_one_thing_were_never_synced(
    talk: Talk, name: str, tmp_path: Path
) -> None:
    def is_kept(event: Event) -> bool:
        if isinstance(event, Synced):
            return talk.recording.names[event.file] != name
        return not (isinstance(event, FolderSynced) and name == "the folder")

    with pytest.raises(Broken):
        check_all(list(filter(is_kept, talk.recording.events)), tmp_path, per_event=PER_EVENT)


def test_every_sync_asks_the_drive_itself_to_write(talk: Talk) -> None:
    syncs = [event for event in talk.recording.events if isinstance(event, Synced)]
    assert {event.flags & 0x0F for event in syncs} == {apsw.SQLITE_SYNC_FULL}


def test_a_new_data_folder_is_on_the_disk_before_anything_is_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[int] = set()

    def fsync(file: int) -> None:
        synced.add(os.fstat(file).st_ino)

    monkeypatch.setattr(os, "fsync", fsync)
    make_folder(tmp_path / "srv" / "parley")
    assert synced == {tmp_path.stat().st_ino, (tmp_path / "srv").stat().st_ino}
