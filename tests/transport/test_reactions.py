"""Reactions over Socket.IO and REST: the same, told to everybody once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from parley import contract
from parley.app import Parley
from tests import lasting
from tests.calls import Caller
from tests.people import Json, Person

pytestmark = lasting.in_one_loop
config, app, server, person = lasting.config, lasting.served_app, lasting.server, lasting.person

People = Callable[..., Person]


async def test_a_reaction_reaches_everybody_once_whichever_way_it_came(
    person: People, transports: tuple[str, ...]
) -> None:
    ada, ben = person("Ada", transports), person("Ben", transports)
    room_id = await ada.starts("Tea")
    await ada.connect(auth={"token": ada.token})
    await ada.join(room_id)
    await ben.join(room_id)
    said = await ada.say(room_id, "Tea?")
    asked: Json = {"room_id": room_id, "id": said["id"], "emoji": "❤", "on": True}
    ack = await ben.ask("react", asked)
    assert ack == {"ok": True, "seq": 2}
    for each in (ada, ben):
        message = await each.hears("message_changed")
        assert (message["seq"], message["changed_seq"]) == (1, 2)
        [reaction] = message["reactions"]
        assert (reaction["emoji"], reaction["count"]) == ("❤️", 1)

    # Once more changes nothing, by either way; and it is taken back by the other.
    assert await ben.ask("react", asked) == ack
    path = f"/api/conversations/{room_id}/messages/{said['id']}/reactions/%E2%9D%A4%EF%B8%8F"
    status, reply = await ada.call("PUT", path)
    assert status == 200
    assert [each["count"] for each in reply["message"]["reactions"]] == [2]
    assert (await ada.call("PUT", path))[1] == reply
    assert (await ben.ask("react", {**asked, "on": False}))["seq"] == 4
    status, reply = await ada.call("DELETE", path)
    assert (status, reply["message"]["changed_seq"]) == (200, 5)
    assert "reactions" not in reply["message"]
    last = await ben.hears("message_changed", lambda message: message["changed_seq"] == 5)
    assert "reactions" not in last
    assert [each["changed_seq"] for each in ben.all_heard("message_changed")] == [2, 3, 4, 5]

    found = await ben.ask("sync", {"room_id": room_id, "since": 1})
    assert [each["changed_seq"] for each in found["messages"]] == [5]


async def test_what_one_socket_says_and_reacts_happens_in_its_order(
    person: People, transports: tuple[str, ...]
) -> None:
    ada = person("Ada", transports)
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    said = await ada.say(room_id, "Tea?")
    reaction: Json = {"room_id": room_id, "id": said["id"], "emoji": "👍"}
    acks = await asyncio.gather(
        ada.ask("react", {**reaction, "on": True}),
        ada.say(room_id, "At four"),
        ada.ask("react", {**reaction, "on": False}),
        ada.ask("react", {**reaction, "on": False}),
        ada.say(room_id, "At five"),
    )
    assert [ack["seq"] for ack in acks] == [2, 3, 4, 4, 5]


async def test_what_is_no_emoji_is_refused_with_a_sentence(app: Parley) -> None:
    ada = Caller(app, "Ada")
    room = f"/api/conversations/{await ada.starts()}"
    await ada.call("POST", f"{room}/join", {"username": "Ada"})
    said = (await ada.call("POST", f"{room}/messages", {"message": "Tea?"})).body
    for wrong in ("like", "1", "%F0%9F%91%8D%F0%9F%91%8D", "%20", "a%00", "%F0%9F%91%8D" * 40):
        reply = await ada.call("PUT", f"{room}/messages/{said['id']}/reactions/{wrong}")
        assert (reply.status, reply.body["code"]) == (400, "bad_request"), wrong
        assert "single emoji" in reply.body["error"]
    reply = await ada.call("PUT", f"{room}/messages/1-nothing/reactions/%F0%9F%91%8D")
    assert (reply.status, reply.body["code"]) == (404, "not_found")


async def test_whoever_is_not_named_is_told_alone_that_they_reacted(app: Parley) -> None:
    ada = Caller(app, "Ada")
    room_id = await ada.starts()
    room = f"/api/conversations/{room_id}"
    await ada.joins(room_id)
    said = (await ada.call("POST", f"{room}/messages", {"message": "Who comes?"})).body
    path = f"{room}/messages/{said['id']}/reactions/%F0%9F%91%8D"
    guests = [Caller(app, f"Guest {number}") for number in range(contract.REACTORS_NAMED + 1)]
    for guest in guests:
        await guest.joins(room_id)
        assert (await guest.call("PUT", path)).status == 200
    for each, own in (
        (guests[-1], True),
        (guests[0], None),
        (ada, None),
        (Caller(app, "Sam"), None),
    ):
        reply = await each.call("GET", f"{room}/messages")
        [reaction] = reply.body["messages"][0]["reactions"]
        assert (reaction["count"], reaction.get("own")) == (len(guests), own)
    # Nothing of it in what everybody is sent.
    everybody = await guests[-1].call("GET", room)
    [reaction] = everybody.body["conversation"]["messages"][0]["reactions"]
    assert "own" not in reaction
