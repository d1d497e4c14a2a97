"""What the pages say where only people with an account can post, and the way there and back."""

from __future__ import annotations

import re
from html import unescape

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import Caller
from tests.passkeys import Browser

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

PLACE = "Only people with an account can post here."


@pytest.fixture
def ben(app: Parley) -> Browser:
    """Somebody with a browser."""
    return Browser(app)


async def bound(ada: Caller, ben: Caller) -> str:
    """A conversation of Ada's for people with an account, which Ben has joined; its room id."""
    room_id = await ada.starts()
    await ben.post_form(f"/conversation/{room_id}/join", {"username": "Ben"})
    reply = await ada.call("PATCH", f"/api/conversations/{room_id}", {"accounts_only": True})
    assert reply.status == 200, reply
    return room_id


async def says_why(who: Caller, room_id: str) -> tuple[str, bool]:
    """What stands where one would write, empty where it is hidden; and whether one can."""
    page = (await who.call("GET", f"/conversation/{room_id}")).text
    [(hidden, line)] = re.findall(r'<p class="quiet-line" id="read-only"( hidden)?>(.*?)</p>', page)
    [composer] = re.findall(r'<form class="composer" id="composer"[^>]*>', page)
    return "" if hidden else unescape(line), " hidden" not in composer


async def test_a_guest_is_told_why_with_the_way_to_an_account(ada: Caller, ben: Browser) -> None:
    room_id = await bound(ada, ben)
    line, may_write = await says_why(ben, room_id)
    assert line.startswith(PLACE)
    assert f'href="/account?back={room_id}"' in line
    assert not may_write
    page = (await ben.call("GET", f"/conversation/{room_id}")).text
    assert '<p class="panel-note" id="posting-note">Only people with an account can post.' in page


async def test_a_stranger_is_told_before_they_give_a_name(
    ada: Caller, ben: Browser, app: Parley
) -> None:
    room_id = await bound(ada, ben)
    line, may_write = await says_why(Caller(app, "Cleo", cookies=True), room_id)
    assert line.startswith(PLACE)
    assert not may_write


async def test_a_form_that_was_open_is_refused_with_its_words(ada: Caller, ben: Browser) -> None:
    room_id = await bound(ada, ben)
    reply = await ben.post_form(f"/conversation/{room_id}/messages", {"message": "My words"})
    assert reply.status == 403
    assert PLACE in reply.text
    assert "My words" in reply.text


async def test_with_an_account_one_comes_back_and_writes(ada: Caller, ben: Browser) -> None:
    room_id = await bound(ada, ben)
    page = (await ben.call("GET", f"/account?back={room_id}")).text
    assert page.count(f'<input type="hidden" name="back" value="{room_id}">') == 2
    reply = await ben.post_form("/account/start", {"name": "Ben", "back": room_id})
    assert f'href="/conversation/{room_id}">I\'ve saved them' in unescape(reply.text)
    assert await says_why(ben, room_id) == ("", True)


async def test_who_signs_in_goes_back(ada: Caller, ben: Browser, app: Parley) -> None:
    room_id = await bound(ada, ben)
    reply = await ben.post_form("/account/start", {"name": "Ben"})
    [code, *_] = re.findall(r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}", reply.text)
    phone = Browser(app)
    wrong = {"code": "0000-0000-0000-0000", "back": room_id}
    reply = await phone.post_form("/account/sign-in", wrong)
    assert f'name="back" value="{room_id}"' in reply.text
    reply = await phone.post_form("/account/sign-in", {"code": code, "back": room_id})
    assert (reply.status, reply.headers["Location"]) == (303, f"/conversation/{room_id}")
    assert await says_why(phone, room_id) == ("", True)


@pytest.mark.parametrize(
    "back", ["//evil.example", "../account", "https:evil", "a" * 65, "a b", "", "\u00e4", '"><b>']
)
async def test_the_way_back_leads_to_conversations_alone(ben: Browser, back: str) -> None:
    page = (await ben.http.get("/account", query_string={"back": back})).get_data(True)
    assert 'name="back"' not in await page
    reply = await ben.post_form("/account/start", {"name": "Ben", "back": back})
    assert 'href="/account">' in reply.text


async def test_owners_see_no_reason_and_set_it_by_a_form(app: Parley, ben: Browser) -> None:
    ada = Browser(app)
    reply = await ada.post_form("/conversations", {"title": "Tea"})
    room_id = reply.headers["Location"].split("/")[2].partition("#")[0]
    await ada.post_form(f"/conversation/{room_id}/join", {"username": "Ada"})
    reply = await ada.post_form(f"/conversation/{room_id}/manage/door", {"accounts_only": "on"})
    assert reply.status == 303
    assert await says_why(ada, room_id) == ("", True)
    page = (await ada.call("GET", f"/conversation/{room_id}/manage")).text
    assert '<input type="checkbox" name="accounts_only" checked>' in page
    assert "let only people with an account post" in page
    await ada.post_form(f"/conversation/{room_id}/manage/door", {})
    await ben.post_form(f"/conversation/{room_id}/join", {"username": "Ben"})
    assert await says_why(ben, room_id) == ("", True)
