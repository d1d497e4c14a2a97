"""Exports that end too soon: who may read no more gets no more, and nothing is left going on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
import pytest

from parley.domain import exporting
from parley.domain.giving_way import GivingWay
from tests import lasting
from tests.eventually import until
from tests.people import Person
from tests.security.room import done
from tests.servers import Running

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

GENEROUS = aiohttp.ClientTimeout(60)


@dataclass
class Held:
    """Exports stop after their first page, until they are let go."""

    has_begun: asyncio.Event
    may_go_on: asyncio.Event


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Held:
    made = Held(asyncio.Event(), asyncio.Event())

    async def wait(_self: GivingWay, _size: int) -> None:
        made.has_begun.set()
        await made.may_go_on.wait()

    monkeypatch.setattr(exporting, "PAGE_MESSAGES", 1)
    monkeypatch.setattr(GivingWay, "wait_for", wait)
    return made


async def begun(person: Callable[..., Person]) -> tuple[Person, Person, str]:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ada.joins_over_rest(room_id)
    await ben.joins_over_rest(room_id, user_id="ben-1")
    path = f"/api/conversations/{room_id}"
    for text in ("one", "two", "three"):
        await done(ada, "POST", f"{path}/messages", {"message": text})
    return ada, ben, path


async def test_whoever_is_removed_gets_no_more(
    server: Running, person: Callable[..., Person], held: Held
) -> None:
    ada, ben, path = await begun(person)
    async with aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {ben.token}"}
        url = f"{server.url}{path}/export?format=jsonl"
        async with http.get(url, headers=headers, timeout=GENEROUS) as reply:
            assert reply.status == 200
            await held.has_begun.wait()
            await done(ada, "POST", f"{path}/remove", {"user_id": "ben-1"})
            held.may_go_on.set()
            with pytest.raises(aiohttp.ClientPayloadError):
                await reply.read()
    assert server.app.extensions["parley"].context.exports.count == 0


async def test_one_session_makes_one_at_a_time_and_hanging_up_ends_it(
    server: Running, person: Callable[..., Person], held: Held
) -> None:
    _, ben, path = await begun(person)
    exports = server.app.extensions["parley"].context.exports
    async with aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {ben.token}"}
        url = f"{server.url}{path}/export?format=jsonl"
        reply = await http.get(url, headers=headers, timeout=GENEROUS)
        await held.has_begun.wait()
        status, refused = await ben.call("GET", f"{path}/export")
        assert (status, refused["code"]) == (429, "rate_limited")
        assert exports.count == 1
        reply.close()
    await until(lambda: exports.count == 0)
    held.may_go_on.set()
    assert (await ben.call("GET", f"{path}/export"))[0] == 200
