"""Pages for frames on other sites: which may be in one, whose cookie counts there, and oEmbed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from http.cookies import SimpleCookie
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import pytest_asyncio

from parley.app import Parley, create_app, web_site
from parley.config import Config
from parley.credentials import COOKIE, FRAME_COOKIE
from parley.limits.limiter import Kind, Who
from tests import lasting
from tests.calls import Caller, Json, Reply

pytestmark = lasting.in_one_loop
app = lasting.app

HOST = "talk.example"
OURS = f"https://{HOST}"
SHOP = "https://shop.example"
FRAME = f"__Host-{FRAME_COOKIE}"
INTO_FRAME = {"Host": HOST, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}
IN_FRAME = {"Host": HOST, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "iframe"}
SCRIPT = {"Host": HOST, "Origin": OURS, "Sec-Fetch-Site": "same-origin", "Parley-Page": "frame"}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Config:
    made = lasting.config_in(tmp_path_factory.mktemp("framed"), empty_database)
    return replace(made, public_url=OURS, embedding_origins=(SHOP,))


def set_in(reply: Reply) -> SimpleCookie:
    made = SimpleCookie()
    for line in reply.headers.getlist("Set-Cookie"):
        made.load(line.replace("; Partitioned", ""))
    return made


@pytest_asyncio.fixture(loop_scope="module")
async def unframed(config: Config, tmp_path: Path) -> AsyncIterator[Caller]:
    """Somebody at a server that allows no frames, who started something there."""
    data = tmp_path / "unframed"
    data.mkdir()
    app = create_app(replace(config, embedding_origins=(), data=data, database_url=""))
    async with app.test_app():
        yield Caller(app, "Cleo")


async def starts(who: Caller) -> str:
    reply = await who.call("POST", "/api/conversations/create", {}, headers={"Host": HOST})
    who.token = reply.body["token"]
    found: str = reply.body["room_id"]
    return found


async def joins(who: Caller, room_id: str, headers: dict[str, str]) -> Reply:
    path = f"/api/conversations/{room_id}/join"
    return await who.call("POST", path, {"username": who.name}, headers=headers)


@pytest_asyncio.fixture(loop_scope="module")
async def room_id(ada: Caller) -> str:
    return await starts(ada)


async def test_a_frame_has_a_cookie_that_is_kept_for_its_site_alone(
    ben: Caller, room_id: str
) -> None:
    reply = await joins(ben, room_id, SCRIPT)
    [line] = [each for each in reply.headers.getlist("Set-Cookie") if FRAME in each]
    for said in ("Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"):
        assert f"; {said}" in line
    assert "Domain" not in line
    assert "token" not in reply.body


async def test_at_our_own_address_and_without_embedding_there_is_no_such_cookie(
    ben: Caller, room_id: str, unframed: Caller
) -> None:
    reply = await joins(ben, room_id, {**SCRIPT, "Parley-Page": "1"})
    assert set(set_in(reply)) == {f"__Host-{COOKIE}"}
    room_id, unframed.token = await starts(unframed), None
    assert set(set_in(await joins(unframed, room_id, SCRIPT))) == {f"__Host-{COOKIE}"}


async def test_a_frame_that_keeps_no_cookies_is_told_its_token(ben: Caller, room_id: str) -> None:
    reply = await joins(ben, room_id, {**SCRIPT, "Parley-Page": "frame token"})
    assert reply.body["token"] == set_in(reply)[FRAME].value


async def test_the_cookie_counts_in_frames_and_for_nobody_who_only_makes_one_send_it(
    ben: Caller, room_id: str
) -> None:
    token = set_in(await joins(ben, room_id, SCRIPT))[FRAME].value
    path, api = f"/conversation/{room_id}", f"/api/conversations/{room_id}"

    async def is_ben(headers: dict[str, str], method: str = "GET") -> bool:
        sent = {**headers, "Cookie": f"{FRAME}={token}"}
        if method == "GET":
            return "data-read-seq" in (await ben.call("GET", path, headers=sent)).text
        reply = await ben.call("POST", f"{api}/messages", {"message": "Hi"}, headers=sent)
        return reply.status == 201

    assert await is_ben(INTO_FRAME)
    assert await is_ben(IN_FRAME)
    assert await is_ben(SCRIPT, "POST")
    assert await is_ben({**IN_FRAME, "Origin": "null"}, "POST")
    # A link, a tab, a script of the site around, a program, an old browser.
    assert not await is_ben({**INTO_FRAME, "Sec-Fetch-Dest": "document"})
    assert not await is_ben({**INTO_FRAME, "Sec-Fetch-Dest": "image"})
    assert not await is_ben({"Host": HOST})
    assert not await is_ben({**INTO_FRAME, "Origin": SHOP}, "POST")
    assert not await is_ben({**INTO_FRAME, "Origin": "null"}, "POST")
    assert not await is_ben({"Host": HOST, "Origin": "null"}, "POST")
    assert not await is_ben({"Host": HOST, "Sec-Fetch-Site": "none"}, "POST")


async def test_a_plain_name_is_no_cookie_of_frames(ben: Caller, room_id: str) -> None:
    token = set_in(await joins(ben, room_id, SCRIPT))[FRAME].value
    sent = {**INTO_FRAME, "Cookie": f"{FRAME_COOKIE}={token}"}
    page = (await ben.call("GET", f"/conversation/{room_id}", headers=sent)).text
    assert "data-read-seq" not in page


async def test_what_decides_for_good_is_in_no_frame(ada: Caller, room_id: str) -> None:
    paths = ["/account", "/desks", "/import", "/share", "/contact/nobody"]
    of_it = ("manage", "hooks", "who", "delete", "replace-link", "end")
    paths += [f"/conversation/{room_id}/{rest}" for rest in of_it]
    for path in paths:
        reply = await ada.call("GET", path, headers=INTO_FRAME)
        assert "frame-ancestors 'none'" in reply.headers["Content-Security-Policy"], path
        assert reply.headers["X-Frame-Options"] == "DENY", path
    for path in ("/", f"/conversation/{room_id}", f"/conversation/{room_id}/files"):
        reply = await ada.call("GET", path, headers=INTO_FRAME)
        assert f"frame-ancestors {SHOP}" in reply.headers["Content-Security-Policy"], path


async def test_only_what_is_for_a_frame_has_its_script(ada: Caller, room_id: str) -> None:
    path = f"/conversation/{room_id}"
    framed = (await ada.call("GET", path, headers=INTO_FRAME)).text
    assert f'data-hosts="{SHOP}"' in framed
    assert "/js/frame.js" in framed
    assert "data-worker" not in framed
    plain = (await ada.call("GET", path, headers={"Host": HOST})).text
    assert "data-hosts" not in plain
    assert "frame.js" not in plain


async def test_the_script_for_other_pages_is_light_and_soon_another(ada: Caller) -> None:
    gzip = {"Host": HOST, "Accept-Encoding": "gzip"}
    reply = await ada.call("GET", "/embed.js", headers=gzip)
    assert reply.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert reply.headers["Cache-Control"] == "public, max-age=600"
    assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert reply.headers["Content-Encoding"] == "gzip"
    assert len(reply.raw) < 5 * 1024


# --- oEmbed ---


async def asks(who: Caller, url: str, more: str = "") -> Reply:
    return await who.call("GET", f"/oembed?url={url}{more}", headers={"Host": HOST})


async def test_a_link_becomes_a_frame(ada: Caller, ben: Caller, room_id: str) -> None:
    url = f"{OURS}/conversation/{room_id}"
    said: Json = (await asks(ben, url, "&maxwidth=400&maxheight=9000")).body
    assert said["html"].startswith(f'<iframe src="{url}" title="A conversation on {HOST}"')
    assert 'sandbox="allow-scripts ' in said.pop("html")
    assert said == {
        "version": "1.0",
        "type": "rich",
        "title": f"A conversation on {HOST}",
        "provider_name": "Parley",
        "provider_url": OURS,
        "cache_age": 600,
        "width": 400,
        "height": 480,
    }
    reply = await asks(ben, url, "&format=xml")
    assert reply.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert ET.fromstring(reply.raw).findtext("title") == said["title"]
    assert (await asks(ben, url, "&format=yaml")).status == 501
    page = (await ben.call("GET", f"/conversation/{room_id}", headers={"Host": HOST})).text
    assert 'type="application/json+oembed" href="https://talk.example/oembed?url=https' in page


async def test_it_tells_a_title_only_where_the_page_s_card_does(
    ada: Caller, ben: Caller, room_id: str
) -> None:
    path, url = f"/api/conversations/{room_id}", f"{OURS}/conversation/{room_id}"
    headers = {"Host": HOST}
    await ada.call("PATCH", path, {"title": '"><script>', "preview_title": True}, headers=headers)
    said = (await asks(ben, url)).body
    assert said["title"] == '"><script>'
    assert "<script" not in said["html"]
    assert (
        ET.fromstring((await asks(ben, url, "&format=xml")).raw).findtext("title") == said["title"]
    )
    no_xml = {"title": "a\uffffb"}
    await ada.call("PATCH", path, no_xml, headers=headers)
    read = ET.fromstring((await asks(ben, url, "&format=xml")).raw)
    assert read.findtext("title") == "a\ufffdb"
    await ada.call("PATCH", path, {"passphrase": "open sesame"}, headers=headers)
    assert (await asks(ben, url)).body["title"] == f"A conversation on {HOST}"


@pytest.mark.parametrize(
    "url",
    ["", "x", "https://elsewhere.example/conversation/abc", f"{OURS}/link/abc", f"{OURS}/", "//["],
)
async def test_what_is_no_link_of_a_conversation_is_not_found(ben: Caller, url: str) -> None:
    assert (await asks(ben, url)).status == 404


async def test_guessing_by_it_is_guessing(
    app: Parley, ben: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = web_site(app).limits
    asked: list[Kind] = []
    charge = limits.charge

    async def charged(kind: Kind, who: Who, room: int | str = "") -> None:
        asked.append(kind)
        await charge(kind, who, room)

    monkeypatch.setattr(limits, "charge", charged)
    assert (await asks(ben, f"{OURS}/conversation/guessed")).status == 404
    assert asked == [Kind.UNKNOWN_ROOMS]


async def test_without_embedding_it_is_a_link_and_no_frame(unframed: Caller) -> None:
    room_id = await starts(unframed)
    said = (await asks(unframed, f"{OURS}/conversation/{room_id}")).body
    assert said["type"] == "link"
    assert "html" not in said
    page = await unframed.call("GET", f"/conversation/{room_id}", headers={"Host": HOST})
    assert "oembed" not in page.text
