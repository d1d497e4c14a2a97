"""What the server does not take over Socket.IO: it always answers, and nothing else happens."""

from __future__ import annotations

from collections.abc import Callable

from parley import contract
from tests import lasting
from tests.cases import together
from tests.people import Json, Person
from tests.raw import event as packet
from tests.raw import raw_socket
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]


async def starts_and_joins(ada: Person) -> str:
    room_id = await ada.starts()
    await ada.join(room_id, token=ada.token)
    return room_id


IN_ROOMS = sorted(set(contract.CLIENT_EVENTS) - {"follow_mine"})
"""Events about one conversation."""


def assert_refused(ack: Json, code: str) -> None:
    assert set(ack) <= {"ok", "code", "error", "retry_after"}
    assert ack["ok"] is False
    assert ack["code"] == code
    assert isinstance(ack["error"], str)
    assert ack["error"]


NO_FIELDS: list[object] = [
    None,
    "text",
    17,
    [],
    {},
    {"room_id": None},
    {"room_id": 17},
    {"room_id": ["a"]},
]


@together("event", IN_ROOMS)
async def test_an_event_without_its_fields_is_a_bad_request(person: People, event: str) -> None:
    mallory = await person("Mallory").connect()
    for data in NO_FIELDS:
        assert_refused(await mallory.ask(event, data), "bad_request")


WRONG_FIELDS: list[tuple[str, Json, str]] = [
    ("join_room", {"username": 17}, "bad_request"),
    ("join_room", {"username": "x" * 65}, "too_large"),
    ("join_room", {"user_id": "x" * 65}, "too_large"),
    ("join_room", {"user_id": "a\u0007b"}, "bad_request"),
    ("join_room", {"username": "a\0b"}, "bad_request"),
    ("join_room", {"token": "nobody's"}, "forbidden"),
    ("join_room", {"token": "x" * 129}, "too_large"),
    ("send_message", {}, "bad_request"),
    ("send_message", {"message": None}, "bad_request"),
    ("send_message", {"message": ""}, "bad_request"),
    ("send_message", {"message": " \n"}, "bad_request"),
    ("send_message", {"message": 17}, "bad_request"),
    ("send_message", {"message": {"a": 1}}, "bad_request"),
    ("send_message", {"message": "a\0b"}, "bad_request"),
    ("send_message", {"message": "x" * 8_001}, "too_large"),
    ("send_message", {"message": "x", "type": "two words"}, "bad_request"),
    ("send_message", {"message": "x", "client_id": "c" * 65}, "too_large"),
    ("send_message", {"message": "x", "client_id": 1}, "bad_request"),
    ("send_message", {"message": "x", "user_id": "another"}, "identity_mismatch"),
    ("send_message", {"message": "x", "username": "Another"}, "identity_mismatch"),
    ("mark_read", {"seq": -1}, "bad_request"),
    ("mark_read", {"seq": "1"}, "bad_request"),
    ("mark_read", {"hidden": "yes"}, "bad_request"),
    ("use_command", {"bot": "x", "name": "Two words"}, "bad_request"),
    ("use_command", {"bot": "x", "name": "x", "text": "x" * 2_001}, "too_large"),
    ("use_command", {"bot": "x", "name": "x"}, "not_found"),
    ("press_button", {"id": "1-x", "button": ""}, "bad_request"),
    ("press_button", {"id": "1-x", "button": "x" * 65}, "too_large"),
    ("press_button", {"id": "1-x", "button": "x"}, "not_found"),
    ("answer_ask", {"id": "x"}, "forbidden"),
    ("answer_ask", {"id": "x", "text": "x" * 1_001}, "too_large"),
    ("typing", {"is_typing": "yes"}, "bad_request"),
    ("typing", {"is_typing": 1}, "bad_request"),
    ("typing", {"is_typing": True, "user_id": "another"}, "identity_mismatch"),
    ("typing", {"is_typing": True, "username": "Another"}, "identity_mismatch"),
]


@together(("event", "fields", "code"), WRONG_FIELDS)
async def test_a_wrong_field_is_refused_and_nothing_is_said(
    person: People, event: str, fields: Json, code: str
) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    assert_refused(await ben.ask(event, {"room_id": room_id, **fields}), code)
    await ben.say(room_id, "Still here")
    assert (await ada.hears("new_message"))["message"] == "Still here"
    assert ada.all_heard("user_typing") == []


async def test_a_wrong_type_is_told_with_the_path_of_its_field(person: People) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    ack = await ada.ask("send_message", {"room_id": room_id, "message": 17})
    assert "$.message" in ack["error"]


async def test_without_an_ack_a_refusal_is_an_error_event(
    person: People, transports: tuple[str, ...]
) -> None:
    mallory = await person("Mallory", transports).connect()
    await mallory.tell("send_message", {"room_id": "abc12345", "message": "Hello"})
    error = await mallory.hears("error")
    assert set(error) == {"message", "code"}
    assert error["code"] == "conversation_not_found"
    assert isinstance(error["message"], str)


async def test_an_error_is_told_to_nobody_else(person: People) -> None:
    ada, mallory = person("Ada"), person("Mallory")
    room_id = await starts_and_joins(ada)
    await mallory.join(room_id)
    await mallory.tell("send_message", {"room_id": room_id, "message": ""})
    await mallory.hears("error")
    await ada.say(room_id, "Hello")
    await ada.hears("new_message")
    assert ada.all_heard("error") == []


async def test_with_an_ack_a_refusal_is_no_error_event(person: People) -> None:
    mallory = await person("Mallory").connect()
    await mallory.ask("join_room", {"room_id": "abc12345"})
    await mallory.ask("join_room", {"room_id": "abc12345"})
    assert mallory.all_heard("error") == []


@together("event", IN_ROOMS)
async def test_a_room_that_is_not_there_is_not_found(person: People, event: str) -> None:
    mallory = await person("Mallory").connect()
    data = {
        "room_id": "abc12345",
        "message": "x",
        "is_typing": True,
        "since": 0,
        "id": "1-x",
        "user_id": "somebody",
        "username": "Mallory",
        "admit": True,
        "emoji": "👍",
        "on": True,
        "audio": True,
        "video": False,
        "to": "peer",
        "data": {},
        "act": "end",
        "bot": "somebody",
        "name": "x",
        "button": "x",
    }
    assert_refused(await mallory.ask(event, data), "conversation_not_found")


@together("event", ["send_message", "typing", "leave_room", "sync"])
async def test_who_has_not_joined_is_told_to_join(person: People, event: str) -> None:
    ada, mallory = person("Ada"), await person("Mallory").connect()
    room_id = await starts_and_joins(ada)
    data = {"room_id": room_id, "message": "x", "is_typing": True, "since": 0}
    assert_refused(await mallory.ask(event, data), "not_joined")


async def test_who_only_watches_does_not_speak(person: People) -> None:
    ada, cleo = person("Ada"), await person("Cleo").connect()
    room_id = await starts_and_joins(ada)
    await cleo.ask("watch_room", {"room_id": room_id})
    assert_refused(await cleo.say(room_id, "May I?"), "not_joined")


@together("event", ["shout", "", "message", "error", "__proto__", "x" * 5_000])
async def test_an_unknown_event_is_answered(person: People, event: str) -> None:
    mallory = await person("Mallory").connect()
    assert_refused(await mallory.ask(event, {"room_id": "abc12345"}), "bad_request")
    await mallory.tell(event)
    assert (await mallory.hears("error"))["code"] == "bad_request"


@together("event", ["connect", "disconnect", "connect_error"])
async def test_a_reserved_name_is_an_unknown_event_like_any_other(
    server: Running, person: People, event: str
) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    async with raw_socket(server.url) as mallory:
        join = {"room_id": room_id, "username": "Mallory"}
        assert (await mallory.ask("join_room", join, id=1))["ok"]
        assert_refused(await mallory.ask(event, {"token": ada.token}, id=2), "bad_request")
        assert_refused(await mallory.ask(event, "transport close", id=3), "bad_request")
        await mallory.send(packet(event))
        said = {"room_id": room_id, "message": "Still Mallory"}
        assert (await mallory.ask("send_message", said, id=4))["ok"]
        assert [error["code"] for error in mallory.events("error")] == ["bad_request"]
    heard = await ada.hears("new_message")
    assert heard["username"] == "Mallory"


async def test_a_message_of_the_limit_in_any_script_fits_into_a_frame(person: People) -> None:
    ada = person("Ada")
    room_id = await starts_and_joins(ada)
    assert (await ada.say(room_id, "茶" * contract.MESSAGE_MAX_CHARS))["ok"]


async def test_whoever_is_in_an_ended_conversation_cannot_type_any_more(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await starts_and_joins(ada)
    await ben.join(room_id)
    assert (await ada.call("POST", f"/api/conversations/{room_id}/end"))[0] == 200
    await ben.hears("conversation_ended")
    assert_refused(
        await ben.ask("typing", {"room_id": room_id, "is_typing": True}), "conversation_ended"
    )
