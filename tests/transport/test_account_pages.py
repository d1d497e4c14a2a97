"""The account's page as a browser without scripts has it; and everything of one's own as a file."""

from __future__ import annotations

import io
import json
import re
import zipfile

import pytest

from parley.app import Parley, web_site
from parley.domain import sessions
from tests import lasting
from tests.calls import FOREIGN, Caller
from tests.passkeys import Browser

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

ACCOUNT = "/account"


@pytest.fixture
def ana(app: Parley) -> Browser:
    return Browser(app)


async def looks(browser: Caller, path: str = ACCOUNT) -> str:
    reply = await browser.http.get(path)
    assert reply.status_code == 200
    return await reply.get_data(True)


async def starts(browser: Browser) -> list[str]:
    """An account, by the form; its codes."""
    reply = await browser.post_form(f"{ACCOUNT}/start", {"name": "Ana"})
    assert reply.status == 200, reply
    assert reply.headers["Cache-Control"] == "no-store"
    return re.findall(r"[0-9a-z]{4}(?:-[0-9a-z]{4}){3}", reply.text)


async def test_codes_are_shown_once(ana: Browser) -> None:
    codes = await starts(ana)
    assert len(codes) == 10
    page = await looks(ana)
    assert not any(code in page for code in codes)
    assert "10 are left" in page


async def test_a_wrong_code_is_told_at_its_place(ana: Browser, app: Parley) -> None:
    await starts(ana)
    desk = Browser(app)
    reply = await desk.post_form(f"{ACCOUNT}/sign-in", {"code": "0000-0000-0000-0000"})
    assert reply.status == 403
    assert 'id="sign-in-error"' in reply.text
    assert "isn&#39;t valid" in reply.text


async def test_who_needs_to_confirm_is_asked_to(
    ana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    from parley.domain import accounts

    codes = await starts(ana)
    monkeypatch.setattr(accounts, "CONFIRMED_FOR", accounts.CONFIRMED_FOR * 0)
    for form in ("codes", "delete"):
        reply = await ana.post_form(f"{ACCOUNT}/{form}", {})
        assert reply.status == 403
        assert 'id="confirm-error"' in reply.text
    monkeypatch.undo()
    reply = await ana.post_form(f"{ACCOUNT}/sign-in", {"code": codes[0]})
    assert (reply.status, reply.headers["Location"]) == (303, "/account?done=confirmed")


async def test_forms_of_strangers_and_of_other_sites_do_nothing(ana: Browser, app: Parley) -> None:
    await starts(ana)
    account = await ana.account()
    assert account is not None
    device = account["devices"][0]["id"]
    forms = ("codes", "delete", "sign-out", "sign-out-others", f"devices/{device}/sign-out")
    for form in forms:
        reply = await Browser(app).post_form(f"{ACCOUNT}/{form}", {"messages": "delete"})
        assert reply.status == 403, form
        reply = await ana.post_form(f"{ACCOUNT}/{form}", {"messages": "delete"}, origin=FOREIGN)
        assert reply.status == 403, form
    now = await ana.account()
    assert now is not None
    assert [each["id"] for each in now["devices"]] == [device]
    assert now["codes_left"] == 10


async def test_who_signs_out_is_a_stranger(ana: Browser) -> None:
    await starts(ana)
    reply = await ana.post_form(f"{ACCOUNT}/sign-out", {})
    assert reply.headers["Location"] == "/account?done=signed-out"
    assert await ana.account() is None
    assert "Keep who you are" in await looks(ana)


async def test_what_is_in_an_address_is_no_markup(ana: Browser) -> None:
    page = await looks(ana, "/account?done=<script>")
    assert "<script>" not in page.replace('<script src="', "").replace("<script type=", "")


async def test_everything_of_ones_own_is_in_one_file(ana: Browser, app: Parley) -> None:
    for title in ("Tea", "Coffee: black/white"):
        room_id = await ana.starts(title)
        await ana.joins(room_id)
        await ana.says(room_id, f"Hello, {title}")
    ben = Caller(app, "Ben")
    theirs = await ben.starts("Not Ana's")
    await ben.joins(theirs)
    hidden = await ana.call(
        "POST", "/api/conversations/create", {"encrypted": True, "read_proof_hash": "A" * 43}
    )
    await starts(ana)
    reply = await ana.http.get(f"{ACCOUNT}/export")
    assert reply.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(await reply.get_data(False))) as zipped:
        assert zipped.testzip() is None
        names = set(zipped.namelist())
        folders = {name.partition("/")[0] for name in names if "/" in name}
        assert {folder[4:] for folder in folders} == {"Tea", "Coffee_ black_white"}
        for folder in folders:
            page = zipped.read(f"{folder}/conversation.html").decode()
            assert "Hello, " in page
            assert f"{folder}/conversation.jsonl" in names
        about = json.loads(zipped.read("account.json"))
        assert about["account"]["name"] == "Ana"
        assert not any("Not Ana" in name for name in names)
        assert hidden.body["room_id"] in zipped.read("left-out.txt").decode()


async def test_strangers_have_nothing_to_take_along(app: Parley) -> None:
    reply = await Caller(app, "Eve", cookies=True).http.get(f"{ACCOUNT}/export")
    assert reply.status_code == 403


async def test_only_one_goes_on_at_a_time(ana: Browser, app: Parley) -> None:
    room_id = await ana.starts()
    await ana.joins(room_id)
    session = await sessions.resolve(web_site(app).context, ana.held)
    assert session is not None
    turn = web_site(app).context.exports.begin(session.id, "192.0.2.1")
    assert (await ana.http.get(f"{ACCOUNT}/export")).status_code == 429
    turn.end()
    for _ in range(2):  # its turn is over with it
        assert (await ana.http.get(f"{ACCOUNT}/export")).status_code == 200
