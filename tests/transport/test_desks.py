"""Desks: each visitor's own conversation with the owner, over REST and by forms."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from parley.app import Parley
from parley.domain import desks
from tests import lasting
from tests.calls import Caller
from tests.passkeys import Browser
from tests.people import Json

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


async def has_desk(who: Caller, **wishes: str) -> str:
    """A desk of theirs, and its token kept."""
    reply = await who.call("POST", "/api/desks", wishes)
    assert reply.status == 201, reply
    who.token = reply.body.get("token", who.token)
    id: str = reply.body["desk"]["id"]
    return id


async def writes(who: Caller, desk: str, **said: str) -> Json:
    reply = await who.call("POST", f"/api/desks/{desk}/conversations", said)
    assert reply.status == 201, reply
    who.token = reply.body.get("token", who.token)
    return reply.body


async def own(who: Caller) -> list[Json]:
    found: list[Json] = (await who.call("GET", "/api/mine")).body["conversations"]
    return found


async def test_a_visitor_writes_and_the_owner_finds_it_and_answers(
    ada: Caller, ben: Caller
) -> None:
    desk = await has_desk(ada, greeting="Hello!", username="Ada of the shop", title="Shop: {name}")
    started = await writes(ben, desk, username="Ben", message="Is it open on Sunday?")
    room_id = started["room_id"]
    assert (started["username"], started["role"], started["desk"]) == ("Ben", "member", desk)
    (row,) = await own(ada)
    assert (row["room_id"], row["title"], row["role"]) == (room_id, "Shop: Ben", "owner")
    assert row["unread"] == 1
    assert row["last_message"]["excerpt"] == "Is it open on Sunday?"
    await ada.says(room_id, "Yes")
    shown = await ben.reads(room_id)
    assert shown["messages"][-1]["username"] == "Ada of the shop"
    assert shown["description"] == "Hello!"
    assert [each["message"] for each in shown["messages"]] == ["Is it open on Sunday?", "Yes"]


async def test_the_owner_isn_t_shown_as_there_before_they_are(ada: Caller, ben: Caller) -> None:
    desk = await has_desk(ada)
    room_id = (await writes(ben, desk))["room_id"]
    people = (await ben.reads(room_id))["participants"]
    assert [each["username"] for each in people] == [desks.VISITOR]
    await ada.says(room_id, "Hello")
    people = (await ben.reads(room_id))["participants"]
    assert [each["username"] for each in people] == [desks.USERNAME, desks.VISITOR]


async def test_each_visitor_has_their_own_and_finds_it_again(
    ada: Caller, ben: Caller, cleo: Caller
) -> None:
    desk = await has_desk(ada)
    first, other = await writes(ben, desk, message="1"), await writes(cleo, desk, message="2")
    assert first["room_id"] != other["room_id"]
    again = await writes(ben, desk, message="3")
    assert again["room_id"] == first["room_id"]
    look = await ben.call("GET", f"/api/desks/{desk}")
    assert look.body["room_id"] == first["room_id"]
    assert look.body["join_link"].endswith(f"/conversation/{first['room_id']}")
    assert len(await own(ada)) == 2
    await ada.ends(first["room_id"])
    assert (await writes(ben, desk))["room_id"] != first["room_id"]


async def test_a_stranger_sees_of_a_desk_what_visitors_are_to_see(
    ada: Caller, ben: Caller, mallory: Caller
) -> None:
    desk = await has_desk(ada, greeting="Hello!", title="Secret: {name}")
    await writes(ben, desk, message="Mine")
    look = await mallory.call("GET", f"/api/desks/{desk}")
    shown = {"id": desk, "username": desks.USERNAME, "greeting": "Hello!", "open": True}
    assert look.body == {"success": True, "desk": shown}
    assert (await mallory.call("GET", "/api/desks")).body["desks"] == []


async def test_only_the_owner_changes_and_removes_it(
    ada: Caller, ben: Caller, mallory: Caller
) -> None:
    desk = await has_desk(ada)
    await mallory.starts()
    for method in ("PATCH", "DELETE"):
        body = {"open": False} if method == "PATCH" else None
        assert (await mallory.call(method, f"/api/desks/{desk}", body)).status == 404
    changed = await ada.call("PATCH", f"/api/desks/{desk}", {"open": False, "username": "Ada"})
    assert (changed.body["desk"]["open"], changed.body["desk"]["username"]) == (False, "Ada")
    room_id = (await writes(ben, desk, message="Call me back"))["room_id"]
    assert (await ada.call("DELETE", f"/api/desks/{desk}")).status == 200
    assert (await ben.call("GET", f"/api/desks/{desk}")).status == 404
    assert (await ben.call("POST", f"/api/desks/{desk}/conversations", {})).status == 404
    assert len((await ada.reads(room_id))["messages"]) == 1


async def test_an_owner_isn_t_a_visitor_of_their_own(ada: Caller) -> None:
    desk = await has_desk(ada)
    reply = await ada.call("POST", f"/api/desks/{desk}/conversations", {"message": "Test"})
    assert (reply.status, reply.body["code"]) == (400, "bad_request")
    assert await own(ada) == []


async def test_what_can_t_be_said_begins_nothing(ada: Caller, ben: Caller) -> None:
    desk = await has_desk(ada)
    wrong: list[Json] = [
        {"message": "x" * 8_001},
        {"username": "\u200b"},
        {"username": 1},
        {"message": []},
    ]
    for said in wrong:
        reply = await ben.call("POST", f"/api/desks/{desk}/conversations", said)
        assert reply.status in (400, 413), said
    assert await own(ada) == []


async def test_a_long_name_still_makes_a_title(ada: Caller, ben: Caller) -> None:
    desk = await has_desk(ada, title="{name} " * 20)
    await writes(ben, desk, username="B" * 64)
    (row,) = await own(ada)
    assert len(row["title"]) == 200


async def test_nobody_floods_an_owner_s_list(
    ada: Caller, app: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "STARTED_MAX", 2)
    desk = await has_desk(ada)
    for name in ("One", "Two"):
        await writes(Caller(app, name), desk)
    reply = await Caller(app, "Three").call("POST", f"/api/desks/{desk}/conversations", {})
    assert (reply.status, reply.body["code"]) == (429, "rate_limited")
    assert 0 < reply.body["retry_after"] <= timedelta(hours=1).total_seconds()
    assert len(await own(ada)) == 2


async def test_nobody_has_more_desks_than_they_can_look_after(
    ada: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "DESKS_MAX", 1)
    await has_desk(ada)
    assert (await ada.call("POST", "/api/desks", {})).status == 403


async def test_what_was_started_at_a_desk_can_be_deleted(ada: Caller, ben: Caller) -> None:
    desk = await has_desk(ada)
    room_id = (await writes(ben, desk, message="Forget me"))["room_id"]
    assert (await ada.call("DELETE", f"/api/conversations/{room_id}")).status == 200
    assert (await ben.call("GET", f"/api/desks/{desk}")).body.get("room_id") is None
    assert (await writes(ben, desk))["room_id"] != room_id


# --- in a browser ---


async def test_an_owner_makes_a_desk_and_a_visitor_writes_by_forms(app: Parley) -> None:
    ada, ben = Browser(app), Browser(app)
    made = await ada.post_form("/desks", {"username": "Ada", "greeting": "See https://example.org"})
    assert made.headers["Location"].startswith("/desks#desk-")
    page = (await ada.call("GET", "/desks")).text
    assert "embed.js&#34; data-desk=" in page or 'embed.js" data-desk=' in page
    (link,) = re.findall(r'data-link="http://[^/]+(/desk/[^"]+)"', page)
    form = (await ben.call("GET", link)).text
    assert '<a href="https://example.org"' in form
    started = await ben.post_form(link, {"message": "Hi", "username": ""})
    assert started.status == 303
    room = started.headers["Location"].partition("#")[0]
    assert "Hi" in (await ben.call("GET", room)).text
    assert (await ben.call("GET", link)).headers["Location"] == room
    assert (await ada.post_form(f"/desks{link.removeprefix('/desk')}/close", {})).status == 303
    away = (await Browser(app).call("GET", link)).text
    assert "away right now" in away
    assert (await ada.post_form(f"/desks{link.removeprefix('/desk')}/remove", {})).status == 303
    assert (await Browser(app).call("GET", link)).status == 404


async def test_a_form_that_is_refused_keeps_what_was_written(app: Parley) -> None:
    ada, ben = Browser(app), Browser(app)
    await ada.post_form("/desks", {})
    (link,) = re.findall(
        r'data-link="http://[^/]+(/desk/[^"]+)"', (await ada.call("GET", "/desks")).text
    )
    refused = await ben.post_form(link, {"message": "Long story", "username": "B" * 65})
    assert refused.status == 413
    assert "Long story" in refused.text
