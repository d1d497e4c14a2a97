"""Many who come back at once, each with what they know: read once and encoded once for all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bench.client import STATE, Client
from bench.tally import Tally
from parley import contract
from parley.live import shared_states
from parley.storage.database import Database
from parley.wire.server import Server
from tests import effort
from tests.people import Person
from tests.servers import Running

pytestmark = [
    pytest.mark.longer,
    pytest.mark.skipif(sys.platform == "win32", reason="needs many open files"),
]

People = Callable[..., Person]
PEOPLE = effort.times(60, full=300)
SAID = 40
MISSED_MAX = 20


class Returning(Client):
    """Somebody who keeps the frame with their state."""

    frame = b""

    def receive(self, payload: bytes, now: float) -> None:
        if payload.startswith(STATE):
            self.frame = bytes(payload)
        super().receive(payload, now)

    @property
    def conversation(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.frame[2:])[1]["conversation"]
        return found


class Counted:
    """How often the server reads, and how many states it encodes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reads = self.states = 0
        read, encode = Database.read, Server.encode

        def count_read(database: Database, *args: Any, **more: Any) -> Any:
            self.reads += 1
            return read(database, *args, **more)

        def count_state(server: Server, event: str, data: object) -> bytes:
            self.states += event == "conversation_state"
            return encode(server, event, data)

        monkeypatch.setattr(Database, "read", count_read)
        monkeypatch.setattr(Server, "encode", count_state)


@contextlib.asynccontextmanager
async def connected(server: Running) -> AsyncIterator[list[Returning]]:
    port = int(server.url.rpartition(":")[2])
    tally = Tally()
    people = [Returning(tally, f"Ben {number}") for number in range(PEOPLE)]
    try:
        for each in people:
            await each.connect(port)
        yield people
    finally:
        for each in people:
            each.abort()


async def left_after_some_was_said(person: People, people: list[Returning]) -> str:
    """The room that they all were in."""
    ada = person("Ada")
    room_id = await ada.starts()
    await ada.join(room_id)
    for number in range(SAID):
        await ada.say(room_id, str(number))
    await asyncio.gather(*(each.join(room_id) for each in people))
    await asyncio.gather(*(each.leave() for each in people))
    await ada.hears("user_left", lambda left: left["participant_count"] == 1)
    return room_id


def missed(number: int) -> int:
    return number % MISSED_MAX


async def test_many_who_come_back_at_once_share_a_few_readings(
    person: People, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with connected(server) as people:
        room_id = await left_after_some_was_said(person, people)
        counted, loop = Counted(monkeypatch), asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(
            *(each.join(room_id, SAID - missed(number)) for number, each in enumerate(people))
        )
        readings = 2 + (loop.time() - began) / shared_states.REST_S
        # Those who come before the room counts as crowded are read for alone.
        assert counted.reads <= contract.CROWD + readings
        assert counted.states <= contract.CROWD + readings * MISSED_MAX
        for number, each in enumerate(people):
            texts = [said["message"] for said in each.conversation["messages"]]
            assert texts == [str(at) for at in range(SAID - missed(number), SAID)]
            assert each.conversation["delta"] is True


@pytest.mark.long("few readings for many tell most")
async def test_who_knew_the_same_is_sent_the_very_same(
    person: People, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slowly they come on a busy machine, few readings are for many of them.
    monkeypatch.setattr(shared_states, "REST_S", 1.0)
    async with connected(server) as people:
        room_id = await left_after_some_was_said(person, people)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(each.join(room_id, SAID) for each in people))
        readings = 2 + (loop.time() - began) / shared_states.REST_S
        frames = {each.frame for each in people}
        # Those who come before the room counts as crowded are read for alone.
        assert len(frames) <= contract.CROWD + readings


async def test_who_comes_back_is_counted_in_what_they_are_sent(
    person: People, server: Running
) -> None:
    async with connected(server) as people:
        room_id = await left_after_some_was_said(person, people)
        cleo = person("Cleo")
        await cleo.join(room_id)
        await asyncio.gather(*(each.join(room_id, SAID) for each in people))
        counts = [each.conversation["participant_count"] for each in people]
        assert counts == sorted(counts)
        assert counts[-1] == PEOPLE + 2
        last = await cleo.hears("user_joined", lambda told: told["participant_count"] == PEOPLE + 2)
        assert last["others"] > 0
        for each in people:
            conversation = each.conversation
            assert conversation["online_count"] <= conversation["participant_count"]
        _, now = await cleo.call("GET", f"/api/conversations/{room_id}")
        assert now["conversation"]["online_count"] == PEOPLE + 2


async def test_a_reader_is_not_sent_a_title_from_before_it_changed(
    person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "CROWD", 0)
    monkeypatch.setattr(shared_states, "FRESH_S", 3600.0)
    ada, cleo, ben = person("Ada"), person("Cleo"), person("Ben")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await cleo.connect()
    await ben.connect()
    await cleo.ask("watch_room", {"room_id": room_id})
    await ada.ask("change_conversation", {"room_id": room_id, "title": "Another"})
    await cleo.hears("conversation_changed")
    await ben.ask("watch_room", {"room_id": room_id})
    state = await ben.hears("conversation_state")
    assert state["conversation"]["title"] == "Another"


async def test_a_room_that_people_trickle_into_is_read_seldom(
    person: People, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "CROWD", 0)
    ada = person("Ada")
    room_id = await ada.starts()
    others = [person(f"Ben {number}") for number in range(10)]
    for each in (ada, *others):
        await each.connect()
    loop = asyncio.get_running_loop()
    began = loop.time()
    for each in (ada, *others):
        await each.join(room_id)
        state = await each.hears("conversation_state")
        assert each.name in [known["username"] for known in state["conversation"]["participants"]]
    [room] = server.app.realtime.audience.rooms.values()
    assert room.crowd is not None
    assert room.crowd.readings.begun <= 1 + (loop.time() - began) / shared_states.REST_S


async def test_a_reading_is_kept_only_while_somebody_may_be_sent_it(
    person: People, server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "CROWD", 0)
    monkeypatch.setattr(shared_states, "FRESH_S", 0.05)
    ada = person("Ada")
    await ada.join(await ada.starts())
    [room] = server.app.realtime.audience.rooms.values()
    assert room.crowd is not None
    loop = asyncio.get_running_loop()
    is_stale = loop.create_future()
    loop.call_later(shared_states.FRESH_S, is_stale.set_result, None)
    await is_stale
    assert room.crowd.readings._latest is None
