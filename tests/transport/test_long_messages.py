"""A room full of the longest messages there may be is joined, read and caught up with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import pytest_asyncio

from parley.contract import MESSAGE_MAX_CHARS, STATE_MAX_CHARS, STATE_MESSAGES
from tests import lasting
from tests.people import Json, Person

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]
TEXTS = [f"{number:03}".ljust(MESSAGE_MAX_CHARS, "𝌆") for number in range(STATE_MESSAGES)]


@pytest_asyncio.fixture(loop_scope="module")
async def full_room(person: People) -> str:
    ada = person("Ada")
    room_id = await ada.starts()
    await ada.join(room_id)
    await asyncio.gather(*(ada.say(room_id, text) for text in TEXTS))
    return room_id


def texts(messages: list[Json]) -> list[str]:
    return [each["message"][:3] for each in messages]


async def older(who: Person, room_id: str, messages: list[Json]) -> list[Json]:
    """All there are, by paging back from these."""
    has_more = True
    while has_more:
        before = messages[0]["seq"]
        _, page = await who.call(
            "GET", f"/api/conversations/{room_id}/messages?before={before}&limit=20"
        )
        messages, has_more = page["messages"] + messages, page["has_more"]
    return messages


async def test_a_state_is_no_longer_than_a_phone_takes_at_once(
    person: People, full_room: str, transports: tuple[str, ...]
) -> None:
    ben = person("Ben", transports=transports)
    assert (await ben.join(full_room))["ok"]
    state = (await ben.hears("conversation_state"))["conversation"]
    shown = state["messages"]
    assert texts(shown) == [text[:3] for text in TEXTS[-len(shown) :]]
    assert sum(len(each["message"]) for each in shown) <= STATE_MAX_CHARS
    assert state["has_more"]
    assert texts(await older(ben, full_room, shown)) == [text[:3] for text in TEXTS]


@pytest.mark.parametrize("way", ["before", "after"])
async def test_a_page_of_history_is_bounded_too(person: People, full_room: str, way: str) -> None:
    ben = person("Ben")
    place = len(TEXTS) // 2 if way == "after" else len(TEXTS)
    _, page = await ben.call(
        "GET", f"/api/conversations/{full_room}/messages?{way}={place}&limit=200"
    )
    found = texts(page["messages"])
    assert page["has_more"]
    assert 0 < sum(len(each["message"]) for each in page["messages"]) <= STATE_MAX_CHARS
    first = place if way == "after" else place - 1 - len(found)
    assert found == [text[:3] for text in TEXTS[first : first + len(found)]]


async def test_what_was_missed_comes_page_by_page(person: People, full_room: str) -> None:
    ben = person("Ben")
    await ben.join(full_room)
    found: list[Json] = []
    since, more = 0, True
    while more:
        page = await ben.ask("sync", {"room_id": full_room, "since": since})
        assert sum(len(each["message"]) for each in page["messages"]) <= STATE_MAX_CHARS
        found, since, more = found + page["messages"], page["seq"], page["more"]
    assert texts(found) == [text[:3] for text in TEXTS]


async def test_who_missed_too_much_to_be_told_at_once_begins_afresh(
    person: People, full_room: str
) -> None:
    ben = person("Ben")
    await ben.join(full_room, since=1)
    state = (await ben.hears("conversation_state"))["conversation"]
    assert "delta" not in state
    assert state["messages"][-1]["message"] == TEXTS[-1]
    cleo = person("Cleo")
    await cleo.join(full_room, since=state["seq"] - 2)
    missed = (await cleo.hears("conversation_state"))["conversation"]
    assert missed["delta"]
    assert texts(missed["messages"]) == ["098", "099"]
