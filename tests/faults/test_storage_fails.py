"""A disk that is full or gone: said so to everybody, reads go on, and it heals by itself."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.databases import ON_POSTGRESQL
from tests.faults import trouble
from tests.faults.clients import Client
from tests.faults.record import KINDS, Json
from tests.faults.talk import Talk, says, talk_at
from tests.test_cli import loaded_parley

Trouble = Callable[[Talk], AbstractContextManager[None]]
ON_SQLITE: list[tuple[Trouble, str]] = [
    (trouble.files_may_not_grow, ""),
    (trouble.another_program_holds_the_lock, "Another program has locked the database."),
    (trouble.file_is_moved_away, "The database file is gone."),
    (trouble.file_is_removed_and_restored, "The database file is gone."),
]
THERE: list[tuple[Trouble, str]] = [
    (trouble.server_takes_no_writes, "The database server takes no writes."),
]
"""On PostgreSQL. What happens where it is gone, and reads with it, is in tests/cluster."""
WAYS = THERE if ON_POSTGRESQL else ON_SQLITE
WAITS: dict[Trouble, pytest.MarkDecorator] = {
    trouble.another_program_holds_the_lock: pytest.mark.long(
        "it waits for all that a locked database is given"
    ),
    trouble.files_may_not_grow: pytest.mark.long("a disk that is full tells most of it"),
    trouble.file_is_removed_and_restored: pytest.mark.long("one that is moved away tells most"),
}


@pytest.mark.parametrize(
    ("way", "reason"),
    [pytest.param(way, reason, marks=WAITS.get(way, ()), id=way.__name__) for way, reason in WAYS],
)
async def test_while_nothing_can_be_stored_sends_are_refused_and_reads_go_on(
    tmp_path: Path, way: Trouble, reason: str
) -> None:
    async with talk_at(tmp_path / "data") as talk:
        await _refuses_and_heals(talk, way, reason)


@pytest.mark.sqlite("Its file is on that disk.")
async def test_a_full_disk_refuses_sends_until_there_is_room(tmp_path: Path) -> None:
    with trouble.small_disk(tmp_path / "disk") as disk:
        async with talk_at(disk / "data") as talk:
            await _refuses_and_heals(talk, trouble.disk_is_full, "The disk is full.")


async def _refuses_and_heals(talk: Talk, way: Trouble, reason: str) -> None:
    room_id = await talk.opens("Ada", "Ben")
    ada, ben = talk.clients
    await talk.all_in()
    await says(ada, 20)
    await talk.settles()
    with way(talk):
        for client in (ada, ben):
            refusal = await _is_refused(client)
            assert refusal["code"] == "unavailable"
            assert refusal["retry_after"] > 0
        await _changes_are_refused(talk, ada)
        await _reads_go_on(talk, room_id)
        ready = await talk.call("GET", "/api/ready")
        assert (ready["status"], ready["code"]) == (503, "unavailable")
        assert ready["success"] is False
        assert ready["error"] == reason or not reason
        assert ready["retry_after"] > 0
    assert (await talk.call("GET", "/api/ready"))["status"] == "ready"
    for client in talk.clients:
        client.repeat()
    await talk.is_kept()
    await _goes_on(talk, ada, ben)


async def _is_refused(client: Client) -> Json:
    said = client.say("Can you hear me?")
    await client.until(lambda: bool(said.refusals))
    return said.refusals[0]


async def _changes_are_refused(talk: Talk, ada: Client) -> None:
    """All there is: five of the twenty messages are changed once it heals."""
    first, second, third, fourth, fifth, *_ = (line.id for line in ada.lines)
    ada.act("edit_message", id=first, message="Otherwise, @Ada")
    ada.act("delete_message", id=second)
    ada.act("react", id=third, emoji=ada.emoji, on=True)
    ada.act("pin_message", id=fourth, on=True)
    ada.act("mark_read", seq=5)
    ada.say("About this one", fifth)
    await ada.until(lambda: talk.record.counts["undone"] == len(KINDS))


async def _reads_go_on(talk: Talk, room_id: str) -> None:
    page = await talk.call("GET", f"/api/conversations/{room_id}/messages")
    assert page["success"], page
    assert len(page["messages"]) == 20
    found = await talk.call("GET", f"/api/conversations/{room_id}")
    assert found["conversation"]["seq"] == 20


async def _goes_on(talk: Talk, *clients: Client) -> None:
    for client in clients:
        await says(client, 5)
    talk.place.is_up.clear()
    talk.server.kill()
    await talk.server.ends()
    await talk.server.start()
    talk.place.is_up.set()
    stored = await talk.is_kept()
    [room] = stored.values()
    # Two asked whether they are heard, one answered; four changed what had been said.
    assert room.seq == 20 + 2 + 1 + 4 + 10
    assert [line.seq for line in room.lines if line.changed_seq != line.seq] == [1, 2, 3, 4]
    assert room.readings == {clients[0].user_id: 5}


@pytest.mark.sqlite("PostgreSQL takes several servers.")
async def test_a_second_server_on_the_same_folder_is_refused_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    async with talk_at(tmp_path / "data") as talk:
        await talk.opens("Ada")
        [ada] = talk.clients
        await talk.all_in()
        second = await asyncio.to_thread(
            loaded_parley, "serve", "--port", "0", "--data", str(tmp_path / "data")
        )
        assert second.returncode == 1
        [sentence] = second.stderr.splitlines()
        assert sentence.startswith("parley: Another Parley server is using the data folder")
        assert sentence.endswith(".")
        await says(ada, 3)
        await talk.is_kept()


@pytest.mark.long("a disk that is full tells most of it")
async def test_a_log_that_cannot_be_written_holds_up_nobody(tmp_path: Path) -> None:
    # The disk that is full is often the one that the log is on.
    full = Path("/dev/full")
    if sys.platform != "linux":
        pytest.skip("There is no /dev/full on this system.")
    async with talk_at(tmp_path / "data", log=full) as talk:
        way, reason = WAYS[-1] if ON_POSTGRESQL else WAYS[2]
        await _refuses_and_heals(talk, way, reason)
