"""Leaving by one's own wish, over REST or by a form: the others see it, and one may come back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import Caller
from tests.people import Person

pytestmark = lasting.in_one_loop
config, app, server, person = lasting.config, lasting.served_app, lasting.server, lasting.person

People = Callable[..., Person]


async def ids(somebody: Person, room_id: str) -> list[str]:
    _, reply = await somebody.call("GET", f"/api/conversations/{room_id}")
    conversation = reply["conversation"]
    found = [each["user_id"] for each in conversation["participants"]]
    assert conversation["participant_count"] == len(found)
    return found


async def test_who_came_over_rest_leaves_over_rest(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts(user_id="ada-1")
    await ada.join(room_id, token=ada.token)
    await ben.joins_over_rest(room_id, user_id="ben-1")
    assert await ids(ada, room_id) == ["ada-1", "ben-1"]
    status, _ = await ben.call("POST", f"/api/conversations/{room_id}/leave")
    assert status == 200
    told = await ada.hears("user_left")
    assert (told["user_id"], told["participant_count"]) == ("ben-1", 1)
    assert await ids(ada, room_id) == ["ada-1"]
    # A second time changes nothing.
    assert (await ben.call("POST", f"/api/conversations/{room_id}/leave"))[0] == 200
    assert await ids(ada, room_id) == ["ada-1"]
    assert len(ada.all_heard("user_left")) == 1


async def test_whoever_leaves_over_rest_leaves_on_every_socket(person: People) -> None:
    ada, ben, phone = person("Ada"), person("Ben"), person("Ben")
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    await ben.join(room_id, user_id="ben-1")
    await phone.join(room_id, token=ben.token)
    status, _ = await ben.call("POST", f"/api/conversations/{room_id}/leave")
    assert status == 200
    for each in (ben, phone):
        told = await each.hears("removed")
        assert (told["room_id"], told["reason"]) == (room_id, "left")
        assert (await each.say(room_id, "Still here?"))["code"] == "not_joined"
    assert (await ada.hears("user_left"))["user_id"] == "ben-1"
    back = await phone.join(room_id, token=ben.token)
    assert back["user_id"] == "ben-1"
    assert (await phone.say(room_id, "Back again"))["ok"]
    assert len(await ids(ada, room_id)) == 2


@pytest.mark.parametrize("client_id", [None, "c-1"])
async def test_whoever_speaks_is_back(person: People, client_id: str | None) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts(user_id="ada-1")
    await ada.join(room_id, token=ada.token)
    await ben.joins_over_rest(room_id, user_id="ben-1")
    await ben.call("POST", f"/api/conversations/{room_id}/leave")
    await ada.hears("user_left")
    path = f"/api/conversations/{room_id}/messages"
    body = {"message": "One more thing", **({"client_id": client_id} if client_id else {})}
    status, sent = await ben.call("POST", path, body)
    assert (status, sent["seq"]) == (201, 1)
    assert (await ada.hears("user_joined"))["user_id"] == "ben-1"
    assert (await ada.hears("new_message"))["message"] == "One more thing"
    assert await ids(ada, room_id) == ["ada-1", "ben-1"]
    if client_id:  # what is only repeated brings nobody back
        await ben.call("POST", f"/api/conversations/{room_id}/leave")
        _, again = await ben.call("POST", path, body)
        assert again["duplicate"]
        assert await ids(ada, room_id) == ["ada-1"]


async def test_one_leaves_by_a_form(app: Parley, ada: Caller) -> None:
    visitor = Caller(app, "Cleo", cookies=True)
    room_id = await ada.starts()
    path = f"/conversation/{room_id}"
    await visitor.post_form(f"{path}/join", {"username": "Cleo"})
    left = await visitor.post_form(f"{path}/leave", {})
    assert (left.status, left.headers["Location"]) == (303, f"{path}/left")
    page = await visitor.call("GET", f"{path}/left")
    assert (page.status, "You left" in page.text) == (200, True)
    reply = await ada.call("GET", f"/api/conversations/{room_id}")
    assert reply.body["conversation"]["participant_count"] == 0
    sent = await visitor.post_form(f"{path}/messages", {"message": "One more thing"})
    assert sent.status == 303
    reply = await ada.call("GET", f"/api/conversations/{room_id}")
    assert reply.body["conversation"]["participant_count"] == 1


async def test_nobody_leaves_where_they_never_were(app: Parley, ada: Caller) -> None:
    room_id = await ada.starts()
    mallory = Caller(app, "Mallory", cookies=True)
    reply = await mallory.post_form(f"/conversation/{room_id}/leave", {})
    assert (reply.status, "Join the conversation first" in reply.text) == (403, True)
