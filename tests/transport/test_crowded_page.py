"""The page of a conversation of more people than it lists, for whoever looks at it."""

from __future__ import annotations

import asyncio
import re

import pytest_asyncio

from parley.app import Parley
from parley.contract import PEOPLE_IN_STATE
from tests import lasting
from tests.calls import Caller, Reply

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app

GUESTS = PEOPLE_IN_STATE + 50
AT_ONCE = 25


def browser(app: Parley, name: str) -> Caller:
    """Somebody who runs no scripts."""
    return Caller(app, name, cookies=True)


async def joins_by_form(who: Caller, path: str) -> None:
    reply = await who.post_form(f"{path}/join", {"username": who.name})
    assert reply.status == 303, reply.text
    assert reply.headers["Location"] == f"{path}#composer"


class Crowd:
    """Ada's conversation, where Ben is one of the first, and Cleo the last of all."""

    def __init__(self, app: Parley) -> None:
        self.app = app
        self.ada, self.ben, self.cleo = (browser(app, name) for name in ("Ada", "Ben", "Cleo"))
        self.path = ""

    async def gathers(self) -> None:
        started = await self.ada.post_form("/conversations", {"title": "Very many"})
        self.path = started.headers["Location"]
        await joins_by_form(self.ada, self.path)
        await joins_by_form(self.ben, self.path)
        room_id = self.path.removeprefix("/conversation/")
        for first in range(0, GUESTS, AT_ONCE):
            numbers = range(first, first + AT_ONCE)
            guests = [Caller(self.app, f"Guest {number}") for number in numbers]
            await asyncio.gather(*(guest.joins(room_id) for guest in guests))
        await joins_by_form(self.cleo, self.path)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(app: Parley) -> Crowd:
    crowd = Crowd(app)
    await crowd.gathers()
    return crowd


def people(page: Reply) -> dict[str, str]:
    """The names that the page lists, in order, each with what stands beside it."""
    entry = r'<li class="person[^>]* data-username="([^"]*)".*?data-part="facts">(.*?)</span>'
    entries = re.findall(entry, page.text, re.DOTALL)
    return {name: facts.strip() for name, facts in entries}


async def looks(who: Caller, path: str) -> tuple[dict[str, str], str]:
    """Whom the page lists, and what it says of the others."""
    page = await who.call("GET", path)
    assert page.status == 200
    more = re.search(r'id="people-more"[^>]*>(.*?)<', page.text)
    assert more is not None
    assert f'id="people-count">{GUESTS + 3}<' in page.text
    return people(page), more[1]


async def test_everybody_with_a_name_in_a_crowd_has_its_page(crowd: Crowd) -> None:
    facts = {"Ada": "owner, away", "Ben": "away", "Guest 0": "away"}
    rest = GUESTS + 3 - PEOPLE_IN_STATE
    for who, mine in ((crowd.ada, "you, owner"), (crowd.ben, "you")):
        found, more = await looks(who, crowd.path)
        assert len(found) == PEOPLE_IN_STATE
        assert {name: found[name] for name in facts} == facts | {who.name: mine}
        assert more == f"and {rest} more"

    found, more = await looks(crowd.cleo, crowd.path)  # she is beyond the first
    assert len(found) == PEOPLE_IN_STATE + 1
    assert next(iter(found.items())) == ("Cleo", "you")
    assert more == f"and {rest - 1} more"

    found, more = await looks(browser(crowd.app, "Dora"), crowd.path)  # and so is a reader
    assert "Cleo" not in found
    assert (len(found), more) == (PEOPLE_IN_STATE, f"and {rest} more")


async def test_what_forms_in_a_crowd_lead_to_is_its_page(crowd: Crowd) -> None:
    said = await crowd.cleo.post_form(f"{crowd.path}/messages", {"message": "Hello, all"})
    assert (said.status, said.headers["Location"]) == (303, f"{crowd.path}#composer")
    page = await crowd.cleo.call("GET", crowd.path)
    assert (page.status, "Hello, all" in page.text) == (200, True)

    refused = await crowd.cleo.post_form(f"{crowd.path}/messages", {"message": ""})
    assert refused.status == 400
    assert people(refused)["Cleo"] == "you"
    refused = await crowd.cleo.post_form(f"{crowd.path}/join", {"username": "x" * 100})
    assert refused.status == 413
    assert people(refused)["Cleo"] == "you"


async def test_a_crowd_that_ended_or_is_managed_has_its_pages(app: Parley) -> None:
    crowd = Crowd(app)
    await crowd.gathers()
    managed = await crowd.ada.call("GET", f"{crowd.path}/manage")
    assert managed.status == 200
    assert managed.text.count("/manage/remove") >= PEOPLE_IN_STATE - 1
    assert (await crowd.ada.post_form(f"{crowd.path}/end", {})).status == 303
    for who in (crowd.ada, crowd.ben, crowd.cleo):
        assert (await who.call("GET", crowd.path)).status == 200
