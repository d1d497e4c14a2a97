"""The list of conversations, the history, and sending, over REST."""

from __future__ import annotations

from typing import Any

import pytest

from tests.calls import Caller, Json
from tests.cases import together


async def titles(caller: Caller, **query: Any) -> list[str]:
    return [row["title"] for row in (await listing(caller, **query))["conversations"]]


async def listing(caller: Caller, **query: Any) -> Json:
    response = await caller.http.get("/api/conversations", query_string=query)
    body: Json = await response.get_json()
    assert body["success"] is True, body
    return body


async def test_a_row_of_the_list_has_these_fields(ada: Caller) -> None:
    room_id = await ada.starts("Tea", description="At four")
    await ada.joins(room_id)
    await ada.says(room_id, "Hello")
    body = await listing(ada)
    assert set(body) == {"success", "conversations"}
    created_at = (await ada.reads(room_id))["created_at"]
    assert body["conversations"] == [
        {
            "room_id": room_id,
            "title": "Tea",
            "description": "At four",
            "created_at": created_at,
            "participant_count": 1,
            "message_count": 1,
            "join_link": f"http://localhost/conversation/{room_id}",
        }
    ]


async def test_the_list_is_empty_at_first(ada: Caller) -> None:
    assert await listing(ada) == {"success": True, "conversations": []}


async def test_unlisted_conversations_are_not_in_the_list(ada: Caller) -> None:
    await ada.starts("Open")
    await ada.starts("Hidden", visibility="unlisted")
    assert await titles(ada) == ["Open"]
    assert await titles(ada, q="Hidden") == []


async def test_ended_conversations_are_not_in_the_list(ada: Caller) -> None:
    await ada.starts("Open")
    await ada.ends(await ada.starts("Over"))
    assert await titles(ada) == ["Open"]


async def test_a_message_moves_its_conversation_to_the_top(ada: Caller) -> None:
    first = await ada.starts("First")
    await ada.starts("Second")
    await ada.joins(first)
    await ada.says(first, "Hello")
    assert await titles(ada) == ["First", "Second"]


async def test_the_pages_of_the_list_hold_each_conversation_once(ada: Caller) -> None:
    # Several within one millisecond: time alone would not keep them apart.
    started = [f"Talk {number}" for number in range(7)]
    for title in started:
        await ada.starts(title)
    first = await listing(ada, limit=3)
    second = await listing(ada, limit=3, cursor=first["next_cursor"])
    third = await listing(ada, limit=3, cursor=second["next_cursor"])
    pages = [[row["title"] for row in page["conversations"]] for page in (first, second, third)]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(title for page in pages for title in page) == started
    assert "next_cursor" not in third


async def test_a_page_that_holds_the_last_conversation_has_no_cursor(ada: Caller) -> None:
    for _ in range(3):
        await ada.starts()
    assert "next_cursor" not in await listing(ada, limit=3)


async def test_the_list_gives_a_hundred_without_a_limit(ada: Caller) -> None:
    for _ in range(101):
        await ada.starts()
    page = await listing(ada)
    assert len(page["conversations"]) == 100
    assert len((await listing(ada, cursor=page["next_cursor"]))["conversations"]) == 1


@pytest.mark.parametrize("cursor", ["nonsense", "????", "Li4", "YS5i", "-1", "é", "A" * 9000])
async def test_a_cursor_of_nobody_is_a_bad_request(ada: Caller, cursor: str) -> None:
    response = await ada.http.get("/api/conversations", query_string={"cursor": cursor})
    assert response.status_code == 400
    assert (await response.get_json())["code"] == "bad_request"


@pytest.mark.parametrize(
    ("title", "query"),
    [
        ("Garden party", "party"),
        ("Garden party", "GARDEN P"),
        ("Über den Tee", "über"),
        ("ÜBER DEN TEE", "über"),
        ("Чай", "ЧАЙ"),
        ("Straße", "STRASSE"),
        ("Caf\u00e9", "cafe\u0301"),
        ("100% tea", "0% t"),
        ("snake_case", "e_c"),
        ("back\\slash", "k\\s"),
        ("Garden party", "  party  "),
    ],
)
async def test_the_search_finds_titles_whatever_the_case(
    ada: Caller, title: str, query: str
) -> None:
    await ada.starts(title)
    await ada.starts("Something else")
    assert await titles(ada, q=query) == [title]


@together("query", ["%", "_", "g%n", "g_rden", "\\", "' OR 1=1 --"])
async def test_wildcards_in_the_search_stand_for_themselves(ada: Caller, query: str) -> None:
    await ada.starts("Garden party")
    assert await titles(ada, q=query) == []


async def test_an_empty_search_finds_everything(ada: Caller) -> None:
    await ada.starts("Tea")
    assert await titles(ada, q="") == ["Tea"]


async def test_a_search_is_paged_too(ada: Caller) -> None:
    for number in range(3):
        await ada.starts(f"Tea {number}")
        await ada.starts(f"Coffee {number}")
    page = await listing(ada, q="tea", limit=2)
    rest = await listing(ada, q="tea", limit=2, cursor=page["next_cursor"])
    found = [row["title"] for row in page["conversations"] + rest["conversations"]]
    assert sorted(found) == ["Tea 0", "Tea 1", "Tea 2"]


async def history(caller: Caller, room_id: str, **query: Any) -> tuple[list[int], bool]:
    response = await caller.http.get(f"/api/conversations/{room_id}/messages", query_string=query)
    body = await response.get_json()
    assert set(body) == {"success", "messages", "has_more"}, body
    return [message["seq"] for message in body["messages"]], body["has_more"]


@pytest.fixture
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
