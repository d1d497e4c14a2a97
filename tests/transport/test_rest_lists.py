"""The list of conversations over REST."""

from __future__ import annotations

from typing import Any

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


@together("cursor", ["nonsense", "????", "Li4", "YS5i", "-1", "é", "A" * 9000])
async def test_a_cursor_of_nobody_is_a_bad_request(ada: Caller, cursor: str) -> None:
    response = await ada.http.get("/api/conversations", query_string={"cursor": cursor})
    assert response.status_code == 400
    assert (await response.get_json())["code"] == "bad_request"


@together(
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
    room_id = await ada.starts(title)
    await ada.starts("Something else")
    assert await titles(ada, q=query) == [title]
    await ada.ends(room_id)  # out of the list again, for the next


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
