"""One conversation, and somebody of every standing in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.people import Json, Person

People = Callable[..., Person]
STANDINGS = ("stranger", "reader", "member", "owner", "removed")
KNOCKED_NAME = "Kim"


@dataclass
class Place:
    """Who is who, and the ids of what the acts are done to."""

    room_id: str
    people: dict[str, Person]
    ids: Json = field(default_factory=dict)

    @property
    def owner(self) -> Person:
        return self.people["owner"]


async def room_of(ada: Person, **more: Any) -> tuple[str, str]:
    """A conversation Ada owns and is in, on a socket: its id and its path."""
    room_id = await ada.starts(**more)
    await ada.join(room_id, token=ada.token)
    return room_id, f"/api/conversations/{room_id}"


async def done(who: Person, method: str, path: str, body: Json | None = None) -> Json:
    status, reply = await who.call(method, path, body)
    assert status < 300, reply
    return reply


async def refused(who: Person, method: str, path: str, body: Json | None = None) -> str:
    status, reply = await who.call(method, path, body)
    assert status >= 400, reply
    return str(reply["code"])


async def takes_link(who: Person, url: str) -> None:
    """Take the role of a link; the session has another token from then on."""
    who.token = (await done(who, "POST", f"/api/links/{url.rsplit('/', 1)[1]}"))["token"]


async def place(person: People, *, ended: bool = False, connects: bool = False) -> Place:
    """A conversation where who is new knocks, with people of every standing. With `connects`, who
    was removed was on a socket then.
    """
    names = zip(STANDINGS, ("Sam", "Rea", "Mo", "Ada", "Mallory"), strict=True)
    people = {standing: person(name) for standing, name in names}
    owner = people["owner"]
    room_id = await owner.starts()
    path = f"/api/conversations/{room_id}"
    await owner.joins_over_rest(room_id)
    for standing in ("member", "removed"):
        await people[standing].joins_over_rest(room_id, user_id=f"{standing}-1")
    await owner.call("PATCH", path, {"knock": True})
    ids: Json = {"room_id": room_id, "path": path}
    _, link = await owner.call("POST", f"{path}/links", {"role": "reader"})
    ids["link_id"], ids["code"] = link["link"]["id"], link["url"].rsplit("/", 1)[1]
    _, entered = await people["reader"].call("POST", f"/api/links/{ids['code']}")
    people["reader"].token = entered["token"]
    _, ids["other_link"] = await owner.call("POST", f"{path}/links", {"role": "member"})
    _, said = await owner.call("POST", f"{path}/messages", {"message": "Hello"})
    ids["message_id"] = said["id"]
    _, bot = await owner.call("POST", f"{path}/bots", {"name": "Bo"})
    ids["bot_id"] = bot["bot"]["user_id"]
    kim = person(KNOCKED_NAME)
    _, knock = await kim.call("POST", f"{path}/knock", {"username": KNOCKED_NAME})
    ids["knock_id"] = knock["id"]
    if connects:
        await people["removed"].connect(auth={"token": people["removed"].token})
    await owner.call("POST", f"{path}/remove", {"user_id": "removed-1"})
    if ended:
        await owner.call("POST", f"{path}/end")
    return Place(room_id, people, ids)


async def outcome_of_call(who: Person, method: str, path: str, body: Json | None) -> str:
    """`ok`, or the code of the refusal."""
    status, reply = await who.call(method, path, body)
    assert reply["success"] == (status < 400), reply
    return "ok" if reply["success"] else str(reply["code"])
