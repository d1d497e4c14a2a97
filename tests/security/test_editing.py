"""Editing what one said: by whom, while they may, and what is left of what it said before."""

from __future__ import annotations

from tests import lasting
from tests.people import Json, Person
from tests.security.conftest import Open
from tests.security.room import People, done, refused, room_of

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person


async def edits(who: Person, path: str, message: Json, text: str) -> Json:
    return await done(who, "PATCH", f"{path}/messages/{message['id']}", {"message": text})


async def test_an_edit_reaches_everybody_also_who_was_away(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    said = await ben.say(room_id, "See you at for")
    ack = await ben.ask(
        "edit_message", {"room_id": room_id, "id": said["id"], "message": "See you at four"}
    )
    assert ack == {"ok": True, "seq": 2}
    changed = await ada.hears("message_changed")
    assert (changed["message"], changed["seq"], changed["changed_seq"]) == ("See you at four", 1, 2)
    assert changed["edited_at"] >= changed["timestamp"]
    missed = await ada.ask("sync", {"room_id": room_id, "since": 1})
    assert missed["messages"] == [changed]
    assert (await done(ada, "GET", f"{path}/messages"))["messages"] == [changed]
    reply = await edits(ben, path, said, "See you at five")
    assert (reply["message"]["message"], reply["message"]["changed_seq"]) == ("See you at five", 3)


async def test_the_same_text_changes_nothing(person: People) -> None:
    ada = person("Ada")
    room_id, path = await room_of(ada)
    said = await ada.say(room_id, "Tea?")
    same = {"room_id": room_id, "id": said["id"], "message": "Tea?"}
    assert (await ada.ask("edit_message", same))["seq"] == 1
    reply = await edits(ada, path, said, "Tea?")
    assert "edited_at" not in reply["message"]
    assert (await ada.ask("sync", {"room_id": room_id, "since": 1}))["messages"] == []


async def test_nobody_edits_what_others_said_not_even_an_owner(person: People) -> None:
    ada, ben, cleo = person("Ada"), person("Ben"), person("Cleo")
    room_id, path = await room_of(ada)
    await ben.join(room_id)
    await cleo.join(room_id)
    said = await ben.say(room_id, "Mine")
    where = f"{path}/messages/{said['id']}"
    for who in (ada, cleo):
        assert await refused(who, "PATCH", where, {"message": "Not mine"}) == "forbidden"
    assert await refused(ben, "PATCH", f"{path}/messages/1-no", {"message": "x"}) == "not_found"
    assert await refused(ben, "PATCH", where, {"message": " "}) == "bad_request"
    assert await refused(ben, "PATCH", where, {"message": "x" * 8_001}) == "too_large"
    await done(ben, "DELETE", where)
    status, reply = await ben.call("PATCH", where, {"message": "Back again"})
    assert (status, reply["error"]) == (404, "This message was deleted.")


async def test_who_took_somebody_up_does_not_edit_what_they_had_said(person: People) -> None:
    ada, ben, again = person("Ada"), person("Ben"), person("Ben")
    room_id, path = await room_of(ada)
    await ben.connect()
    await ben.ask("join_room", {"room_id": room_id, "user_id": "ben-1", "username": "Ben"})
    said = await ben.say(room_id, "I owe Ada nothing")
    await ben.disconnect()
    await again.connect()
    joined = await again.ask("join_room", {"room_id": room_id, "user_id": "ben-1"})
    assert joined["ok"], joined
    ack = await again.ask(
        "edit_message", {"room_id": room_id, "id": said["id"], "message": "I owe Ada a fortune"}
    )
    assert ack["code"] == "forbidden"
    own = await again.say(room_id, "It is me")
    ack = await again.ask(
        "edit_message", {"room_id": room_id, "id": own["id"], "message": "It is I"}
    )
    assert ack["ok"], ack
    assert (await done(ada, "GET", f"{path}/messages"))["messages"][0]["message"] == (
        "I owe Ada nothing"
    )


async def test_who_may_not_post_may_not_edit(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id, path = await room_of(ada)
    await ben.join(room_id, user_id="ben-1")
    said = await ben.say(room_id, "Hello")
    where = f"{path}/messages/{said['id']}"
    own = await ada.say(room_id, "Silence, please")
    await done(ada, "PATCH", path, {"read_only": True})
    assert await refused(ben, "PATCH", where, {"message": "Hello?"}) == "read_only"
    await edits(ada, path, own, "Silence")
    await done(ada, "PATCH", path, {"read_only": False})
    await done(ada, "POST", f"{path}/remove", {"user_id": "ben-1"})
    assert await refused(ben, "PATCH", where, {"message": "?"}) == "conversation_not_found"
    await done(ada, "POST", f"{path}/let_back", {"user_id": "ben-1"})
    await done(ada, "POST", f"{path}/end")
    code = await refused(ada, "PATCH", f"{path}/messages/{own['id']}", {"message": "Noise"})
    assert code == "conversation_ended"


async def test_edits_are_limited_as_messages_are_and_what_changes_nothing_charges_no_room(
    opened: Open,
) -> None:
    async with opened(limit_messages="3/1m room") as house:
        ada = house.guest("Ada")
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        path = f"/api/conversations/{room_id}"
        said = await ada.say(room_id, "One")
        same = {"room_id": room_id, "id": said["id"], "message": "One"}
        for _ in range(4):
            assert (await ada.ask("edit_message", same))["ok"]
            await edits(ada, path, said, "One")
            assert not (await ada.ask("edit_message", {**same, "id": "1-no"}))["ok"]
        await edits(ada, path, said, "Two")
        assert (await ada.ask("edit_message", {**same, "message": "Three"}))["ok"]
        ack = await ada.ask("edit_message", {**same, "message": "Four"})
        assert ack["code"] == "rate_limited"
