"""Streams tell what sockets are told: what was missed first, then live, and none of it twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from parley.domain import missed
from tests import effort, lasting
from tests.people import Person
from tests.servers import Running
from tests.stream.hearing import hearing

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

Arrive = Callable[..., Person]
SAID = effort.times(60, full=150)


async def test_a_stream_begins_with_the_state_and_tells_what_is_said(
    server: Running, person: Arrive
) -> None:
    ada = person("Ada")
    room = await ada.starts("A talk")
    await ada.join(room)
    await ada.say(room, "Before")
    async with hearing(server.url, room) as heard:
        state = await heard.hears("conversation_state")
        assert [m["message"] for m in state.data["conversation"]["messages"]] == ["Before"]
        assert state.id == state.data["conversation"]["seq"]
        said = await ada.say(room, "After")
        told = await heard.hears("new_message")
        assert told.data["message"] == "After"
        assert told.id == said["seq"]
        assert heard.retry_ms > 0
    assert heard.response.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert heard.response.headers["Cache-Control"].startswith("no-store")


@pytest.mark.parametrize("by", ["header", "query"])
async def test_what_was_missed_comes_first_and_nothing_twice(
    server: Running, person: Arrive, by: str
) -> None:
    ada = person("Ada")
    room = await ada.starts("A talk")
    await ada.join(room)
    said = [await ada.say(room, f"Word {number}") for number in range(300)]
    await ada.ask("edit_message", {"room_id": room, "id": said[0]["id"], "message": "Changed"})
    since = said[9]["seq"]
    asked = {"last_event_id": str(since)} if by == "header" else {"query": f"?since={since}"}
    async with hearing(server.url, room, **asked) as heard:
        last = await ada.say(room, "Last")
        await heard.hears("new_message", lambda data: data["message"] == "Last")
    assert heard.texts() == [*(f"Word {number}" for number in range(10, 300)), "Last"]
    changed = await heard.hears("message_changed")
    assert changed.data["message"] == "Changed"
    assert heard.ids() == list(range(since + 1, last["seq"] + 1))


async def test_what_was_said_and_changed_meanwhile_is_news_on_whatever_page_it_comes(
    server: Running, person: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed, "SYNC_PAGE_MAX", 2)
    ada = person("Ada")
    room = await ada.starts("A talk")
    await ada.join(room)
    said = [await ada.say(room, f"Word {number}") for number in range(6)]
    for each in (said[0], said[2]):
        await ada.ask("edit_message", {"room_id": room, "id": each["id"], "message": "Changed"})
    async with hearing(server.url, room, query=f"?since={said[0]['seq']}") as heard:
        changed = await heard.hears("message_changed")
        assert changed.data["id"] == said[0]["id"]
        await heard.hears("new_message", lambda data: data["id"] == said[2]["id"])


@pytest.mark.longer
async def test_whoever_comes_back_again_and_again_hears_all_of_it_once(
    server: Running, person: Arrive
) -> None:
    ada = person("Ada")
    room = await ada.starts("A talk")
    await ada.join(room, token=ada.token)
    first = await ada.say(room, "First")
    told: list[int] = []

    async def talks() -> int:
        for number in range(SAID):
            said = await ada.say(room, f"Word {number}")
            if number % 3 == 0:
                edit = {"room_id": room, "id": said["id"], "message": f"Word {number}, then"}
                await ada.ask("edit_message", edit)
        last: int = (await ada.say(room, "Last"))["seq"]
        return last

    talking = asyncio.create_task(talks())
    texts: dict[str, str] = {}
    since, is_over = first["seq"], False
    while not is_over:
        async with hearing(server.url, room, last_event_id=str(since)) as heard:
            await heard.hears("new_message")
            for each in heard.told:
                if each.id is not None:
                    texts[each.data["id"]] = each.data["message"]
                    told.append(each.id)
                is_over = is_over or each.data.get("message") == "Last"
            since = told[-1]
    last = await talking
    assert told == sorted(set(told))
    assert told[-1] == last
    wanted = [f"Word {n}, then" if n % 3 == 0 else f"Word {n}" for n in range(SAID)]
    assert sorted(texts.values()) == sorted([*wanted, "Last"])


async def test_a_seq_that_was_not_reached_is_answered_like_none(
    server: Running, person: Arrive
) -> None:
    ada = person("Ada")
    room = await ada.starts("A talk")
    await ada.join(room, token=ada.token)
    async with hearing(server.url, room, query="?since=99") as heard:
        assert (await heard.hears("conversation_state")).id == 0


async def test_an_ending_that_was_missed_is_told(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts("A talk")
    await ada.join(room, token=ada.token)
    said = await ada.say(room, "Bye")
    await ada.ask("end_conversation", {"room_id": room})
    async with hearing(server.url, room, query="?since=0") as heard:
        ended = await heard.hears("conversation_ended")
        assert ended.id == said["seq"] + 1
        assert heard.texts() == ["Bye"]


async def test_who_replaces_the_link_goes_on_hearing(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts("A talk")
    await ada.join(room, token=ada.token)
    async with hearing(server.url, room, token=ada.token) as heard:
        await heard.hears("conversation_state")
        replaced = await ada.ask("replace_link", {"room_id": room})
        told = await heard.hears("link_replaced")
        assert told.data["new_room_id"] == replaced["room_id"]
        await ada.say(replaced["room_id"], "Here")
        await heard.hears("new_message")
