"""The owner's page, as far as it is about bots: plain forms, whole without a script."""

from __future__ import annotations

import re

from tests import lasting
from tests.calls import Caller
from tests.transport.test_managing import posts, shown

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


async def made(ada: Caller, room_id: str, name: str = "Echo", *may: str) -> str:
    """The token on the page that answers the form."""
    form = {"bot_name": name, **dict.fromkeys([f"may_{each}" for each in may], "on")}
    page = await posts(ada, f"/conversation/{room_id}/manage/make-bot", form)
    assert page.status == 200, page.text
    [token] = re.findall(r"<textarea[^>]*>([^<]+)</textarea>", page.text)
    return str(token)


async def bot_id(ada: Caller, room_id: str) -> str:
    reply = await ada.call("GET", f"/api/conversations/{room_id}/bots")
    [bot] = reply.body["bots"]
    return str(bot["user_id"])


async def test_the_token_is_on_one_page_alone_and_works(ada: Caller) -> None:
    room_id = await ada.starts()
    token = await made(ada, room_id, "Echo", "read", "write")
    program = Caller(ada.app, "Echo")
    program.token = token
    said = await program.call(
        "POST", f"/api/conversations/{room_id}/messages", {"message": "Hello"}
    )
    assert said.status == 201
    page = await shown(ada, f"/conversation/{room_id}/manage")
    assert "Echo" in page
    assert "Can read and write" in page
    assert token not in page


async def test_what_it_may_is_saved(ada: Caller) -> None:
    room_id = await ada.starts()
    await made(ada, room_id, "Echo", "read", "write")
    form = {"user_id": await bot_id(ada, room_id), "may_read": "on", "may_moderate": "on"}
    saved = await posts(ada, f"/conversation/{room_id}/manage/bot", form)
    assert saved.status == 303
    page = await shown(ada, saved.headers["Location"])
    assert "Can read and moderate" in page
    assert "Saved." in page


async def test_a_new_token_and_revoking_are_asked_about_first(ada: Caller) -> None:
    room_id = await ada.starts()
    token = await made(ada, room_id, "Echo", "write")
    form = {"user_id": await bot_id(ada, room_id)}
    asked = await posts(ada, f"/conversation/{room_id}/manage/bot-token", form)
    assert "Make a new token?" in asked.text
    renewed = await posts(ada, f"/conversation/{room_id}/manage/bot-token", {**form, "sure": "yes"})
    [other] = re.findall(r"<textarea[^>]*>([^<]+)</textarea>", renewed.text)
    assert other != token
    asked = await posts(ada, f"/conversation/{room_id}/manage/revoke-bot", form)
    assert "Revoke this bot?" in asked.text
    gone = await posts(ada, f"/conversation/{room_id}/manage/revoke-bot", {**form, "sure": "yes"})
    assert gone.status == 303
    page = await shown(ada, gone.headers["Location"])
    assert "The bot was revoked." in page
    assert "Allow back" not in page


async def test_what_was_filled_in_stays_where_it_is_refused(ada: Caller) -> None:
    room_id = await ada.starts()
    form = {"bot_name": "Echo"}  # it may nothing
    page = await posts(ada, f"/conversation/{room_id}/manage/make-bot", form)
    assert page.status == 400
    assert "allow the bot something" in page.text
    assert 'value="Echo"' in page.text


async def test_members_see_no_form_and_make_none(ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    await ben.joins(room_id)
    form = {"bot_name": "Echo", "may_read": "on"}
    page = await posts(ben, f"/conversation/{room_id}/manage/make-bot", form)
    assert page.status == 403


async def test_a_bot_has_its_badge_on_the_page(ada: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    program = Caller(ada.app, "Echo")
    program.token = await made(ada, room_id, "Echo", "write")
    said = {"message": "Hello", "buttons": [{"id": "a", "label": "<b>Yes</b>"}]}
    await program.call("POST", f"/api/conversations/{room_id}/messages", said)
    page = await shown(ada, f"/conversation/{room_id}")
    assert re.search(r'data-part="mark">bot</span>', page)
    assert re.search(r'data-part="facts">\s*bot\s*</span>', page)
    assert 'data-button="a"><bdi>&lt;b&gt;Yes&lt;/b&gt;</bdi></button>' in page


async def test_an_encrypted_conversation_says_why_it_has_none(ada: Caller) -> None:
    start = {"encrypted": True, "read_proof_hash": "A" * 43}
    created = await ada.call("POST", "/api/conversations/create", start)
    ada.token = created.body["token"]
    page = await shown(ada, f"/conversation/{created.body['room_id']}/manage")
    assert "bots can't either" in page
