"""Whoever comes back finds what their browser takes part in, and nothing of anybody else's."""

from __future__ import annotations

import re
from html import unescape

import pytest

from parley.app import Parley
from parley.domain import participation
from parley.pages.titles import UNTITLED
from tests import lasting
from tests.calls import Caller

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

HEADING = "Your conversations"


@pytest.fixture
def cleo(app: Parley) -> Caller:
    """Somebody with a browser."""
    return Caller(app, "Cleo", cookies=True)


async def joins(browser: Caller, room_id: str) -> None:
    reply = await browser.post_form(f"/conversation/{room_id}/join", {"username": browser.name})
    assert reply.status == 303, reply


async def own(browser: Caller, path: str = "/") -> list[tuple[str, str]]:
    """The lines of the list: room ids, and what is said of each."""
    page = (await browser.call("GET", path)).text
    section = re.search(r'<section class="own".*?</section>', page, re.DOTALL)
    if section is None:
        return []
    lines = re.findall(
        r'<a data-part="link" href="/conversation/([^"]+)">(.*?)</a>', section[0], re.DOTALL
    )
    return [(id, " ".join(unescape(re.sub("<[^>]+>", " ", line)).split())) for id, line in lines]


@pytest.mark.parametrize("path", ["/", "/conversations"])
async def test_both_first_pages_list_what_one_takes_part_in(
    cleo: Caller, ada: Caller, path: str
) -> None:
    hut, tea = await ada.starts("Hut", visibility="unlisted"), await ada.starts("Tea")
    await ada.starts("None of hers")
    await joins(cleo, hut)
    await joins(cleo, tea)
    await ada.joins(hut)
    await ada.says(hut, "Bring a lamp")
    await ada.ends(tea)
    found = await own(cleo, path)
    assert [id for id, _ in found] == [hut, tea]
    assert re.fullmatch(
        r"Hut 1 new Ada: Bring a lamp 1 message · \d+ [A-Z][a-z]+ \d{4}", found[0][1]
    )
    assert re.fullmatch(r"Tea ended 0 messages · \d+ [A-Z][a-z]+ \d{4}", found[1][1])


async def test_what_one_started_is_marked_and_has_a_name(cleo: Caller) -> None:
    await cleo.post_form("/conversations", {"title": "Tea"})
    await cleo.post_form("/conversations", {"title": ""})
    (untitled_id, untitled), (_, tea) = await own(cleo)
    assert tea.startswith("Tea owner ")
    assert untitled.startswith(f"{UNTITLED} owner ")
    assert untitled_id not in untitled


async def test_a_stranger_sees_nothing_of_anybody_else(cleo: Caller, ada: Caller) -> None:
    room_id = await ada.starts("Secret", visibility="unlisted")
    await ada.joins(room_id)
    await cleo.call("GET", f"/conversation/{room_id}")
    for path in ("/", "/conversations"):
        page = (await cleo.call("GET", path)).text
        assert HEADING not in page
        assert "Secret" not in page


async def test_who_was_removed_finds_it_no_more(cleo: Caller, ada: Caller) -> None:
    room_id = await ada.starts("Tea")
    await joins(cleo, room_id)
    [person] = (await ada.reads(room_id))["participants"]
    path = f"/api/conversations/{room_id}/remove"
    assert (await ada.call("POST", path, {"user_id": person["user_id"]})).status == 200
    assert await own(cleo) == []


async def test_a_deleted_one_is_listed_no_more(cleo: Caller, ada: Caller) -> None:
    room_id = await ada.starts("Tea")
    await joins(cleo, room_id)
    assert (await ada.call("DELETE", f"/api/conversations/{room_id}")).status == 200
    assert await own(cleo) == []


async def test_a_reader_by_link_finds_it_until_the_link_is_revoked(
    cleo: Caller, ada: Caller
) -> None:
    room_id = await ada.starts("Tea", visibility="unlisted")
    links = f"/api/conversations/{room_id}/links"
    made = (await ada.call("POST", links, {"role": "reader"})).body
    await cleo.post_form(f"/link/{made['url'].rsplit('/', 1)[1]}", {})
    assert [id for id, _ in await own(cleo)] == [room_id]
    assert (await ada.call("DELETE", f"{links}/{made['link']['id']}")).status == 200
    assert await own(cleo) == []


async def test_a_replaced_link_is_the_one_listed(cleo: Caller, ada: Caller) -> None:
    room_id = await ada.starts("Tea")
    await joins(cleo, room_id)
    replaced = (await ada.call("POST", f"/api/conversations/{room_id}/link", {})).body
    assert replaced["room_id"] != room_id
    assert [id for id, _ in await own(cleo)] == [replaced["room_id"]]


async def test_the_list_is_short_and_left_out_of_a_search(
    cleo: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(participation, "SHOWN_MAX", 2)
    for title in ("One", "Two", "Three"):
        await cleo.post_form("/conversations", {"title": title})
    assert [line.split()[0] for _, line in await own(cleo)] == ["Three", "Two"]
    assert await own(cleo, "/conversations?q=One") == []
