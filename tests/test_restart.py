"""A server that stops in the middle of a conversation, and starts again, has forgotten nothing."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import socketio

from tests.people import PATIENCE_S, Person
from tests.servers import free_port, process


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
async def test_a_restart_keeps_everything(tmp_path: Path, how: signal.Signals) -> None:
    with process(tmp_path / "data") as server:
        ada, ben = Person("Ada", server.url), Person("Ben", server.url)
        room_id = await ada.starts("Tea", user_id="ada-1", description="At four")
        await ada.join(room_id, token=ada.token)
        first = await ben.join(room_id, user_id="ben-1")
        cleo = Person("Cleo", server.url)
        await cleo.joins_over_rest(room_id)
        acks = [await ben.say(room_id, f"Message {number}") for number in range(5)]
        liked = {"room_id": room_id, "id": acks[0]["id"], "emoji": "👍", "on": True}
        assert await ben.ask("react", liked) == {"ok": True, "seq": 6}
        _, before = await ada.call("GET", f"/api/conversations/{room_id}")

        await asyncio.to_thread(server.stop, how)
        await asyncio.to_thread(server.start)
        for each in (ada, ben, cleo):
            await each.goes_home()
        ada, ben, cleo = (_again(each, server.url) for each in (ada, ben, cleo))

        _, after = await ada.call("GET", f"/api/conversations/{room_id}")
        kept = ("room_id", "title", "description", "created_at", "created_by", "seq", "messages")
        assert {name: after["conversation"][name] for name in kept} == {
            name: before["conversation"][name] for name in kept
        }
        assert [m["id"] for m in after["conversation"]["messages"]] == [ack["id"] for ack in acks]

        again = await ben.join(room_id, token=ben.token)
        assert again["user_id"] == first["user_id"]
        assert await ben.ask("react", liked) == {"ok": True, "seq": 6}
        assert (await ben.say(room_id, "Where were we?"))["seq"] == 7
        status, sent = await cleo.call(
            "POST", f"/api/conversations/{room_id}/messages", {"message": "At tea"}
        )
        assert (status, sent["seq"]) == (201, 8)
        mallory = await Person("Mallory", server.url).connect()
        taken = await mallory.ask("join_room", {"room_id": room_id, "user_id": "ada-1"})
        assert taken["code"] == "identity_taken"
        status, _ = await ada.call("POST", f"/api/conversations/{room_id}/end")
        assert status == 200
        for each in (ada, ben, cleo, mallory):
            await each.goes_home()


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_clients_come_back_by_themselves_after_a_stop(tmp_path: Path, transport: str) -> None:
    port = str(free_port())
    with process(tmp_path / "data", "--host", "127.0.0.1", "--port", port) as server:
        bot = socketio.AsyncClient(
            reconnection_delay=0.1, randomization_factor=0, request_timeout=PATIENCE_S
        )
        connections = 0
        connected = asyncio.Condition()

        @bot.event
        async def connect() -> None:
            nonlocal connections
            async with connected:
                connections += 1
                connected.notify_all()

        async def has_connected(times: int) -> None:
            async with asyncio.timeout(30), connected:
                await connected.wait_for(lambda: connections >= times)

        await bot.connect(server.url, transports=[transport], wait_timeout=30)
        await has_connected(1)
        await asyncio.to_thread(server.stop)
        await asyncio.to_thread(server.start)
        await has_connected(2)
        await bot.disconnect()


async def test_after_a_restart_only_those_who_come_back_are_there(tmp_path: Path) -> None:
    with process(tmp_path / "data") as server:
        ada, ben = Person("Ada", server.url), Person("Ben", server.url)
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        await ben.join(room_id)
        await asyncio.to_thread(server.stop, signal.SIGKILL)
        await asyncio.to_thread(server.start)
        for each in (ada, ben):
            await each.goes_home()
        ada = _again(ada, server.url)
        await ada.join(room_id, token=ada.token)
        state = await ada.hears("conversation_state")
        found = state["conversation"]["participants"]
        assert [(p["username"], p["online"]) for p in found] == [("Ada", True)]
        assert state["conversation"]["participant_count"] == 1
        await ada.goes_home()


def _again(person: Person, url: str) -> Person:
    """The same person, with the token they kept, at the server's new address."""
    same = Person(person.name, url)
    same.token = person.token
    return same


@pytest.mark.parametrize("flags", [(), ("--away-after-s", "0")], ids=["usual", "never away"])
async def test_a_stop_notes_who_called_lately(tmp_path: Path, flags: tuple[str, ...]) -> None:
    with process(tmp_path / "data", *flags) as server:
        ada, ben = Person("Ada", server.url), Person("Ben", server.url)
        room_id = await ada.starts("Tea")
        await ben.joins_over_rest(room_id)
        await ben.call("GET", f"/api/conversations/{room_id}")
        await asyncio.to_thread(server.stop)
        with closing(sqlite3.connect(tmp_path / "data" / "parley.db")) as connection:
            seen = connection.execute("SELECT seen_at >= created_at FROM sessions ORDER BY id")
            assert seen.fetchall()[-1] == (1,)
        await ada.goes_home()
        await ben.goes_home()
