"""A conversation without a title is called by its id on the wire, and never on a page."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import Caller

pytestmark = lasting.in_one_loop
config, app, own_app = lasting.config, lasting.app, lasting.own_app

UNTITLED = "Untitled conversation"
PAGES = ("", "/manage", "/end", "/delete", "/replace-link", "/left")


async def shown(ada: Caller, address: str) -> str:
    """The page at an address."""
    reply = await ada.call("GET", address)
    assert reply.status == 200, reply
    return reply.text


def title(page: str) -> str:
    """What the browser's tab says."""
    return str(re.findall(r"<title>([^<]*)</title>", page)[0])


async def title_on_the_wire(ada: Caller, room_id: str) -> str:
    return str((await ada.reads(room_id))["title"])


@pytest.mark.parametrize("page", PAGES)
async def test_no_page_calls_a_conversation_by_its_id(ada: Caller, page: str) -> None:
    """Its link is there where it is asked for, as a link."""
    room_id = await ada.starts(title=None, visibility="unlisted")
    assert await title_on_the_wire(ada, room_id) == f"Conversation {room_id}"
    text = await shown(ada, f"/conversation/{room_id}{page}")
    assert UNTITLED in text
    assert f"Conversation {room_id}" not in text
    assert room_id not in title(text)


async def test_neither_the_list_nor_a_link_for_members_does(ada: Caller) -> None:
    room_id = await ada.starts(title=None)
    path = f"/api/conversations/{room_id}/links"
    link = (await ada.call("POST", path, {"role": "member"})).body["url"]
    for address in ("/conversations", link.removeprefix("http://localhost")):
        page = await shown(ada, address)
        assert UNTITLED in page
        assert f"Conversation {room_id}" not in page


async def test_one_that_only_sounds_so_keeps_its_title(ada: Caller) -> None:
    room_id = await ada.starts("Conversation starters")  # eight letters, as many as an id has
    page = await shown(ada, f"/conversation/{room_id}")
    assert title(page) == "Conversation starters · parley"
    assert UNTITLED not in page


async def test_it_is_untitled_under_a_new_link_too(ada: Caller) -> None:
    room_id = await ada.starts(title=None)
    now = (await ada.call("POST", f"/api/conversations/{room_id}/link")).body["room_id"]
    assert await title_on_the_wire(ada, now) == f"Conversation {now}"
    page = await shown(ada, f"/conversation/{now}")
    assert title(page) == f"{UNTITLED} · parley"
    found = (await ada.call("GET", f"/api/conversations?q=conversation {now}")).body
    assert [each["room_id"] for each in found["conversations"]] == [now]


async def test_the_title_can_be_taken_away_again_and_the_log_says_so(ada: Caller) -> None:
    room_id = await ada.starts("Tea")
    path = f"/api/conversations/{room_id}"
    assert (await ada.call("PATCH", path, {"title": ""})).status == 200
    page = await shown(ada, f"/conversation/{room_id}/manage")
    assert "removed the title" in page
    assert f"Conversation {room_id}" not in page
    assert re.search(r'<input id="title"[^>]* placeholder="Untitled conversation" value="">', page)


async def test_no_question_before_what_cannot_be_undone_does(ada: Caller) -> None:
    room_id = await ada.starts(title=None)
    browser = Caller(ada.app, "Ada", cookies=True)
    browser.http.set_cookie("localhost", "parley_session", str(ada.token))
    made = await ada.call("POST", f"/api/conversations/{room_id}/links", {"role": "member"})
    for act, fields, question in (
        ("keep", {"keep_days": "1"}, "Delete older messages?"),
        ("revoke", {"id": made.body["link"]["id"]}, "Revoke this link?"),
    ):
        reply = await browser.post_form(f"/conversation/{room_id}/manage/{act}", fields)
        assert f"<h1>{question}</h1>" in reply.text, reply
        assert UNTITLED in reply.text
        assert f"Conversation {room_id}" not in reply.text


@pytest.mark.parametrize(
    ("q", "is_found"),
    [
        ("untitled", True),
        ("Untitled conversation", True),
        ("TITLED CONV", True),
        ("conversation", True),
        ("tea", False),
        ("untitled tea", False),
        ("%", False),
    ],
)
async def test_the_list_finds_one_by_what_it_calls_it(ada: Caller, q: str, is_found: bool) -> None:
    untitled_id, tea_id = await ada.starts(title=None), await ada.starts("Tea")
    unlisted_id = await ada.starts(title=None, visibility="unlisted")
    page = await shown(ada, f"/conversations?q={quote(q)}")
    assert (f"/conversation/{untitled_id}" in page) is is_found
    assert (f"/conversation/{tea_id}" in page) is (q == "tea")
    public = page[page.index('role="search"') :]
    assert f"/conversation/{unlisted_id}" not in public


async def test_the_list_finds_none_by_the_id_that_it_does_not_show(own_app: Parley) -> None:
    ada = Caller(own_app, "Ada")
    room_id = await ada.starts(title=None)
    page = await shown(ada, f"/conversations?q={room_id[:5]}")
    assert f"/conversation/{room_id}" not in page
    # Programs, which are told it in the title, find it by that, and not by words they never see.
    for q, is_found in ((room_id[:5], True), ("untitled", False)):
        found = (await ada.call("GET", f"/api/conversations?q={q}")).body["conversations"]
        assert [each["room_id"] for each in found] == [room_id] * is_found


async def test_one_whose_title_says_so_is_found_too_and_none_that_got_another(ada: Caller) -> None:
    said = await ada.starts("The Untitled Goose")
    named = await ada.starts(title=None)
    await ada.call("PATCH", f"/api/conversations/{named}", {"title": "Tea"})
    moved = await ada.starts(title=None)
    moved = (await ada.call("POST", f"/api/conversations/{moved}/link")).body["room_id"]
    page = await shown(ada, "/conversations?q=untitled")
    shown_ids = [room_id for room_id in (said, named, moved) if f"/conversation/{room_id}" in page]
    assert shown_ids == [said, moved]
