"""The six calls of the original system, to the letter, and what create takes beyond them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from parley.app import Parley, create_app
from parley.config import Config
from tests import lasting
from tests.calls import Caller

pytestmark = lasting.in_one_loop
config, app, own_app = lasting.config, lasting.app, lasting.own_app

CONVERSATION_FIELDS = {
    "room_id",
    "created_at",
    "created_by",
    "title",
    "description",
    "messages",
    "has_more",
    "participants",
    "participant_count",
    "online_count",
    "is_active",
    "visibility",
    "seq",
    "door",
    "read",
    "read_only",
    "calls",
}
MESSAGE_FIELDS = {
    "id",
    "seq",
    "changed_seq",
    "user_id",
    "username",
    "message",
    "type",
    "timestamp",
}


def assert_is_a_utc_time(text: str) -> None:
    assert datetime.fromisoformat(text).utcoffset() == timedelta(0), text


async def test_create_answers_with_the_conversation_and_its_link(ada: Caller) -> None:
    reply = await ada.call(
        "POST",
        "/api/conversations/create",
        {"title": "Tea", "description": "At four", "user_id": "ada-1"},
    )
    assert reply.status == 201
    body = reply.body
    assert body["success"] is True
    room_id = body["room_id"]
    assert body["join_link"] == f"http://localhost/conversation/{room_id}"
    conversation = body["conversation"]
    assert set(conversation) == CONVERSATION_FIELDS
    created_at = conversation.pop("created_at")
    assert_is_a_utc_time(created_at)
    assert conversation == {
        "room_id": room_id,
        "created_by": "ada-1",
        "title": "Tea",
        "description": "At four",
        "messages": [],
        "has_more": False,
        "participants": [],
        "participant_count": 0,
        "online_count": 0,
        "is_active": True,
        "visibility": "listed",
        "seq": 0,
        "door": "open",
        "read": [],
        "read_only": False,
        "calls": "on",
    }


@pytest.mark.parametrize("raw", [None, b"", b" \n", b"{}"], ids=["none", "empty", "blank", "{}"])
async def test_create_needs_no_body(ada: Caller, raw: bytes | None) -> None:
    reply = await ada.call("POST", "/api/conversations/create", raw=raw)
    assert reply.status == 201
    conversation = reply.body["conversation"]
    assert conversation["title"] == f"Conversation {reply.body['room_id']}"
    assert conversation["description"] == ""
    assert conversation["created_by"]


async def test_create_takes_nulls_and_unknown_fields(ada: Caller) -> None:
    body = {"title": None, "description": None, "user_id": None, "colour": "green"}
    reply = await ada.call("POST", "/api/conversations/create", body)
    assert reply.status == 201
    assert reply.body["conversation"]["title"] == f"Conversation {reply.body['room_id']}"


async def test_create_takes_json_whatever_the_content_type_says(ada: Caller) -> None:
    reply = await ada.call(
        "POST",
        "/api/conversations/create",
        raw=b'{"title": "Plain"}',
        headers={"Content-Type": "text/plain"},
    )
    assert reply.body["conversation"]["title"] == "Plain"


async def test_creators_without_a_user_id_get_different_ones(ada: Caller, ben: Caller) -> None:
    rooms = [await ada.starts(), await ben.starts()]
    creators = {(await ada.reads(room_id))["created_by"] for room_id in rooms}
    assert len(creators) == 2


async def test_titles_keep_every_script_and_emoji(ada: Caller) -> None:
    room_id = await ada.starts("Чай 喝茶 🫖", description="À quatre heures")
    conversation = await ada.reads(room_id)
    assert conversation["title"] == "Чай 喝茶 🫖"
    assert conversation["description"] == "À quatre heures"


async def test_a_listed_room_id_is_eight_small_letters_and_digits(ada: Caller) -> None:
    assert re.fullmatch("[a-z0-9]{8}", await ada.starts())
    assert re.fullmatch("[a-z0-9]{8}", await ada.starts(visibility="listed"))


async def test_an_unlisted_room_id_is_128_bits_of_base64url(ada: Caller) -> None:
    assert re.fullmatch("[A-Za-z0-9_-]{22}", await ada.starts(visibility="unlisted"))


async def test_join_answers_with_the_conversation_and_the_new_participant(
    ada: Caller, ben: Caller
) -> None:
    room_id = await ada.starts("Tea")
    reply = await ben.call(
        "POST", f"/api/conversations/{room_id}/join", {"user_id": "ben-1", "username": "Ben"}
    )
    assert reply.status == 200
    body = reply.body
    assert body["success"] is True
    assert body["room_id"] == room_id
    assert body["join_link"] == f"http://localhost/conversation/{room_id}"
    assert set(body["conversation"]) == CONVERSATION_FIELDS
    assert body["conversation"]["participant_count"] == 1
    [participant] = body["conversation"]["participants"]
    assert_is_a_utc_time(participant.pop("joined_at"))
    assert participant == {
        "user_id": "ben-1",
        "username": "Ben",
        "role": "member",
        "online": False,
        "unproven": True,
    }


async def test_join_without_a_body_gives_a_name_from_a_fresh_user_id(
    ada: Caller, ben: Caller
) -> None:
    room_id = await ada.starts()
    reply = await ben.call("POST", f"/api/conversations/{room_id}/join")
    assert reply.status == 200
    [participant] = reply.body["conversation"]["participants"]
    assert participant["user_id"]
    assert participant["username"] == "User_" + participant["user_id"][:6]


async def test_join_without_a_username_names_by_the_user_id(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    reply = await ben.call(
        "POST", f"/api/conversations/{room_id}/join", {"user_id": "abcdefghij", "username": ""}
    )
    [participant] = reply.body["conversation"]["participants"]
    assert participant["username"] == "User_abcdef"


async def test_a_person_who_joins_again_is_one_participant(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    first = await ben.joins(room_id, user_id="ben-1")
    again = await ben.joins(room_id, user_id="ben-1")
    [person] = first["conversation"]["participants"]
    assert person.pop("unproven")  # until he comes with his token
    assert again["conversation"]["participants"] == [person]
    assert again["conversation"]["participant_count"] == 1


async def test_joining_again_with_another_name_renames(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    await ben.joins(room_id)
    again = await ben.joins(room_id, username="Benedict")
    assert [p["username"] for p in again["conversation"]["participants"]] == ["Benedict"]


async def test_reading_needs_no_more_than_the_room_id(
    ada: Caller, ben: Caller, cleo: Caller
) -> None:
    room_id = await ada.starts("Tea")
    joined = await ben.joins(room_id)
    sent = await ben.says(room_id, "Hello")
    reply = await cleo.call("GET", f"/api/conversations/{room_id}")
    assert reply.status == 200
    assert set(reply.body) == {"success", "conversation"}
    assert reply.body["success"] is True
    [message] = reply.body["conversation"]["messages"]
    assert set(message) == MESSAGE_FIELDS
    assert_is_a_utc_time(message["timestamp"])
    assert message == {
        "id": sent["id"],
        "seq": 1,
        "changed_seq": 1,
        "user_id": joined["user_id"],
        "username": "Ben",
        "message": "Hello",
        "type": "text",
        "timestamp": sent["timestamp"],
    }


async def test_an_unlisted_conversation_is_read_by_its_link(ada: Caller, cleo: Caller) -> None:
    room_id = await ada.starts("Secret tea", visibility="unlisted")
    conversation = await cleo.reads(room_id)
    assert conversation["title"] == "Secret tea"
    assert conversation["visibility"] == "unlisted"


async def test_end_closes_the_conversation_which_can_still_be_read(
    ada: Caller, cleo: Caller
) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    await ada.says(room_id, "Goodbye")
    reply = await ada.call("POST", f"/api/conversations/{room_id}/end")
    assert reply.status == 200
    assert set(reply.body) == {"success", "message"}
    assert reply.body["success"] is True
    assert reply.body["message"]
    conversation = await cleo.reads(room_id)
    assert set(conversation) == CONVERSATION_FIELDS | {"ended_at"}
    assert conversation["is_active"] is False
    assert_is_a_utc_time(conversation["ended_at"])
    assert conversation["seq"] == 2
    assert [m["message"] for m in conversation["messages"]] == ["Goodbye"]


async def test_health_counts_conversations(own_app: Parley) -> None:
    ada = Caller(own_app, "Ada")
    await ada.starts()
    await ada.starts(visibility="unlisted")
    await ada.ends(await ada.starts())
    reply = await ada.call("GET", "/api/health")
    assert reply.status == 200
    assert reply.body == {
        "success": True,
        "status": "healthy",
        "active_conversations": 2,
        "total_conversations": 3,
        "active_connections": 0,
    }


async def test_ready_says_that_the_server_takes_work(ada: Caller) -> None:
    reply = await ada.call("GET", "/api/ready")
    assert reply.status == 200
    assert reply.body == {"success": True, "status": "ready"}


async def test_links_name_the_server_as_the_request_did(own_config: Config) -> None:
    app = create_app(replace(own_config, hosts=("parley.example",)))
    async with app.test_app():
        reply = await Caller(app, "Ada").call(
            "POST", "/api/conversations/create", headers={"Host": "parley.example:9000"}
        )
    assert reply.body["join_link"].startswith("http://parley.example:9000/conversation/")


async def test_links_begin_with_the_public_url_where_one_is_set(own_config: Config) -> None:
    app = create_app(replace(own_config, public_url="https://talk.example"))
    async with app.test_app():
        reply = await Caller(app, "Ada").call(
            "POST", "/api/conversations/create", headers={"Host": "talk.example"}
        )
    assert reply.body["join_link"].startswith("https://talk.example/conversation/")
