"""Pages as a browser without scripts gets and uses them."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from urllib.parse import quote

import pytest
import pytest_asyncio

from parley.app import Parley
from parley.credentials import COOKIE
from tests import lasting
from tests.calls import FOREIGN, Caller, Reply

pytestmark = lasting.in_one_loop
config, app, own_app = lasting.config, lasting.app, lasting.own_app

XSS = '"><script>alert(1)</script>'


@pytest.fixture
def visitor(app: Parley) -> Caller:
    """Somebody with a browser, who runs no scripts."""
    return Caller(app, "Cleo", cookies=True)


async def get(visitor: Caller, path: str, status: int = 200) -> str:
    reply = await visitor.call("GET", path)
    assert reply.status == status, reply
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    return reply.text


async def starts_by_form(visitor: Caller, **fields: str) -> str:
    """Start a conversation by the form; the path it leads to."""
    reply = await visitor.post_form("/conversations", fields)
    return see_other(reply)


def see_other(reply: Reply) -> str:
    assert reply.status == 303, reply
    location = reply.headers["Location"]
    return location.partition("#")[0]


# --- what every page is ---


@pytest.mark.parametrize("path", ["/", "/conversations", "/nowhere", "/conversation/abc12345"])
async def test_a_page_loads_nothing_from_elsewhere_and_is_not_kept(
    visitor: Caller, path: str
) -> None:
    reply = await visitor.call("GET", path)
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<script(?![^>]* src=)", reply.text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', reply.text)
    assert not re.search(r"\son\w+=|\sstyle=", reply.text)


async def test_the_home_page_has_the_form_that_starts(visitor: Caller) -> None:
    page = await get(visitor, "/")
    assert '<form class="start-form" method="post" action="/conversations" data-kept>' in page
    assert 'name="title"' in page


# --- the list ---


async def test_the_list_shows_listed_conversations(visitor: Caller, ada: Caller) -> None:
    room_id = await ada.starts("Tea", description="At four")
    await ada.starts("Hidden", visibility="unlisted")
    page = await get(visitor, "/conversations")
    assert f'href="/conversation/{room_id}"' in page
    assert "At four" in page
    assert "Hidden" not in page


async def test_the_list_is_searched(visitor: Caller, ada: Caller) -> None:
    await ada.starts("Чай")
    await ada.starts("Coffee")
    page = await get(visitor, f"/conversations?q={quote('ЧАЙ')}")
    assert "Чай" in page
    assert "Coffee" not in page
    assert 'value="ЧАЙ"' in page


async def test_a_search_without_a_find_says_so(visitor: Caller) -> None:
    assert "“nowhere”" in await get(visitor, "/conversations?q=nowhere")


async def test_the_list_leads_to_its_other_pages(own_app: Parley) -> None:
    visitor, ada = Caller(own_app, "Visitor", cookies=True), Caller(own_app, "Ada")
    for number in range(101):
        await ada.starts(f"Talk {number} of tea")
    first = await get(visitor, "/conversations?q=tea")
    assert first.count('class="row"') == 100
    [older] = re.findall(r'href="(/conversations\?[^"]*cursor=[^"]*)"', first)
    second = await get(visitor, older.replace("&amp;", "&"))
    assert second.count('class="row"') == 1
    assert "Talk 0 of tea" in second
    assert 'href="/conversations?q=tea"' in second


async def test_a_cursor_of_nobody_is_a_problem_page(visitor: Caller) -> None:
    await get(visitor, "/conversations?cursor=nonsense", status=400)


# --- starting ---


async def test_a_conversation_started_by_form_is_unlisted_unless_asked(visitor: Caller) -> None:
    path = await starts_by_form(visitor, title="Tea")
    assert re.fullmatch(r"/conversation/[\w-]{22}", path)
    path = await starts_by_form(visitor, title="Tea", listed="on")
    assert re.fullmatch(r"/conversation/[a-z0-9]{8}", path)


async def test_whoever_starts_by_form_owns_by_cookie(visitor: Caller) -> None:
    reply = await visitor.post_form("/conversations", {"title": "Tea"})
    cookie = SimpleCookie(reply.headers["Set-Cookie"])[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert 'data-owner="yes"' in await get(visitor, see_other(reply))


@pytest.mark.parametrize("origin", ["home", "conversations"])
async def test_a_refused_start_shows_the_form_as_it_was_filled(
    visitor: Caller, origin: str
) -> None:
    fields = {"from": origin, "title": "x" * 201, "description": "Kept text", "listed": "on"}
    reply = await visitor.post_form("/conversations", fields)
    assert reply.status == 413
    assert "x" * 201 in reply.text
    assert "Kept text" in reply.text
    assert re.search(r'name="listed"[^>]* checked', reply.text)
    assert "title is too long" in reply.text
    assert ("<h1>Conversations</h1>" in reply.text) is (origin == "conversations")


# --- a conversation ---


@pytest_asyncio.fixture(loop_scope="module")
async def path(ada: Caller) -> str:
    """A conversation in which Ada said something."""
    room_id = await ada.starts("Tea", description="At four", visibility="unlisted")
    await ada.joins(room_id)
    await ada.says(room_id, "Welcome, see https://a.example")
    return f"/conversation/{room_id}"


async def test_the_transcript_is_there_before_a_name_is_given(visitor: Caller, path: str) -> None:
    page = await get(visitor, path)
    assert "<h1" in page
    assert "At four" in page
    assert 'Welcome, see <a href="https://a.example"' in page
    assert 'data-owner="no"' in page
    assert "data-user-id" in page  # the message's and the participant's
    assert re.search(r'<form[^>]*id="join"[^>]*(?<!hidden)>', page)


async def test_a_conversation_is_not_for_search_engines(
    visitor: Caller, ada: Caller, path: str
) -> None:
    robots = '<meta name="robots" content="noindex, nofollow">'
    for each in (path, f"/conversation/{await ada.starts()}"):
        reply = await visitor.call("GET", each)
        assert robots in reply.text
        assert reply.headers["X-Robots-Tag"] == "noindex, nofollow"


async def test_join_and_post_by_form(visitor: Caller, path: str) -> None:
    joined = await visitor.post_form(f"{path}/join", {"username": "Cleo"})
    assert see_other(joined) == path
    sent = await visitor.post_form(f"{path}/messages", {"message": "one\r\ntwo"})
    assert see_other(sent) == path
    page = await get(visitor, path)
    assert 'data-username="Cleo"' in page
    assert "one\ntwo" in page
    assert re.search(r'<form[^>]*id="join"[^>]* hidden', page)


async def test_a_browser_that_hides_the_origin_but_says_same_origin_is_served(
    visitor: Caller, path: str
) -> None:
    reply = await visitor.http.post(
        f"{path}/join",
        form={"username": "Cleo"},
        headers={"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    )
    assert reply.status_code == 303


@pytest.mark.parametrize("origin", [FOREIGN, "null"])
@pytest.mark.parametrize("action", ["/join", "/messages", "/end"])
async def test_a_form_on_a_foreign_page_does_nothing(
    visitor: Caller, path: str, action: str, origin: str
) -> None:
    await visitor.post_form(f"{path}/join", {"username": "Cleo"})
    fields = {"username": "Mallory", "message": "Buy this"}
    reply = await visitor.post_form(path + action, fields, origin=origin)
    assert reply.status == 403
    page = await get(visitor, path)
    assert "Mallory" not in page
    assert "Buy this" not in page


async def test_an_allowed_origins_form_does_not_act_for_the_cookies_holder(
    visitor: Caller, path: str
) -> None:
    await visitor.post_form(f"{path}/join", {"username": "Cleo"})
    reply = await visitor.post_form(
        f"{path}/messages", {"message": "Buy this"}, origin="http://localhost:3000"
    )
    assert reply.status == 403
    assert len(re.findall(r'<article class="message[^>]* id="m-', await get(visitor, path))) == 1


async def test_a_refused_message_is_kept_in_the_composer(visitor: Caller, path: str) -> None:
    await visitor.post_form(f"{path}/join", {"username": "Cleo"})
    too_long = "tea " * 2_001
    reply = await visitor.post_form(f"{path}/messages", {"message": too_long})
    assert reply.status == 413
    assert f">\n{too_long}</textarea>" in reply.text
    assert "message is too long" in reply.text


async def test_a_message_without_a_name_is_kept_for_when_there_is_one(
    visitor: Caller, path: str
) -> None:
    reply = await visitor.post_form(f"{path}/messages", {"message": "Too eager"})
    assert reply.status == 403
    assert "Too eager" in reply.text


async def test_a_refused_name_is_kept_in_the_form(visitor: Caller, path: str) -> None:
    reply = await visitor.post_form(f"{path}/join", {"username": "y" * 65})
    assert reply.status == 413
    assert f'value="{"y" * 65}"' in reply.text
    assert "username is too long" in reply.text


async def test_the_owner_ends_by_form_after_being_asked(visitor: Caller) -> None:
    path = await starts_by_form(visitor, title="Tea")
    assert "End this conversation?" in await get(visitor, f"{path}/end")
    assert see_other(await visitor.post_form(f"{path}/end", {})) == path
    page = await get(visitor, path)
    assert 'data-active="no"' in page
    assert re.search(r'<form[^>]*id="join"[^>]* hidden', page) or 'id="join"' not in page


async def test_nobody_else_is_asked_to_end(visitor: Caller, path: str) -> None:
    await get(visitor, f"{path}/end", status=403)
    assert (await visitor.post_form(f"{path}/end", {})).status == 403
    assert "End conversation" not in await get(visitor, path)


async def test_an_ended_conversation_is_read_and_not_added_to(
    visitor: Caller, ada: Caller, path: str
) -> None:
    await visitor.post_form(f"{path}/join", {"username": "Cleo"})
    await ada.ends(path.rsplit("/", 1)[1])
    page = await get(visitor, path)
    assert "Welcome" in page
    for action, fields in (("join", {"username": "Cleo"}), ("messages", {"message": "Late"})):
        reply = await visitor.post_form(f"{path}/{action}", fields)
        assert reply.status == 410
        assert "This conversation has ended" in reply.text


async def test_a_link_of_nothing_says_so_and_what_to_do(visitor: Caller) -> None:
    page = await get(visitor, "/conversation/abc12345", status=404)
    assert "No conversation here" in page
    assert "Start a conversation" in page


def data(page: str, name: str) -> str | None:
    """What the page of a conversation says of it to its scripts."""
    found = re.search(rf' data-{name}="([^"]*)"', page)
    return found and found[1]


async def test_what_a_browser_keeps_goes_by_what_a_new_link_leaves_as_it_is(
    visitor: Caller, app: Parley
) -> None:
    path = await starts_by_form(visitor, title="Plain")
    await visitor.post_form(f"{path}/join", {"username": "Cleo"})
    before = await get(visitor, path)
    links = [path]
    for _ in range(2):
        reply = await visitor.post_form(f"{links[-1]}/manage/replace-link", {})
        links.append(see_other(reply).partition("/manage")[0])
    after = await get(visitor, links[-1])

    assert data(before, "key")
    assert data(before, "key") == data(after, "key")
    assert data(before, "old-room-ids") is None
    first, second, _ = (link.rsplit("/", 1)[1] for link in links)
    assert sorted((data(after, "old-room-ids") or "").split()) == sorted([first, second])
    stranger = await get(Caller(app, "Eve", cookies=True), links[-1])
    assert data(stranger, "old-room-ids") is None
    another = await get(visitor, await starts_by_form(visitor, title="Another"))
    assert data(another, "key") != data(after, "key")


async def test_older_messages_are_reached_by_links(visitor: Caller, ada: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    for number in range(1, 121):
        await ada.says(room_id, f"Number {number}.")
    page = await get(visitor, f"/conversation/{room_id}")
    assert "Number 120." in page
    assert "Number 20." not in page
    [older] = set(re.findall(r'href="(/conversation/\w+\?before=\d+)"', page))
    page = await get(visitor, older)
    assert "Number 20." in page
    assert "Number 21." not in page
    assert f'href="/conversation/{room_id}"' in page
    around = await get(visitor, f"/conversation/{room_id}?at=60")
    assert 'id="m-60"' in around


@pytest.mark.parametrize(
    "query", ["before=x", "at=-1", "before=99999999999999999999", "at=1e1", "before=1_0"]
)
async def test_a_place_that_cannot_be_is_a_problem_page(
    visitor: Caller, path: str, query: str
) -> None:
    await get(visitor, f"{path}?{query}", status=400)


async def test_what_people_write_is_shown_and_never_run(visitor: Caller, ada: Caller) -> None:
    room_id = await ada.starts(XSS + "title", description=XSS + "description")
    await ada.joins(room_id, username=XSS + "name")
    await ada.says(room_id, XSS + "message")
    for path in ("/conversations", f"/conversation/{room_id}", f"/conversations?q={quote(XSS)}"):
        page = await get(visitor, path)
        assert "<script>" not in page
        assert "&lt;script&gt;alert(1)" in page
    reply = await visitor.post_form("/conversations", {"title": XSS * 100, "description": XSS})
    assert "<script>" not in reply.text
    reply = await visitor.post_form(f"/conversation/{room_id}/join", {"username": XSS * 10})
    assert "<script>" not in reply.text


async def test_the_qr_code_is_a_drawing_that_is_not_kept(visitor: Caller, path: str) -> None:
    reply = await visitor.call("GET", f"{path}/qr.svg")
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "image/svg+xml"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.text.startswith("<svg")
    assert (await visitor.call("GET", "/conversation/abc12345/qr.svg")).status == 404
