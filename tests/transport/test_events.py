"""Each Socket.IO event of the contract: what its sender and the others see."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests import lasting
from tests.people import Json, Person

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]


async def starts_and_joins(ada: Person, **more: str) -> str:
    """Ada starts a conversation, and joins it on a socket as its owner."""
    room_id = await ada.starts(**more)
    await ada.join(room_id, token=ada.token)
    return room_id


async def test_joining_is_acknowledged_and_followed_by_the_state(
    person: People, transports: tuple[str, ...]
) -> None:
    ada = person("Ada", transports)
    room_id = await ada.starts("Tea")
    ack = await ada.join(room_id, user_id="ada-1", token=ada.token)
    assert ack["user_id"] == "ada-1"
    assert ack["username"] == "Ada"
    assert ack["role"] == "owner"
    assert ack["seq"] == 0
    state = await ada.hears("conversation_state")
    assert set(state) == {"conversation", "room_id"}
    assert state["room_id"] == room_id
    conversation = state["conversation"]
    assert conversation["title"] == "Tea"
    assert conversation["online_count"] == conversation["participant_count"] == 1
    [participant] = conversation["participants"]
    assert (participant["user_id"], participant["online"]) == ("ada-1", True)


async def test_a_member_is_told_so_and_given_a_token(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    ack = await ben.join(await ada.starts())
    assert ack["role"] == "member"
    assert ack["token"]


async def test_joining_without_names_gives_them(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ben.connect()
    ack = await ben.ask("join_room", {"room_id": room_id})
    assert ack["user_id"]
    assert ack["username"] == "User_" + ack["user_id"][:6]


async def test_the_state_is_what_rest_shows(person: People) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    await ada.say(room_id, "Hello", client_id="c-1")
    await ada.reconnect()
    ada.heard.clear()
    await ada.join(room_id, token=ada.token)
    state = await ada.hears("conversation_state")
    _, shown = await ada.call("GET", f"/api/conversations/{room_id}")
    assert state["conversation"] == shown["conversation"]


async def test_the_others_are_told_of_an_arrival_and_the_arriver_is_not(
    person: People, transports: tuple[str, ...]
) -> None:
    ada, ben = person("Ada", transports), person("Ben", transports)
    room_id = await starts_and_joins(ada)
    ack = await ben.join(room_id)
    arrival = await ada.hears("user_joined")
    assert arrival == {
        "user_id": ack["user_id"],
        "username": "Ben",
        "participant_count": 2,
        "unproven": True,
    }
    await ben.say(room_id, "Hello")
    await ben.hears("new_message")
    assert ben.all_heard("user_joined") == []


async def test_a_message_reaches_everyone_and_its_sender(
    person: People, transports: tuple[str, ...]
) -> None:
    ada, ben = person("Ada", transports), person("Ben", transports)
    room_id = await starts_and_joins(ada)
    joined = await ben.join(room_id)
    ack = await ben.say(room_id, "Hello", client_id="c-1")
    expected = {
        "id": ack["id"],
        "seq": 1,
        "changed_seq": 1,
        "user_id": joined["user_id"],
        "username": "Ben",
        "message": "Hello",
        "type": "text",
        "timestamp": ack["timestamp"],
        "client_id": "c-1",
    }
    assert ack == {
        "ok": True,
        "id": ack["id"],
        "seq": 1,
        "timestamp": ack["timestamp"],
        "duplicate": False,
    }
    for each in (ada, ben):
        heard = await each.hears("new_message")
        assert {name: heard[name] for name in expected} == expected


async def test_a_message_may_say_of_what_type_it_is(person: People) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    await ada.say(room_id, "Waves", type="action")
    assert (await ada.hears("new_message"))["type"] == "action"


async def test_a_repeated_client_id_is_told_once_and_acknowledged_twice(person: People) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    first = await ada.say(room_id, "Hello", client_id="c-1")
    again = await ada.say(room_id, "Hello", client_id="c-1")
    assert again == {**first, "duplicate": True}
    await ada.say(room_id, "Next")
    await ada.hears("new_message", lambda m: m["message"] == "Next")
    assert [m["message"] for m in ada.all_heard("new_message")] == ["Hello", "Next"]


async def test_a_message_over_rest_reaches_the_sockets(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await ben.joins_over_rest(room_id)
    status, sent = await ben.call(
        "POST", f"/api/conversations/{room_id}/messages", {"message": "From afar"}
    )
    assert status == 201
    heard = await ada.hears("new_message")
    assert (heard["id"], heard["username"]) == (sent["id"], "Ben")


@pytest.mark.parametrize("word", ["system", "System", "notice"])
async def test_a_type_is_passed_on_with_the_name_of_who_said_it(person: People, word: str) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    ben.token = (await ben.join(room_id))["token"]
    assert (await ben.say(room_id, "Maintenance at four", type=word))["ok"] is True
    heard = await ada.hears("new_message")
    assert (heard["type"], heard["username"]) == (word, "Ben")
    path = f"/api/conversations/{room_id}/messages"
    status, _ = await ben.call("POST", path, {"message": "At five", "type": word})
    assert status == 201
    heard = await ada.hears("new_message")
    assert (heard["type"], heard["username"]) == (word, "Ben")


@pytest.mark.parametrize("said", [{}, {"is_typing": None}, {"is_typing": False}], ids=str)
async def test_typing_that_does_not_say_so_has_stopped(person: People, said: Json) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    await ben.ask("typing", {"room_id": room_id, "is_typing": True})
    assert await ben.ask("typing", {"room_id": room_id, **said}) == {"ok": True}
    await ada.hears("user_typing", lambda typing: not typing["is_typing"])


async def test_typing_is_told_to_the_others_only(
    person: People, transports: tuple[str, ...]
) -> None:
    ada, ben = person("Ada", transports), person("Ben", transports)
    room_id = await starts_and_joins(ada)
    joined = await ben.join(room_id)
    for is_typing in (True, False):
        ack = await ben.ask("typing", {"room_id": room_id, "is_typing": is_typing})
        assert ack == {"ok": True}
    await ada.hears("user_typing", lambda typing: not typing["is_typing"])
    assert ada.all_heard("user_typing") == [
        {"user_id": joined["user_id"], "username": "Ben", "is_typing": is_typing}
        for is_typing in (True, False)
    ]
    await ada.say(room_id, "Yes?")
    await ben.hears("new_message")
    assert ben.all_heard("user_typing") == []


async def test_leaving_is_told_to_the_others_and_ends_what_reaches_the_leaver(
    person: People, transports: tuple[str, ...]
) -> None:
    ada, ben = person("Ada", transports), person("Ben", transports)
    room_id = await starts_and_joins(ada)
    joined = await ben.join(room_id)
    assert await ben.ask("leave_room", {"room_id": room_id}) == {"ok": True}
    assert await ada.hears("user_left") == {
        "user_id": joined["user_id"],
        "username": "Ben",
        "participant_count": 1,
    }
    await ada.say(room_id, "He is gone")
    assert (await ben.say(room_id, "Am I?"))["code"] == "not_joined"
    assert ben.all_heard("new_message") == []


async def test_who_left_comes_back_as_the_same_person(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    first = await ben.join(room_id)
    await ben.ask("leave_room", {"room_id": room_id})
    again = await ben.join(room_id)
    assert again["user_id"] == first["user_id"]
    await ada.say(room_id, "Welcome back")
    await ada.hears("new_message")
    assert [p["participant_count"] for p in ada.all_heard("user_joined")] == [2, 2]


async def test_joining_again_is_harmless(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    first = await ben.join(room_id)
    again = await ben.join(room_id)
    assert again["user_id"] == first["user_id"]
    await ben.say(room_id, "Hello")
    for each in (ada, ben):
        await each.hears("new_message")
        assert len(each.all_heard("new_message")) == 1
    assert len(ada.all_heard("user_joined")) == 1


async def test_joining_again_with_another_name_renames_for_everyone(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    await ben.join(room_id, username="Benedict")
    renamed = await ada.hears("user_joined", lambda p: p["username"] == "Benedict")
    assert renamed["participant_count"] == 2
    await ben.say(room_id, "My new name")
    assert (await ada.hears("new_message"))["username"] == "Benedict"


async def test_the_end_is_told_to_everyone(person: People, transports: tuple[str, ...]) -> None:
    ada, ben = person("Ada", transports), person("Ben", transports)
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    status, _ = await ada.call("POST", f"/api/conversations/{room_id}/end")
    assert status == 200
    for each in (ada, ben):
        ended = await each.hears("conversation_ended")
        assert set(ended) == {"room_id", "message", "seq"}
        assert (ended["room_id"], ended["seq"]) == (room_id, 1)
        assert isinstance(ended["message"], str)


async def test_nobody_speaks_or_joins_after_the_end(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await ada.call("POST", f"/api/conversations/{room_id}/end")
    await ben.connect()
    refused: list[Json] = [
        await ada.say(room_id, "One more thing"),
        await ben.ask("join_room", {"room_id": room_id}),
        await ben.say(room_id, "And I"),
    ]
    assert [ack.get("code") for ack in refused] == ["conversation_ended"] * 3


async def test_a_socket_may_be_in_several_conversations(person: People) -> None:
    ada = person("Ada")
    rooms = [await starts_and_joins(ada), await starts_and_joins(ada)]
    for room_id in rooms:
        await ada.say(room_id, f"In {room_id}")
    await ada.hears("new_message", lambda message: message["message"] == f"In {rooms[1]}")
    heard = [message["message"] for message in ada.all_heard("new_message")]
    assert heard == [f"In {room_id}" for room_id in rooms]
