"""The pages that say what went wrong: once, in words for people, and with a way on."""

from __future__ import annotations

import re
from html import unescape

import pytest

from parley.app import Parley
from tests import lasting
from tests.calls import Caller, Reply

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


def said(reply: Reply) -> tuple[str, str, list[tuple[str, str]]]:
    """The heading, the text, and the ways on."""
    main = reply.text.partition("<main")[2].partition("</main>")[0]
    heading = re.search(r"<h1>(.*?)</h1>", main)
    text = re.search(r'<p class="lead"[^>]*>(.*?)</p>', main)
    assert heading is not None
    assert text is not None
    ways = re.findall(r'<a class="button[^"]*" href="([^"]*)">(.*?)</a>', main)
    return unescape(heading[1]), unescape(text[1]), [(unescape(url), label) for url, label in ways]


@pytest.fixture
def cleo(app: Parley) -> Caller:
    return Caller(app, "Cleo", cookies=True)


@pytest.mark.parametrize(
    ("change", "status", "heading"),
    [
        ({"locked": True}, 403, "This conversation is locked"),
        ({"passphrase": "sesame"}, 403, "Enter the passphrase"),
        ({"knock": True}, 403, "Knock to join"),
    ],
)
async def test_what_keeps_somebody_out_is_said_once(
    ada: Caller, cleo: Caller, change: dict[str, object], status: int, heading: str
) -> None:
    room_id = await ada.starts()
    await ada.call("PATCH", f"/api/conversations/{room_id}", change)
    reply = await cleo.call("GET", f"/conversation/{room_id}")
    title, text, ways = said(reply)
    assert (reply.status, title) == (status, heading)
    assert "This conversation" not in text
    if "locked" in change:
        assert ways[0] == (f"/conversation/{room_id}", "Try again")


async def test_a_replaced_link_says_once_that_it_was(ada: Caller, cleo: Caller) -> None:
    room_id = await ada.starts()
    await ada.call("POST", f"/api/conversations/{room_id}/link", {})
    title, text, _ = said(await cleo.call("GET", f"/conversation/{room_id}"))
    assert title == "This link was replaced"
    assert "replaced" not in text


@pytest.mark.parametrize("query", ["at=zzz", "before=-1", "at=99999999999999999999"])
async def test_an_address_with_a_wrong_end_says_so_and_opens_without_it(
    ada: Caller, cleo: Caller, query: str
) -> None:
    path = f"/conversation/{await ada.starts()}"
    reply = await cleo.call("GET", f"{path}?{query}")
    title, text, ways = said(reply)
    assert (reply.status, title) == (400, "This address isn't quite right")
    assert "`" not in text
    assert ways[0] == (path, "Open the page")
    assert (await cleo.call("GET", ways[0][0])).status == 200


async def test_a_link_that_works_no_more_says_what_to_do(ada: Caller, cleo: Caller) -> None:
    room_id = await ada.starts()
    links = f"/api/conversations/{room_id}/links"
    made = (await ada.call("POST", links, {"role": "reader"})).body
    await ada.call("DELETE", f"{links}/{made['link']['id']}")
    reply = await cleo.call("GET", f"/link/{made['url'].rsplit('/', 1)[1]}")
    title, text, _ = said(reply)
    assert (reply.status, title) == (404, "This link doesn't work any more")
    assert "Ask the person who sent it for a new one." in text


async def test_who_may_not_is_led_back_to_the_conversation(ada: Caller, cleo: Caller) -> None:
    path = f"/conversation/{await ada.starts()}"
    reply = await cleo.call("GET", f"{path}/manage")
    assert reply.status == 403
    assert said(reply)[2] == [(path, "Back to the conversation")]
    assert '<p class="statement-code">Error 403</p>' in reply.text


async def test_a_form_that_is_too_old_is_led_back_too(ada: Caller, cleo: Caller) -> None:
    path = f"/conversation/{await ada.starts()}"
    reply = await cleo.post_form(f"{path}/join", {"username": "Cleo", "page": "x"}, origin="null")
    assert reply.status == 403
    title, _, ways = said(reply)
    assert title == "This page is out of date"
    assert ways == [(path, "Back to the conversation")]
