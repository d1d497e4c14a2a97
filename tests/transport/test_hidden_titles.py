"""What a conversation is about is nothing for those whom its door keeps out, on whatever page."""

from __future__ import annotations

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import Caller

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

SECRET = {"title": "canary-5be1 title", "description": "canary-5be1 description"}
CLOSED: dict[str, dict[str, object]] = {
    "by a passphrase": {"passphrase": "open sesame"},
    "by knocking": {"knock": True},
    "by both": {"passphrase": "open sesame", "knock": True},
    "locked": {"locked": True},
    "though previews show it": {"locked": True, "preview_title": True},
}
PAGES = (
    "",
    "?at=1",
    "?before=9",
    "/left",
    "/end",
    "/manage",
    "/delete",
    "/replace-link",
    "/qr.svg",
)
FORMS = {
    "join": {"username": "Kay"},
    "knock": {"username": "Kay"},
    "enter": {"passphrase": "a guess"},
    "messages": {"message": "Hello"},
    "leave": {},
    "end": {},
    "manage/title": {"title": "Mine"},
    "manage/keep": {"keep_days": "1"},
}
CALLS = (
    "",
    "/messages",
    "/changes?since=0",
    "/knock",
    "/manage",
    "/acts",
    "/links",
    "/participants",
)


@pytest.fixture
def kay(app: Parley) -> Caller:
    return Caller(app, "Kay", cookies=True)


async def shown(kay: Caller, room_id: str) -> dict[str, str]:
    """All that somebody can ask for, and what they are told."""
    told = {}
    for page in PAGES:
        told[page] = (await kay.call("GET", f"/conversation/{room_id}{page}")).text
    for act, fields in FORMS.items():
        told[act] = (await kay.post_form(f"/conversation/{room_id}/{act}", fields)).text
    for call in CALLS:
        told[f"api{call}"] = (await kay.call("GET", f"/api/conversations/{room_id}{call}")).text
    return told


def tells(told: dict[str, str]) -> list[str]:
    return [where for where, text in told.items() if "canary" in text]


@pytest.mark.parametrize("how", CLOSED)
async def test_no_page_tells_a_stranger_at_a_closed_door_what_it_is_about(
    ada: Caller, kay: Caller, how: str
) -> None:
    room_id = await ada.starts(visibility="unlisted", **SECRET)
    path = f"/api/conversations/{room_id}"
    assert tells(await shown(Caller(ada.app, "Dan"), room_id))  # while it was open
    assert (await ada.call("PATCH", path, CLOSED[how])).status == 200
    assert tells(await shown(kay, room_id)) == []


async def test_nor_somebody_removed_nor_whoever_has_the_old_link(ada: Caller, kay: Caller) -> None:
    room_id = await ada.starts(visibility="unlisted", **SECRET)
    path = f"/api/conversations/{room_id}"
    await kay.post_form(f"/conversation/{room_id}/join", {"username": "Kay"})
    [in_it] = (await ada.reads(room_id))["participants"]
    link = (await ada.call("POST", f"{path}/links", {"role": "member"})).body["url"]
    link = link.removeprefix("http://localhost")
    assert "canary" in (await kay.call("GET", link)).text
    removed = await ada.call("POST", f"{path}/remove", {"user_id": in_it["user_id"]})
    assert removed.status == 200
    assert tells(await shown(kay, room_id)) == []
    assert "canary" not in (await kay.call("GET", link)).text
    await ada.call("POST", f"{path}/link")
    assert tells(await shown(Caller(ada.app, "Dan"), room_id)) == []
