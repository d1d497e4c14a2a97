"""What other apps show of a link, and what their asking does: nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest

from parley.app import Parley, create_app
from parley.config import Config
from tests import lasting
from tests.calls import Caller, Json

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

BOTS = (
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Twitterbot/1.0",
    "WhatsApp/2.24.1.5 A",
    "TelegramBot (like TwitterBot)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
)
SECRET = {"title": "Grandma's surprise", "description": "Sunday at four"}


async def card(bot: Caller, path: str) -> dict[str, str]:
    """What a page says of itself to other apps."""
    page = (await bot.call("GET", path)).text
    said = re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)"', page)
    assert len(dict(said)) == len(said)
    return {name: unescape(value) for name, value in said}


@pytest.fixture
def bot(app: Parley) -> Caller:
    return Caller(app, "A bot")


async def test_an_unlisted_conversation_is_shown_without_its_title(
    bot: Caller, ada: Caller
) -> None:
    room_id = await ada.starts(visibility="unlisted", **SECRET)
    path = f"/conversation/{room_id}"
    found = await card(bot, path)
    assert found["og:title"] == "A conversation on localhost"
    assert found["og:description"] == "Open the link to read it and join in."
    page = (await bot.call("GET", path)).text
    descriptions = re.findall(r'<meta name="description" content="([^"]*)"', page)
    assert descriptions == [found["og:description"]]
    await ada.call("PATCH", f"/api/conversations/{room_id}", {"locked": True})
    assert await card(bot, path) == found


@pytest.mark.parametrize("how", ["listed", "as its owner says"])
async def test_a_title_is_shown_where_all_may_know_it(bot: Caller, ada: Caller, how: str) -> None:
    visibility = "listed" if how == "listed" else "unlisted"
    room_id = await ada.starts(visibility=visibility, **SECRET)
    if how != "listed":
        change = f"/api/conversations/{room_id}"
        assert (await ada.call("PATCH", change, {"preview_title": True})).status == 200
        assert (await ada.call("GET", f"{change}/manage")).body["preview_title"] is True
    found = await card(bot, f"/conversation/{room_id}")
    assert (found["og:title"], found["og:description"]) == (SECRET["title"], SECRET["description"])
    if how != "listed":
        await ada.call("PATCH", change, {"preview_title": False})
        assert SECRET["title"] not in (await card(bot, f"/conversation/{room_id}")).values()
        acts = (await ada.call("GET", f"{change}/acts")).body["acts"]
        assert [act["act"] for act in acts] == ["hid_title_in_previews", "showed_title_in_previews"]


async def test_an_untitled_one_is_not_called_by_its_id(bot: Caller, ada: Caller) -> None:
    room_id = await ada.starts(None, visibility="listed")
    found = await card(bot, f"/conversation/{room_id}")
    assert not any(room_id in value for value in found.values())


@pytest.mark.parametrize("path", ["/", "/conversations", "/conversation/nowhere", "/link/nowhere"])
async def test_every_page_has_a_card_with_a_picture_that_others_may_show(
    bot: Caller, path: str
) -> None:
    found = await card(bot, path)
    assert found["twitter:card"] == "summary_large_image"
    assert found["og:title"]
    assert found["og:image"].startswith("http://localhost/static/")
    reply = await bot.call("GET", found["og:image"].removeprefix("http://localhost"))
    assert (reply.status, reply.headers["Content-Type"]) == (200, "image/png")
    assert reply.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


async def test_addresses_are_those_that_people_reach_the_server_by(own_config: Config) -> None:
    app = create_app(replace(own_config, public_url="https://talk.example"))
    async with app.test_app():
        host = {"Host": "talk.example"}
        page = (await Caller(app, "A bot").call("GET", "/link/nowhere", headers=host)).text
    assert re.search(r'"og:image" content="https://talk\.example/static/[^"]+"', page)
    assert 'content="A conversation on talk.example"' in page


async def test_the_page_of_a_link_that_leads_nowhere_is_no_other_than_one_that_does(
    bot: Caller, ada: Caller
) -> None:
    room_id = await ada.starts(visibility="unlisted", **SECRET)
    links = f"/api/conversations/{room_id}/links"
    made = (await ada.call("POST", links, {"role": "reader"})).body
    found = await card(bot, f"/link/{made['url'].rsplit('/', 1)[1]}")
    assert found == await card(bot, "/link/nowhere")


async def test_a_bot_that_looks_uses_nothing_up_and_is_counted_nowhere(
    bot: Caller, ada: Caller, ben: Caller
) -> None:
    room_id = await ada.starts(visibility="unlisted", **SECRET)
    links = f"/api/conversations/{room_id}/links"
    once = {"role": "member", "uses_max": 1}
    owners, members = [
        f"/link/{(await ada.call('POST', links, made)).body['url'].rsplit('/', 1)[1]}"
        for made in ({"role": "owner"}, once)
    ]
    before = await counted(ada, room_id)
    for name in BOTS:
        for path in (owners, members, f"/conversation/{room_id}"):
            for method in ("GET", "HEAD"):
                reply = await bot.call(method, path, headers={"User-Agent": name})
                assert reply.status == 200
    assert await counted(ada, room_id) == before
    for link in (owners, members):
        used = await Caller(ben.app, "Ben").call("POST", f"/api/links/{link.rsplit('/', 1)[1]}")
        assert used.status == 200


async def counted(ada: Caller, room_id: str) -> Json:
    managed: Json = (await ada.call("GET", f"/api/conversations/{room_id}/manage")).body
    room = await ada.reads(room_id)
    return {**managed, "room": {**room}}


async def test_the_owner_says_so_on_their_page(ada: Caller) -> None:
    for visibility, is_asked in (("unlisted", True), ("listed", False)):
        room_id = await ada.starts(visibility=visibility, **SECRET)
        headers = {"Authorization": f"Bearer {ada.token}"}
        path = f"/conversation/{room_id}/manage"
        page = (await ada.call("GET", path)).text
        assert ('name="preview_title"' in page) is is_asked
        form = {**SECRET, "has_preview": "yes", "preview_title": "on"}
        assert (await ada.http.post(f"{path}/title", form=form, headers=headers)).status_code == 303
        page = (await ada.call("GET", path)).text
        assert ('name="preview_title" checked' in page) is is_asked
