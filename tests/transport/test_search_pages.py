"""The pages of a search, as a browser without scripts gets and uses them."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

import pytest
import pytest_asyncio

from parley import contract
from parley.app import Parley
from parley.domain import looking, searching
from parley.pages import searching as pages
from tests import lasting
from tests.calls import Caller, Reply

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

HOSTILE = '<img src=x onerror=alert(1)> cake" onclick="x'
ROW = re.compile(r'<li class="found-row"><a href="([^"]+)"')


@pytest.fixture
def visitor(app: Parley) -> Caller:
    """Somebody with a browser, who runs no scripts."""
    return Caller(app, "Cleo", cookies=True)


def addresses(page: str) -> list[str]:
    return [html.unescape(each) for each in ROW.findall(page)]


def link(page: str, words: str) -> str:
    found = re.search(rf'<a[^>]* href="([^"]+)"[^>]*>{re.escape(words)}</a>', page)
    assert found, (words, page)
    return html.unescape(found[1])


async def search(who: Caller, room_id: str, typed: str, status: int = 200, **more: str) -> str:
    path = f"/conversation/{room_id}/search" if room_id else "/search"
    reply = await who.call("GET", f"{path}?{urlencode({'q': typed, **more})}")
    assert reply.status == status, reply
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    return reply.text


@pytest_asyncio.fixture(loop_scope="module")
async def room_id(ada: Caller) -> str:
    room_id = await ada.starts("Tea")
    await ada.joins(room_id)
    return room_id


async def test_what_is_found_leads_to_its_message(
    ada: Caller, visitor: Caller, room_id: str
) -> None:
    said = await ada.says(room_id, "There will be cake and more cake.")
    await ada.says(room_id, "And tea.")
    page = await search(visitor, room_id, "cake")
    seq = said["seq"]
    assert addresses(page) == [f"/conversation/{room_id}?at={seq}&find=cake#m-{seq}"]
    assert page.count("<mark>cake</mark>") == 2
    there = await visitor.call("GET", addresses(page)[0].partition("#")[0])
    assert f'id="m-{seq}"' in there.text


async def test_what_was_said_and_what_was_typed_make_no_markup(
    ada: Caller, visitor: Caller, room_id: str
) -> None:
    await ada.says(room_id, HOSTILE)
    for typed in ("cake", HOSTILE, "<script>alert(1)</script>", '"><b>', "&lt;"):
        page = await search(visitor, room_id, typed)
        assert "<img src=x" not in page
        assert "<script>alert" not in page
        assert '"><b>' not in page
        assert f'value="{html.escape(typed)}"'.replace("&#x27;", "&#39;") in page.replace(
            "&#34;", "&quot;"
        )
    assert "&lt;img src=x" in await search(visitor, room_id, "cake")


async def test_many_results_come_page_by_page(ada: Caller, visitor: Caller, room_id: str) -> None:
    total = contract.SEARCH_PAGE_DEFAULT * 2 + 3
    for number in range(total):
        await ada.says(room_id, f"Cake {number}")
    seen: list[str] = []
    page = await search(visitor, room_id, "cake", zone="Europe/Berlin")
    for _ in range(3):
        seen += addresses(page)
        if "More results" not in page:
            break
        following = link(page, "More results")
        assert "zone=Europe%2FBerlin" in following
        page = (await visitor.call("GET", following)).text
        assert link(page, "First results").startswith(f"/conversation/{room_id}/search?q=cake")
    assert len(seen) == len(set(seen)) == total


async def test_the_best_comes_first_where_that_is_asked_for(
    ada: Caller, visitor: Caller, room_id: str
) -> None:
    best = (await ada.says(room_id, "Cake!"))["seq"]
    await ada.says(room_id, f"{'So much else. ' * 60} cakes, that is all.")
    page = await search(visitor, room_id, "cake")
    assert not addresses(page)[0].endswith(f"#m-{best}")
    page = (await visitor.call("GET", link(page, "Best match first"))).text
    assert addresses(page)[0].endswith(f"&find=cake&by=relevance#m-{best}")


async def test_over_all_that_a_browser_takes_part_in(app: Parley, visitor: Caller) -> None:
    for title in ("Tea <b>time</b>", "Supper"):
        reply = await visitor.post_form("/conversations", {"title": title})
        path = reply.headers["Location"]
        await visitor.post_form(f"{path}/join", {"username": "Cleo"})
        await visitor.post_form(f"{path}/messages", {"message": f"Cake for {title}"})
    stranger = Caller(app, "Mallory", cookies=True)
    page = await search(visitor, "", "cake")
    assert len(addresses(page)) == 2
    assert "Tea &lt;b&gt;time&lt;/b&gt;</span>" in page
    assert "Nothing found for" in await search(stranger, "", "cake")


async def test_nothing_found_says_what_to_try(visitor: Caller, room_id: str) -> None:
    page = await search(visitor, room_id, "unheard-of")
    assert "Nothing found for “<bdi>unheard-of</bdi>”." in page
    assert link(page, "search all your conversations") == "/search?q=unheard-of"


async def test_before_anything_is_asked_the_operators_are_told(
    visitor: Caller, room_id: str
) -> None:
    for path in (f"/conversation/{room_id}/search", "/search", "/search?q=++"):
        page = (await visitor.call("GET", path)).text
        for operator in ("from:", "has:", "before:", "after:", "on:"):
            assert f"<code>{operator}" in page
        assert "Times and days are in UTC." in page


async def test_a_search_goes_on_until_something_is_found(
    ada: Caller, visitor: Caller, room_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = await ada.says(room_id, "Cake")
    for number in range(pages.READINGS_MAX):
        await ada.says(room_id, f"Tea {number}")
    # Each reading looks at one message.
    monkeypatch.setattr(searching, "LOOK_S", -1.0)
    monkeypatch.setattr(looking, "TEXTS_AT_ONCE", 1)
    page = await search(visitor, room_id, "cake")
    assert addresses(page) == []
    assert "so far" in page
    page = (await visitor.call("GET", link(page, "Search further back"))).text
    assert [each.partition("#m-")[2] for each in addresses(page)] == [str(said["seq"])]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"q": "x" * (contract.SEARCH_MAX_CHARS + 1)}, "Search for at most 500 characters."),
        ({"q": "cake", "zone": "Nowhere/Land"}, "zone must be a time zone"),
        ({"q": "cake", "cursor": "x"}, "cursor must be the next_cursor"),
    ],
)
async def test_what_cannot_be_asked_is_told_over_the_form(
    visitor: Caller, room_id: str, asked: dict[str, str], words: str
) -> None:
    for path in (f"/conversation/{room_id}/search", "/search"):
        reply = await visitor.call("GET", f"{path}?{urlencode(asked)}")
        assert reply.status == 400
        assert words in reply.text
        assert 'role="search"' in reply.text


async def test_who_may_not_read_is_at_the_door(ada: Caller, visitor: Caller, room_id: str) -> None:
    await ada.says(room_id, "Cake at four")
    reply = await ada.call("PATCH", f"/api/conversations/{room_id}", {"locked": True})
    assert reply.status == 200
    page = await visitor.call("GET", f"/conversation/{room_id}/search?q=cake")
    door = await visitor.call("GET", f"/conversation/{room_id}")
    assert (page.status, page.text) == (door.status, door.text)
    assert "Cake at four" not in page.text


async def test_an_old_link_leads_who_is_inside_to_the_new_one(app: Parley, visitor: Caller) -> None:
    started = await visitor.post_form("/conversations", {"title": "Tea"})
    path = started.headers["Location"]
    replaced = await visitor.post_form(f"{path}/manage/replace-link", {})
    assert replaced.status == 303, replaced
    reply = await visitor.call("GET", f"{path}/search?q=cake&zone=Europe/Berlin")
    assert reply.status == 303
    where, _, query = reply.headers["Location"].partition("?")
    assert where != f"{path}/search"
    assert query == "q=cake&zone=Europe%2FBerlin"


async def test_there_is_nothing_to_search_where_there_is_no_conversation(visitor: Caller) -> None:
    reply: Reply = await visitor.call("GET", "/conversation/abc12345/search?q=cake")
    assert reply.status == 404
