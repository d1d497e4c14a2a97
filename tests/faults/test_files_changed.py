"""Somebody's hands in the data folder of a running server."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.faults.clients import Client
from tests.faults.server import Server
from tests.faults.talk import says, talk_at
from tests.people import Person
from tests.raw import event, raw_socket
from tests.servers import START_WITHIN_S, process

pytestmark = pytest.mark.sqlite("Its files are what is changed.")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["parley.db-wal"], marks=pytest.mark.long("both of them tell most")),
        ["parley.db-wal", "parley.db-shm"],
    ],
)
async def test_a_removed_log_loses_nothing_once_more_was_said(
    tmp_path: Path, names: list[str]
) -> None:
    async with talk_at(tmp_path / "data") as talk:
        await talk.opens("Ada", "Ben")
        ada, _ = talk.clients
        await talk.all_in()
        await says(ada, 10)
        for name in names:
            (tmp_path / "data" / name).unlink()
        await says(ada, 10)
        assert (await talk.call("GET", "/api/ready"))["status"] == "ready"
        talk.place.is_up.clear()
        talk.server.kill()
        await talk.server.ends()
        await talk.server.start()
        talk.place.is_up.set()
        await says(ada, 5)
        [room] = (await talk.is_kept()).values()
        assert room.seq == 25


async def test_nothing_said_in_one_database_lands_in_another(tmp_path: Path) -> None:
    """A backup is put in the place of the database: rooms and people have other numbers there."""
    async with talk_at(tmp_path / "other") as other:
        there = await other.opens("Mallory")
        await other.all_in()
        await says(other.clients[0], 1)
    with process(tmp_path / "data") as server:
        ada = Person("Ada", server.url)
        try:
            for _ in range(2):
                room_id = await ada.starts()
            assert (await ada.call("GET", "/api/health"))[1]["total_conversations"] == 2
            async with raw_socket(server.url) as socket:
                assert (await socket.ask("join_room", {"room_id": room_id}, id=1))["ok"]
                _replace(tmp_path / "other", tmp_path / "data")
                said = {"room_id": room_id, "message": "For this room alone"}
                await socket.send(event("send_message", said, id=2))
                await socket.reads_to_the_end()
                assert [id for id, ack in socket.acks() if ack["ok"]] == [1]
            _, page = await ada.call("GET", f"/api/conversations/{there}/messages")
            assert len(page["messages"]) == 1
            assert (await ada.call("GET", "/api/ready"))[0] == 200
            assert (await ada.call("GET", "/api/health"))[1]["total_conversations"] == 1
        finally:
            await ada.goes_home()


def _replace(source: Path, target: Path) -> None:
    for file in target.glob("parley.db*"):
        file.unlink()
    with (
        contextlib.closing(sqlite3.connect(source / "parley.db")) as from_,
        contextlib.closing(sqlite3.connect(target.parent / "copy.db")) as to,
    ):
        from_.backup(to)
    shutil.move(target.parent / "copy.db", target / "parley.db")


async def _refusal(client: Client) -> dict[str, object]:
    said = client.say("For Ada's room alone")
    await client.until(lambda: bool(said.refusals))
    return said.refusals[0]


async def test_a_lock_that_was_removed_is_taken_again_or_ends_the_writing(tmp_path: Path) -> None:
    async with talk_at(tmp_path / "data") as talk:
        await talk.opens("Ada")
        [ada] = talk.clients
        await talk.all_in()
        lock = tmp_path / "data" / "parley.lock"
        lock.unlink()
        await says(ada, 1)
        assert lock.exists()

        lock.unlink()
        second = Server(tmp_path / "data", log=tmp_path / "second.log")
        await second.start()
        try:
            assert (await _refusal(ada))["code"] == "unavailable"
            ready = await talk.call("GET", "/api/ready")
            assert ready["error"] == "Another server has taken the data folder."
        finally:
            await second.cleaned_up()
        ada.repeat()
        assert (await talk.call("GET", "/api/ready"))["status"] == "ready"
        await talk.is_kept()


@pytest.mark.long("it waits for all that a start waits for a lock")
async def test_a_server_that_cannot_store_says_so_and_does_not_start(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.start()
    server.kill()
    await server.ends()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "parley.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(AssertionError) as refused:
            await server.start()
        assert await server.ends(START_WITHIN_S) == 1
    assert "Traceback" not in str(refused.value)
    assert "Another program has locked the database." in str(refused.value)


async def test_a_missing_database_is_told_before_anybody_writes(tmp_path: Path) -> None:
    async with talk_at(tmp_path / "data") as talk:
        assert (await talk.call("GET", "/api/ready"))["status"] == "ready"
        (tmp_path / "data" / "parley.db").unlink()
        assert (await talk.call("GET", "/api/ready"))["error"] == "The database file is gone."
