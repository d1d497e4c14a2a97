"""What owners decided, as members find it on a page that runs no scripts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import unescape

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import Caller

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

NOTES = ("door-note", "keep-note", "posting-note", "opening-keep")


@pytest.fixture
def ben(app: Parley) -> Caller:
    """A member with a browser."""
    return Caller(app, "Ben", cookies=True)


async def told(ben: Caller, room_id: str, what: tuple[str, ...] = NOTES) -> list[str]:
    """What the page says in these places; nothing where they are hidden."""
    page = (await ben.call("GET", f"/conversation/{room_id}")).text
    found = [re.findall(rf'<p[^>]* id="{each}"( hidden)?>([^<]*)<', page)[0] for each in what]
    return [unescape(words) for hidden, words in found if not hidden]


async def in_a_talk(ada: Caller, ben: Caller, wishes: Mapping[str, object]) -> str:
    """A conversation of Ada's that Ben has joined, decided about since; its room id."""
    room_id = await ada.starts()
    await ben.post_form(f"/conversation/{room_id}/join", {"username": "Ben"})
    reply = await ada.call("PATCH", f"/api/conversations/{room_id}", wishes)
    assert reply.status == 200, reply
    return room_id


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, []),
        ({"locked": True, "knock": True}, ["Locked: no one new can join."]),
        ({"knock": True}, ["New people need the owner's approval."]),
        ({"passphrase": "open sesame"}, ["New people need the passphrase."]),
        ({"read_only": True}, ["Only the owner can post."]),
        ({"accounts_only": True}, ["Only people with an account can post."]),
        ({"keep_days": 1}, ["Messages are deleted after 1 day."] * 2),
        ({"keep_days": 365}, ["Messages are deleted after 1 year."] * 2),
    ],
    ids=str,
)
async def test_members_are_told_what_the_owner_decided(
    ada: Caller, ben: Caller, wishes: dict[str, object], expected: list[str]
) -> None:
    assert await told(ben, await in_a_talk(ada, ben, wishes)) == expected


async def test_after_the_end_only_what_still_holds_is_told(ada: Caller, ben: Caller) -> None:
    wishes = {"locked": True, "read_only": True, "keep_days": 7}
    room_id = await in_a_talk(ada, ben, wishes)
    await ada.ends(room_id)
    assert await told(ben, room_id) == ["Messages are deleted after 7 days."] * 2


async def test_where_nothing_was_said_everyone_is_told_what_they_can_do(
    ada: Caller, ben: Caller, cleo: Caller
) -> None:
    room_id = await in_a_talk(ada, ben, {})
    words = "No messages yet."
    assert await told(ada, room_id, ("empty-text",)) == [
        f"{words} Share the link to invite people."
    ]
    assert await told(ben, room_id, ("empty-text",)) == [f"{words} Say hello."]
    assert await told(cleo, room_id, ("empty-text",)) == [f"{words} Enter your name and say hello."]
    await ada.call("PATCH", f"/api/conversations/{room_id}", {"read_only": True})
    assert await told(ben, room_id, ("empty-text",)) == [words]
