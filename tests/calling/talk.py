"""A conversation with two people, its owner and another."""

from __future__ import annotations

from dataclasses import dataclass

from tests.people import Json, Person


@dataclass
class Talk:
    room_id: str
    ada: Person
    """Who owns it."""
    ben: Person

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.room_id}"


async def call(person: Person, room_id: str, **more: object) -> Json:
    """Join the call, or say what is sent; the acknowledgement."""
    asked = {"room_id": room_id, "audio": True, "video": False, **more}
    return await person.ask("call_join", asked)


def names(state: Json) -> list[str]:
    return [] if state["call"] is None else [each["username"] for each in state["call"]["people"]]


async def sees(person: Person, *wanted: str) -> Json:
    """The first state told of a call with just these people, in this order."""
    return await person.hears("call_state", lambda state: names(state) == list(wanted))
