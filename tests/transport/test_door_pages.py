"""The pages at the door as a browser without scripts gets them: what they offer, who comes in."""

from __future__ import annotations

import re
from html import unescape

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import Caller, Reply

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

PASSPHRASE = "open sesame"


@pytest.fixture
def kay(app: Parley) -> Caller:
    """Somebody with a browser, who knocks."""
    return Caller(app, "Kay", cookies=True)


async def closed(ada: Caller, **wishes: object) -> str:
    """A conversation of Ada's where strangers knock, or what else she wishes; its room id."""
    room_id = await ada.starts()
    await decides(ada, room_id, **(wishes or {"knock": True}))
    return room_id


async def decides(ada: Caller, room_id: str, **wishes: object) -> None:
    reply = await ada.call("PATCH", f"/api/conversations/{room_id}", wishes)
    assert reply.status == 200, reply


async def knocks(kay: Caller, room_id: str) -> None:
    reply = await kay.post_form(f"/conversation/{room_id}/knock", {"username": kay.name})
    assert reply.status == 303, reply


async def enters(kay: Caller, room_id: str) -> Reply:
    return await kay.post_form(f"/conversation/{room_id}/enter", {"passphrase": PASSPHRASE})


async def answers(ada: Caller, room_id: str, *, admit: bool) -> None:
    reply = await ada.call("POST", f"/api/conversations/{room_id}/knocks", {"admit": admit})
    assert reply.status == 200, reply


async def looks(kay: Caller, room_id: str, status: int = 200) -> str:
    reply = await kay.call("GET", f"/conversation/{room_id}")
    assert reply.status == status, reply
    return unescape(reply.text)


async def names(ada: Caller, room_id: str) -> list[str]:
    return [each["username"] for each in (await ada.reads(room_id))["participants"]]


def shown(page: str, what: str) -> bool:
    """Whether the element of this id is there and not hidden."""
    found = re.search(rf'<\w+[^>]* id="{what}"[^>]*>', page)
    return found is not None and " hidden" not in found[0]


def name_asked_for(page: str) -> str | None:
    """What stands in the name field; None where no name is asked for."""
    found = re.search(r'<input id="username"[^>]*value="([^"]*)"', page)
    found = found or re.search(r'id="username" name="username"[^>]*value="([^"]*)"', page)
    return None if found is None else found[1]


# --- going in as who one knocked as ---


async def test_who_is_let_in_is_in_under_the_name_they_knocked_with(
    ada: Caller, kay: Caller
) -> None:
    room_id = await closed(ada)
    await knocks(kay, room_id)
    await answers(ada, room_id, admit=True)
    assert await names(ada, room_id) == []  # not before they look
    page = await looks(kay, room_id)
    assert 'data-username="Kay"' in page
    assert shown(page, "composer")
    assert not shown(page, "join")
    await looks(kay, room_id)
    assert await names(ada, room_id) == ["Kay"]


async def test_who_knocked_and_enters_the_passphrase_is_asked_for_no_name(
    ada: Caller, kay: Caller
) -> None:
    room_id = await closed(ada, knock=True, passphrase=PASSPHRASE)
    await knocks(kay, room_id)
    assert (await enters(kay, room_id)).status == 303
    assert shown(await looks(kay, room_id), "composer")
    assert await names(ada, room_id) == ["Kay"]


async def test_who_knocked_comes_in_by_a_door_that_was_opened_to_all(
    ada: Caller, kay: Caller
) -> None:
    room_id = await closed(ada)
    await knocks(kay, room_id)
    await decides(ada, room_id, knock=False)
    assert shown(await looks(kay, room_id), "composer")
    assert await names(ada, room_id) == ["Kay"]


async def test_an_open_door_that_was_closed_again_lets_nobody_in(ada: Caller, kay: Caller) -> None:
    room_id = await closed(ada)
    await knocks(kay, room_id)
    await decides(ada, room_id, knock=False)
    await decides(ada, room_id, knock=True)
    assert name_asked_for(await looks(kay, room_id, 403)) == "Kay"
    assert await names(ada, room_id) == []


@pytest.mark.parametrize(
    ("method", "headers"), [("HEAD", {}), ("GET", {"Sec-Purpose": "prefetch;prerender"})]
)
async def test_nobody_comes_in_by_a_page_that_they_do_not_look_at(
    ada: Caller, kay: Caller, method: str, headers: dict[str, str]
) -> None:
    room_id = await closed(ada)
    await knocks(kay, room_id)
    await answers(ada, room_id, admit=True)
    reply = await kay.call(method, f"/conversation/{room_id}", headers=headers)
    assert reply.status == 200
    assert await names(ada, room_id) == []
    await looks(kay, room_id)
    assert await names(ada, room_id) == ["Kay"]


async def test_a_reader_who_once_knocked_reads_on_in_peace(ada: Caller, kay: Caller) -> None:
    room_id = await closed(ada)
    await knocks(kay, room_id)
    made = await ada.call("POST", f"/api/conversations/{room_id}/links", {"role": "reader"})
    code = made.body["url"].rsplit("/", 1)[1]
    assert (await kay.post_form(f"/link/{code}", {})).status == 303
    await decides(ada, room_id, knock=False)
    assert "alert" not in re.findall(r'role="(alert)">[^<]', await looks(kay, room_id))
    assert await names(ada, room_id) == []


async def test_who_left_is_not_brought_back_by_looking(ada: Caller, kay: Caller) -> None:
    room_id = await closed(ada)
    await knocks(kay, room_id)
    await answers(ada, room_id, admit=True)
    await looks(kay, room_id)
    assert (await kay.post_form(f"/conversation/{room_id}/leave", {})).status == 303
    await looks(kay, room_id)
    assert await names(ada, room_id) == []


async def test_a_name_that_somebody_else_has_by_now_is_asked_for_again(
    ada: Caller, ben: Caller, kay: Caller
) -> None:
    room_id = await closed(ada)
    await knocks(kay, room_id)
    await decides(ada, room_id, knock=False, locked=False, passphrase=PASSPHRASE)
    await ben.joins(room_id, username="Kay", user_id="ben", passphrase=PASSPHRASE)
    await ada.call("POST", f"/api/conversations/{room_id}/remove", {"user_id": "ben"})
    await answers(ada, room_id, admit=True)
    page = await looks(kay, room_id)
    assert shown(page, "join")
    assert name_asked_for(page) == "Kay"
    assert "name" in re.findall(r'id="join-problem" role="alert">([^<]*)<', page)[0]


# --- what the door offers ---


async def test_after_a_decline_the_name_is_still_there(ada: Caller, kay: Caller) -> None:
    room_id = await closed(ada)
    await knocks(kay, room_id)
    await answers(ada, room_id, admit=False)
    page = await looks(kay, room_id, 403)
    assert "Request declined" in page
    assert name_asked_for(page) == "Kay"


async def test_who_joins_as_the_door_closes_has_their_name_there_to_knock_with(
    ada: Caller, kay: Caller
) -> None:
    room_id = await closed(ada)
    reply = await kay.post_form(f"/conversation/{room_id}/join", {"username": "Kay"})
    assert reply.status == 403
    assert name_asked_for(reply.text) == "Kay"


async def test_where_both_lead_in_both_are_offered(ada: Caller, ben: Caller, kay: Caller) -> None:
    room_id = await closed(ada, knock=True, passphrase=PASSPHRASE)
    page = await looks(ben, room_id, 403)
    assert 'id="passphrase"' in page
    assert name_asked_for(page) == ""
    wrong = await ben.post_form(f"/conversation/{room_id}/enter", {"passphrase": "open barley"})
    assert re.search(r'id="passphrase-problem" role="alert">[^<]', wrong.text)
    assert not re.search(r'id="knock-problem" role="alert">[^<]', wrong.text)
    nobody = await ben.post_form(f"/conversation/{room_id}/knock", {"username": " "})
    assert re.search(r'id="knock-problem" role="alert">[^<]', nobody.text)
    assert 'id="passphrase"' in nobody.text
    await knocks(kay, room_id)
    waiting = await looks(kay, room_id, 403)
    assert "Waiting for the owner" in waiting
    assert 'id="passphrase"' in waiting
    assert name_asked_for(waiting) is None
    assert 'http-equiv="refresh"' not in waiting  # it would clear what is half typed


@pytest.mark.parametrize(
    ("wishes", "offers_passphrase", "offers_knock"),
    [
        ({"knock": True}, False, True),
        ({"passphrase": PASSPHRASE}, True, False),
        ({"knock": True, "passphrase": PASSPHRASE, "locked": True}, False, False),
    ],
    ids=["knock", "passphrase", "locked"],
)
async def test_a_way_that_leads_nowhere_is_not_offered(
    ada: Caller,
    kay: Caller,
    wishes: dict[str, object],
    offers_passphrase: bool,
    offers_knock: bool,
) -> None:
    page = await looks(kay, await closed(ada, **wishes), 403)
    assert ('id="passphrase"' in page) is offers_passphrase
    assert (name_asked_for(page) is not None) is offers_knock


async def test_who_waits_is_told_that_no_owner_is_here(ada: Caller, kay: Caller) -> None:
    room_id = await closed(ada)
    await knocks(kay, room_id)
    page = await looks(kay, room_id, 403)
    assert shown(page, "owner-away")
    assert not shown(page, "owner-here")
    state = (await kay.call("GET", f"/api/conversations/{room_id}/knock")).body
    assert (state["state"], state["owner_online"]) == ("waiting", False)


# --- while it is locked ---


@pytest.mark.parametrize("came", ["waits", "was declined", "never knocked"])
async def test_a_locked_door_says_when_it_is_locked_no_more(
    ada: Caller, kay: Caller, came: str
) -> None:
    """To the page's script, and by loading itself again where there are no scripts."""
    room_id = await closed(ada)
    if came != "never knocked":
        await knocks(kay, room_id)
    if came == "was declined":
        await answers(ada, room_id, admit=False)
    asks = f"/api/conversations/{room_id}/knock"
    before = (await kay.call("GET", asks)).body
    assert before["locked"] is False
    await decides(ada, room_id, locked=True)
    page = await looks(kay, room_id, 403)
    assert 'data-state="locked"' in page
    assert f'http-equiv="refresh" content="10; url=/conversation/{room_id}"' in page
    assert ("owner can still let you in" in page) is (came == "waits")
    reply = (await kay.call("GET", asks)).body
    assert reply["code"] == "locked" if came == "waits" else reply["locked"] is True
    await decides(ada, room_id, locked=False)
    assert (await kay.call("GET", asks)).body == before
    assert 'data-state="locked"' not in await looks(kay, room_id, 403)


async def test_a_door_that_is_locked_while_somebody_knocks_is_looked_at_again_by_its_own_address(
    ada: Caller, kay: Caller
) -> None:
    room_id = await closed(ada)
    await decides(ada, room_id, locked=True)
    reply = await kay.post_form(f"/conversation/{room_id}/knock", {"username": "Kay"})
    assert (reply.status, 'data-state="locked"' in reply.text) == (403, True)
    assert f'content="10; url=/conversation/{room_id}"' in reply.text


async def test_nobody_inside_is_told_that_they_are_locked_out(ada: Caller) -> None:
    room_id = await closed(ada, locked=True)
    reply = (await ada.call("GET", f"/api/conversations/{room_id}/knock")).body
    assert (reply["state"], reply["locked"]) == ("not_needed", False)
