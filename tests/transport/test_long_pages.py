"""Long pages and odd requests: whatever is asked for holds the event loop for little at a time."""

from __future__ import annotations

import asyncio

import pytest

from parley.app import Parley, web_site
from parley.contract import (
    CONVERSATIONS_PAGE_DEFAULT,
    FIELDS_MAX,
    STATE_MAX_CHARS,
    STATE_MESSAGES,
)
from parley.pages import rendering
from tests import lasting
from tests.calls import Caller
from tests.effort import some
from tests.people import PATIENCE_S
from tests.slices import Slices, sliced

pytestmark = [
    lasting.in_one_loop,
    pytest.mark.asyncios_loop("it measures each of its callbacks"),
]
config, app = lasting.config, lasting.app

LONGEST = STATE_MAX_CHARS // STATE_MESSAGES
"""Of so many characters each a page shows the most messages, and the most in them."""
MANY_COOKIES = {"Cookie": "a;" * 7_000}


@pytest.fixture
def _short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """However quick the machine is: of a page of five milliseconds 2 ms would be the half."""
    monkeypatch.setattr(rendering, "SLICE_S", 0.0002)


TRIES = 4


async def least(who: Caller, path: str, headers: dict[str, str] | None = None) -> Slices:
    """What reading a page took, of some tries: what else the machine does only ever adds to it."""
    tries = [await once(who, path, headers) for _ in range(TRIES)]
    return min(tries, key=lambda each: (each.longest_s, each.whole_s))


async def once(who: Caller, path: str, headers: dict[str, str] | None = None) -> Slices:
    with sliced() as slices:
        assert (await who.call("GET", path, headers=headers)).status == 200
    return slices


async def is_made_in_slices(who: Caller, path: str) -> bool:
    """Whether no slice of it is the half, at one of some tries."""
    for _ in range(TRIES):
        slices = await once(who, path)
        # A fifth of it or less, where there is nothing else to do; it was nearly the whole.
        if slices.longest_s < slices.whole_s / 2:
            return True
    return False


async def room_with(ada: Caller, text: str) -> str:
    room_id = await ada.starts(description="`a` " * 500)
    await ada.joins(room_id)
    for _ in range(STATE_MESSAGES):
        await ada.says(room_id, text)
    return room_id


PIECES = ["`a` ", "`a`", "http://a ", "Hello, Ben. ", "<&>\"'", "```\na\n```\n"]


@pytest.mark.usefixtures("_short_slices")
@pytest.mark.parametrize(
    "piece", some(PIECES, every=3, why="one with marks and one without tell most")
)
async def test_a_page_of_the_longest_messages_is_made_in_slices(ada: Caller, piece: str) -> None:
    room_id = await room_with(ada, (piece * LONGEST)[:LONGEST])
    assert await is_made_in_slices(ada, f"/conversation/{room_id}")


@pytest.mark.usefixtures("_short_slices")
async def test_a_page_of_the_list_is_made_in_slices(ada: Caller) -> None:
    for _ in range(CONVERSATIONS_PAGE_DEFAULT):
        await ada.starts("<" * 200, description="&" * 2_000)
    assert await is_made_in_slices(ada, "/conversations")


async def test_one_long_page_is_made_at_a_time(app: Parley, ada: Caller, ben: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    async with asyncio.timeout(PATIENCE_S), web_site(app).rendering:
        page = asyncio.create_task(ben.call("GET", f"/conversation/{room_id}"))
        await ada.says(room_id, "Nobody else waits for it")
        assert (await ben.call("GET", f"/api/conversations/{room_id}")).status == 200
        assert (await ben.call("GET", "/")).status == 200
        assert not page.done()
    assert (await page).status == 200


async def test_the_forms_of_a_page_are_sealed_once(ada: Caller) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    for number in range(100):
        await Caller(ada.app, f"Pupil {number}").joins(room_id)
    path = f"/conversation/{room_id}/manage"
    page = await ada.call("GET", path)
    assert page.text.count('name="page"') > 100
    plain, odd = await least(ada, path), await least(ada, path, MANY_COOKIES)
    # To look through so many cookies takes a millisecond or two, but not for every form.
    assert odd.whole_s < 4 * plain.whole_s


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "application/x-url-encoded"])
async def test_a_form_of_too_many_fields_is_not_taken_apart(ben: Caller, kind: str) -> None:
    fields = [b"title=Tea"] + [b"a=1"] * (FIELDS_MAX - 1)
    for more, status in (([], 303), ([b"a=1"], 413)):
        reply = await ben.call(
            "POST", "/conversations", raw=b"&".join(fields + more), headers={"Content-Type": kind}
        )
        assert reply.status == status


async def test_a_form_of_too_many_parts_is_not_taken_apart(ben: Caller) -> None:
    part = b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    for count, status in ((FIELDS_MAX, 303), (FIELDS_MAX + 1, 413)):
        body = part * count + b"--b--\r\n"
        reply = await ben.call("POST", "/conversations", raw=body, headers=headers)
        assert reply.status == status


async def test_a_query_of_too_many_parameters_is_refused(ben: Caller) -> None:
    query = "&".join(["a=1"] * FIELDS_MAX)
    assert (await ben.call("GET", f"/conversations?{query}")).status == 200
    for path in ("/conversations", "/api/conversations", "/nothing"):
        assert (await ben.call("GET", f"{path}?{query}&a=1")).status == 400
