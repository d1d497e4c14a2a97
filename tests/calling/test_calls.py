"""A call from its beginning to what it leaves in the history, on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from tests.people import Json, Person
from tests.servers import Running


@dataclass
class Talk:
    room_id: str
    ada: Person
    ben: Person


@pytest.fixture
async def talk(server: Running) -> AsyncIterator[Talk]:
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id = await ada.starts()
    await ada.join(room_id)
    await ben.join(room_id)
    yield Talk(room_id, ada, ben)
    await ada.goes_home()
    await ben.goes_home()


async def call(person: Person, room_id: str, **more: object) -> Json:
    asked = {"room_id": room_id, "audio": True, "video": False, **more}
    return await person.ask("call_join", asked)


def names(state: Json) -> list[str]:
    return [] if state["call"] is None else [each["username"] for each in state["call"]["people"]]


async def test_two_come_together_and_tell_each_other_how_to_connect(talk: Talk) -> None:
    first = await call(talk.ada, talk.room_id)
    assert first["ok"], first
    assert [each["peer"] for each in first["people"]] == [first["peer"]]
    second = await call(talk.ben, talk.room_id, video=True)
    assert second["call_id"] == first["call_id"]
    assert second["started_at"] == first["started_at"]
    assert [each["username"] for each in second["people"]] == ["Ada", "Ben"]

    state = await talk.ada.hears("call_state", lambda state: names(state) == ["Ada", "Ben"])
    assert state["room_id"] == talk.room_id
    assert state["call"]["people"][1] == {
        "user_id": state["call"]["people"][1]["user_id"],
        "username": "Ben",
        "peer": second["peer"],
        "audio": True,
        "video": True,
        "screen": False,
        "hand": False,
    }
    offer = {"description": {"type": "offer", "sdp": "v=0\r\nö"}}
    told = {"room_id": talk.room_id, "to": first["peer"], "data": offer}
    assert await talk.ben.ask("call_signal", told) == {"ok": True}
    heard = await talk.ada.hears("call_signal")
    assert heard == {"room_id": talk.room_id, "from": second["peer"], "data": offer}
    assert talk.ben.all_heard("call_signal") == []
