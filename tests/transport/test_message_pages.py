"""What can be done with one message by forms: for whom, from where, and what is told."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from parley.app import Parley
from tests import lasting
from tests.calls import FOREIGN, Caller

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


@pytest.fixture
def ben(app: Parley) -> Caller:
    """Somebody with a browser, who runs no scripts."""
    return Caller(app, "Ben", cookies=True)


@pytest_asyncio.fixture(loop_scope="module")
async def path(ada: Caller) -> str:
    """A conversation that Ada owns, and speaks in."""
    room_id = await ada.starts("Tea")
    await ada.call("POST", f"/api/conversations/{room_id}/join", {"username": "Ada"})
    await ada.call("POST", f"/api/conversations/{room_id}/messages", {"message": "By Ada"})
    return f"/conversation/{room_id}"


async def says(ben: Caller, path: str, text: str) -> str:
    """Join and say it by forms; the address of the message's own page."""
    assert (await ben.post_form(f"{path}/join", {"username": "Ben"})).status == 303
    assert (await ben.post_form(f"{path}/messages", {"message": text})).status == 303
    [link] = re.findall(rf'href="({path}/messages/[^"]+)"', (await ben.call("GET", path)).text)
    return str(link)


async def told(who: Caller, path: str) -> list[str]:
    reply = await who.call("GET", f"/api{path.replace('conversation', 'conversations')}/messages")
    return [each["message"] for each in reply.body["messages"]]


async def test_who_wrote_it_edits_and_deletes_by_forms(ben: Caller, path: str) -> None:
    where = await says(ben, path, "Tea at <for>")
    page = (await ben.call("GET", where)).text
    assert "Tea at &lt;for&gt;</textarea>" in page
    assert "Pin for everyone" not in page
    # To look is not to do.
    assert await told(ben, path) == ["By Ada", "Tea at <for>"]
    edited = await ben.post_form(f"{where}/edit", {"message": "Tea at\r\nfour"})
    assert (edited.status, edited.headers["Location"]) == (303, f"{path}?at=2#m-2")
    assert await told(ben, path) == ["By Ada", "Tea at\nfour"]
    assert "edited" in (await ben.call("GET", path)).text
    refused = await ben.post_form(f"{where}/edit", {"message": " "})
    assert refused.status == 400
    assert 'role="alert"' in refused.text
    assert (await ben.post_form(f"{where}/delete", {})).status == 303
    assert await told(ben, path) == ["By Ada", ""]
    assert (await ben.call("GET", where)).status == 404


async def test_an_owner_pins_and_deletes_what_others_wrote_and_edits_nothing_of_it(
    app: Parley, ben: Caller
) -> None:
    owner = Caller(app, "Ada", cookies=True)
    path = (await owner.post_form("/conversations", {"title": "Tea"})).headers["Location"]
    where = await says(ben, path, "Four o'clock")
    page = (await owner.call("GET", where)).text
    assert "Pin for everyone" in page
    assert "<textarea" not in page
    assert (await owner.post_form(f"{where}/pin", {"on": "yes"})).status == 303
    pins = f"/api{path.replace('conversation', 'conversations')}/pins"
    assert len((await ben.call("GET", pins)).body["messages"]) == 1
    assert "Unpin" in (await owner.call("GET", where)).text
    assert (await owner.post_form(f"{where}/pin", {"on": "no"})).status == 303
    assert (await ben.call("GET", pins)).body["messages"] == []
    assert (await owner.post_form(f"{where}/edit", {"message": "Five"})).status == 403
    assert (await owner.post_form(f"{where}/delete", {})).status == 303
    assert await told(ben, path) == [""]


async def test_others_and_foreign_pages_change_nothing(app: Parley, ben: Caller, path: str) -> None:
    where = await says(ben, path, "Mine")
    cleo = Caller(app, "Cleo", cookies=True)
    assert (await cleo.call("GET", where)).status == 403
    assert (await cleo.post_form(f"{path}/join", {"username": "Cleo"})).status == 303
    assert where not in (await cleo.call("GET", path)).text
    for act, fields in (("edit", {"message": "x"}), ("delete", {}), ("pin", {"on": "yes"})):
        assert (await cleo.post_form(f"{where}/{act}", fields)).status == 403
        foreign = await ben.post_form(f"{where}/{act}", fields, origin=FOREIGN)
        assert foreign.status == 403, act
    assert await told(ben, path) == ["By Ada", "Mine"]
    assert (await ben.call("GET", f"{path}/messages/2-nothing")).status == 404


async def test_what_can_be_edited_no_more_is_not_lost(ben: Caller, path: str, ada: Caller) -> None:
    where = await says(ben, path, "Mine")
    ended = await ada.call("POST", f"/api{path.replace('conversation', 'conversations')}/end")
    assert ended.status == 200
    page = (await ben.call("GET", where)).text
    assert "<textarea" not in page
    assert "Delete for everyone" in page
    refused = await ben.post_form(f"{where}/edit", {"message": "Long thoughts"})
    assert refused.status == 410
    assert "Long thoughts</textarea>" in refused.text
