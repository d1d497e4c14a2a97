"""Streams tell what sockets are told: what was missed first, then live, and none of it twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.people import Person
from tests.servers import Running
from tests.stream.hearing import hearing

Arrive = Callable[..., Person]


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
