"""The history, and sending, over REST."""

from __future__ import annotations

from typing import Any

import pytest_asyncio

from tests import lasting
from tests.calls import Caller
from tests.cases import together

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


async def history(caller: Caller, room_id: str, **query: Any) -> tuple[list[int], bool]:
    response = await caller.http.get(f"/api/conversations/{room_id}/messages", query_string=query)
    body = await response.get_json()
    assert set(body) == {"success", "messages", "has_more"}, body
    return [message["seq"] for message in body["messages"]], body["has_more"]


@pytest_asyncio.fixture(loop_scope="module")
async def room_of_ten(ada: Caller) -> str:
    room_id = await ada.starts()
    await ada.joins(room_id)
    for number in range(10):
        await ada.says(room_id, f"Message {number}")
    return room_id


@together(
    ("query", "seqs", "has_more"),
    [
        ({}, range(1, 11), False),
        ({"limit": 3}, [8, 9, 10], True),
        ({"limit": 10}, range(1, 11), False),
        ({"before": 8, "limit": 3}, [5, 6, 7], True),
        ({"before": 3}, [1, 2], False),
        ({"before": 1}, [], False),
        ({"before": 0}, [], False),
        ({"before": 999}, range(1, 11), False),
        ({"after": 7}, [8, 9, 10], False),
        ({"after": 4, "limit": 2}, [5, 6], True),
        ({"after": 0, "limit": 200}, range(1, 11), False),
        ({"after": 10}, [], False),
    ],
)
async def test_the_history_is_paged_by_seq(
    cleo: Caller, room_of_ten: str, query: dict[str, int], seqs: range | list[int], has_more: bool
) -> None:
    assert await history(cleo, room_of_ten, **query) == (list(seqs), has_more)


@together(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=-1",
        "limit=ten",
        "limit=1.5",
        "limit=",
        "before=-1",
        "after=x",
        "before=99999999999999999999",
        "before=3&after=1",
        # Numbers as some programs write them, and what int() takes for one.
        *(f"{name}={text}" for name in ("limit", "before") for text in ("1e1", "%2B7", "1_0")),
        "after=1.0",
        "before=%207",
        "before=%EF%BC%97",
    ],
)
async def test_a_wrong_page_of_the_history_is_a_bad_request(
    cleo: Caller, room_of_ten: str, query: str
) -> None:
    reply = await cleo.call("GET", f"/api/conversations/{room_of_ten}/messages?{query}")
    assert reply.status == 400
    assert reply.body["code"] == "bad_request"


async def test_a_conversation_shows_its_newest_hundred_messages(ada: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    for number in range(101):
        await ada.says(room_id, str(number))
    conversation = await ada.reads(room_id)
    assert [m["seq"] for m in conversation["messages"]] == list(range(2, 102))
    assert conversation["has_more"] is True
    assert await history(ada, room_id, before=2) == ([1], False)


async def test_a_message_is_sent_over_rest(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    await ben.joins(room_id)
    reply = await ben.call(
        "POST",
        f"/api/conversations/{room_id}/messages",
        {"message": "Hello", "type": "note", "client_id": "c-1"},
    )
    assert reply.status == 201
    [message] = (await ada.reads(room_id))["messages"]
    assert reply.body == {
        "success": True,
        "id": message["id"],
        "seq": 1,
        "timestamp": message["timestamp"],
        "duplicate": False,
    }
    assert message["type"] == "note"
    assert message["client_id"] == "c-1"


async def test_the_same_client_id_stores_once_and_answers_as_the_first_time(ada: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    first = await ada.says(room_id, "Hello", client_id="c-1")
    again = await ada.says(room_id, "Hello", client_id="c-1")
    assert again == {**first, "duplicate": True}
    assert (await ada.reads(room_id))["seq"] == 1


async def test_two_people_may_use_the_same_client_id(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    for each in (ada, ben):
        await each.joins(room_id)
        assert (await each.says(room_id, "Hello", client_id="c-1"))["duplicate"] is False
    assert (await ada.reads(room_id))["seq"] == 2


async def test_a_message_is_kept_to_the_letter(ada: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    text = "  <b>é</b> e\u0301 \u202e 👩‍👩‍👧\n\ttab \r\n \u2028 end  "
    await ada.says(room_id, text)
    assert [m["message"] for m in (await ada.reads(room_id))["messages"]] == [text]
