"""A conversation with two people, its owner and another."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tests.people import Json, Person
from tests.servers import Running


@dataclass
class Talk:
    room_id: str
    ada: Person
    """Who owns it."""
    ben: Person

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.room_id}"


@contextlib.asynccontextmanager
async def talking_at(server: Running) -> AsyncIterator[Talk]:
    """Both are there until the block ends."""
    ada, ben = Person("Ada", server.url), Person("Ben", server.url)
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ben.join(room_id, user_id="ben-1")
    yield Talk(room_id, ada, ben)
    await ada.goes_home()
    await ben.goes_home()


async def call(person: Person, room_id: str, **more: object) -> Json:
    """Join the call, or say what is sent; the acknowledgement."""
    asked = {"room_id": room_id, "audio": True, "video": False, **more}
    return await person.ask("call_join", asked)


def names(state: Json) -> list[str]:
    return [] if state["call"] is None else [each["username"] for each in state["call"]["people"]]


async def sees(person: Person, *wanted: str) -> Json:
    """The first state told of a call with just these people, in this order."""
    return await person.hears("call_state", lambda state: names(state) == list(wanted))
