"""What is on all devices of an account, over REST, on pages and live."""

from __future__ import annotations

import re

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import Caller
from tests.passkeys import Browser
from tests.security.room import People

pytestmark = lasting.in_one_loop
config, app, server, person = lasting.config, lasting.served_app, lasting.server, lasting.person


async def signed_up(caller: Caller, name: str = "Ada") -> str:
    """With an account, as a program has one; a code to sign in elsewhere."""
    reply = await caller.call("POST", "/api/account", {"name": name})
    assert reply.status == 201, reply
    caller.token = reply.body["token"]
    code: str = reply.body["codes"][0]
    return code


async def on_another_device(app: Parley, code: str) -> Caller:
    device = Caller(app, "Ada")
    reply = await device.call("POST", "/api/account/sign-in", {"code": code})
    device.token = reply.body["token"]
    return device


async def pins(who: Caller, room_id: str, *, pinned: bool = True) -> None:
    reply = await who.call("PUT", f"/api/conversations/{room_id}/pinned", {"pinned": pinned})
    assert reply.status == 200, reply


async def test_what_is_pinned_is_listed_first(ada: Caller) -> None:
    tea, hut = await ada.starts("Tea"), await ada.starts("Hut")
    await pins(ada, tea)
    mine = (await ada.call("GET", "/api/mine?limit=1")).body
    assert [(row["room_id"], row.get("pinned")) for row in mine["conversations"]] == [
        (tea, True),
        (hut, None),
    ]
    await pins(ada, tea, pinned=False)
    mine = (await ada.call("GET", "/api/mine")).body
    assert [row["room_id"] for row in mine["conversations"]] == [hut, tea]


async def test_whoever_looks_at_their_list_is_told_what_is_pinned(person: People) -> None:
    ada = person("Ada")
    room_id = await ada.starts("Tea")
    page = person("Ada")
    await page.connect(auth={"token": ada.token})
    assert (await page.ask("follow_mine", {}))["ok"]
    path = f"/api/conversations/{room_id}/pinned"
    await ada.call("PUT", path, {"pinned": True})
    await page.hears("mine_changed", lambda told: told["conversation"].get("pinned") is True)
    await ada.call("PUT", path, {"pinned": False})
    await page.hears(
        "mine_changed", lambda told: bool(page.heard[1:]) and "pinned" not in told["conversation"]
    )


async def test_without_scripts_a_form_pins(app: Parley) -> None:
    ana = Browser(app)
    await ana.post_form("/conversations", {"title": "Tea"})
    await ana.post_form("/conversations", {"title": "Hut"})
    text = await (await ana.http.get("/conversations")).get_data(True)
    rooms = re.findall(r'class="row own-row" data-room-id="([^"]+)"', text)
    reply = await ana.post_form(f"/conversation/{rooms[1]}/pinned", {"pinned": "yes"})
    assert (reply.status, reply.headers["Location"]) == (303, "/conversations#own")
    text = await (await ana.http.get("/conversations")).get_data(True)
    assert re.findall(r'class="row own-row" data-room-id="([^"]+)"', text) == rooms[::-1]
    assert 'aria-label="Unpin Tea"' in text
    await ana.post_form(f"/conversation/{rooms[1]}/pinned", {"pinned": "no"})
    text = await (await ana.http.get("/conversations")).get_data(True)
    assert "Unpin" not in text


async def test_a_draft_is_on_the_other_device(app: Parley, ada: Caller) -> None:
    code = await signed_up(ada)
    tea = await ada.starts("Tea")
    await ada.joins(tea)
    desk, path = await on_another_device(app, code), f"/api/conversations/{tea}/draft"
    assert (await desk.call("GET", path)).body == {"success": True, "text": "", "version": 0}
    kept = (await ada.call("PUT", path, {"text": "Half", "version": 0})).body
    assert (await desk.call("GET", path)).body == kept
    reply = await desk.call("PUT", path, {"text": "Mine", "version": 0})
    assert (reply.status, reply.body["code"]) == (409, "changed_meanwhile")
    reply = await desk.call("PUT", path, {"text": "", "version": kept["version"]})
    assert reply.body == {"success": True, "text": "", "version": 0}
    for wrong in ({"text": "x" * 10_001}, {"text": 1}, {"text": "a", "version": -1}, {}):
        assert (await desk.call("PUT", path, wrong)).status in (400, 413)


async def test_only_pages_of_accounts_keep_drafts_elsewhere(app: Parley) -> None:
    ana = Browser(app)
    await ana.post_form("/conversations", {"title": "Tea"})
    mine = (await ana.call("GET", "/api/mine", headers={"Origin": ""})).body["conversations"]
    path = f"/conversation/{mine[0]['room_id']}"
    await ana.post_form(f"{path}/join", {"username": "Ana"})
    assert 'data-keeps-drafts="yes"' not in await (await ana.http.get(path)).get_data(True)
    await ana.post_form("/account/start", {"name": "Ana"})
    page = await (await ana.http.get(path)).get_data(True)
    assert re.search(r'data-keeps-drafts="yes"\s*data-read-seq="0"', page)


async def test_everybody_is_told_of_another_colour(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    _, reply = await ada.call("POST", "/api/account", {"name": "Ada"})
    ada.token = reply["token"]
    tea = await ada.starts("Tea")
    await ada.join(tea, token=ada.token)
    await ben.join(tea)
    me = (await ben.hears("conversation_state"))["conversation"]["participants"][0]["user_id"]
    status, _ = await ada.call("PATCH", "/api/account", {"hue": 7})
    assert status == 200
    assert await ben.hears("look_changed") == {"room_id": tea, "user_id": me, "hue": 7}
    late = person("Cleo")
    await late.join(tea)
    state = (await late.hears("conversation_state"))["conversation"]
    assert state["looks"] == [{"user_id": me, "hue": 7}]
    await ada.call("PATCH", "/api/account", {"hue": None})
    assert await ben.hears("look_changed", lambda told: "hue" not in told)
    _, account = await ada.call("GET", "/api/account")
    assert account["account"]["name"] == "Ada"
    assert "hue" not in account["account"]


async def test_who_joins_is_seen_in_their_colour(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    tea = await ben.starts("Tea")
    await ben.join(tea, token=ben.token)
    _, reply = await ada.call("POST", "/api/account", {"name": "Ada"})
    ada.token = reply["token"]
    await ada.call("PATCH", "/api/account", {"hue": 0})
    await ada.join(tea, token=ada.token)
    came = await ben.hears("user_joined")
    told = await ben.hears("look_changed")
    assert told == {"room_id": tea, "user_id": came["user_id"], "hue": 0}


@pytest.mark.parametrize("hue", [-1, 12, 1.5, "blue", True, []])
async def test_what_is_no_colour_is_refused(ada: Caller, hue: object) -> None:
    await signed_up(ada)
    reply = await ada.call("PATCH", "/api/account", {"hue": hue})
    assert (reply.status, reply.body["code"]) == (400, "bad_request")


async def test_the_page_of_the_account_has_a_form_for_it(app: Parley) -> None:
    ana, ben = Browser(app), Caller(app, "Ben")
    await ana.post_form("/account/start", {"name": "Ana"})
    reply = await ana.post_form("/account/look", {"name": "Ana B.", "hue": "3"})
    assert (reply.status, reply.headers["Location"]) == (303, "/account?done=changed#you")
    account = await ana.account()
    assert account is not None
    assert (account["name"], account["hue"]) == ("Ana B.", 3)
    page = await (await ana.http.get("/account")).get_data(True)
    assert re.search(r'name="hue" value="3" checked', page)
    # The name is offered where one joins, and the colour is there from the first.
    tea = await ben.starts("Tea")
    page = await (await ana.http.get(f"/conversation/{tea}")).get_data(True)
    assert re.search(r'id="username"[^>]* value="Ana B\."', page)
    await ana.post_form(f"/conversation/{tea}/join", {"username": "Ana B."})
    page = await (await ana.http.get(f"/conversation/{tea}")).get_data(True)
    assert 'data-hue="3" data-initials="AB"' in page
    for hue in ("12", "9" * 5_000):
        reply = await ana.post_form("/account/look", {"name": "Ana", "hue": hue})
        assert reply.status == 400
        assert 'id="you-error"' in reply.text


async def test_guests_are_offered_no_name(app: Parley) -> None:
    ben, ana = Caller(app, "Ben"), Browser(app)
    tea = await ben.starts("Tea")
    page = await (await ana.http.get(f"/conversation/{tea}")).get_data(True)
    assert re.search(r'id="username"[^>]* value=""', page)
