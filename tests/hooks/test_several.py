"""Webhooks of a conversation in which people talk at two processes: one of these tells them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import web

from parley.config import Config
from parley.domain import settling
from tests import databases, lasting
from tests.effort import times
from tests.hooks.conftest import Talk, begins
from tests.hooks.receiver import Receiver
from tests.people import Person, arriving_at
from tests.servers import Running, running

pytestmark = [lasting.in_one_loop, pytest.mark.longer]

COUNT = times(15, full=40)
"""Messages of each of the two."""


@dataclass
class Apart:
    """Ada at the first server, Ben at the second; `ending` ends a server before its time."""

    talk: Talk
    servers: list[Running]
    ending: list[AsyncExitStack]

    async def all_say(self) -> list[str]:
        """Both talk at the same time; their words in the order of the log."""
        said: dict[int, str] = {}

        async def talks(person: Person) -> None:
            for number in range(COUNT):
                words = f"{person.name} {number}"
                said[(await person.say(self.talk.room_id, words))["seq"]] = words

        await asyncio.gather(talks(self.talk.ada), talks(self.talk.ben))
        return [words for _, words in sorted(said.items())]

    def has_chores(self) -> list[bool]:
        clusters = [server.app.chores.context.cluster for server in self.servers]
        return [each is not None and each.has_chores.is_set() for each in clusters]


@contextlib.asynccontextmanager
async def two(config: Config) -> AsyncIterator[tuple[list[Running], list[AsyncExitStack]]]:
    async with AsyncExitStack() as stack:
        ending = [await stack.enter_async_context(AsyncExitStack()) for _ in range(2)]
        yield [await each.enter_async_context(running(config)) for each in ending], ending


@contextlib.asynccontextmanager
async def talking(servers: list[Running], ending: list[AsyncExitStack]) -> AsyncIterator[Apart]:
    async with AsyncExitStack() as stack:
        ada, ben = [
            (await stack.enter_async_context(arriving_at(at.url)))(name)
            for name, at in zip(("Ada", "Ben"), servers, strict=True)
        ]
        yield Apart(await begins(ada, ben), servers, ending)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(config: Config) -> AsyncIterator[tuple[list[Running], list[AsyncExitStack]]]:
    """Two servers for all that leave them running."""
    with databases.one_for_several(config) as shared:
        async with two(shared) as started:
            yield started


@pytest_asyncio.fixture(loop_scope="module")
async def apart(both: tuple[list[Running], list[AsyncExitStack]]) -> AsyncIterator[Apart]:
    async with talking(*both) as began:
        yield began
        await began.talk.ada.call("DELETE", began.talk.path)


@pytest_asyncio.fixture(loop_scope="module")
async def own_apart(own_config: Config) -> AsyncIterator[Apart]:
    with databases.one_for_several(own_config) as shared:
        async with two(shared) as started, talking(*started) as began:
            yield began


def words_of(receiver: Receiver) -> list[str]:
    return [each.said["data"]["message"] for each in receiver.got]


async def test_what_is_said_at_both_is_told_once_and_in_order(
    apart: Apart, receiver: Receiver
) -> None:
    made = await apart.talk.webhook(receiver.url)
    said = await apart.all_say()
    await receiver.gets_all({*said})
    assert words_of(receiver) == said
    assert len({each.id for each in receiver.got}) == len(said)
    for got in receiver.got:
        got.verified(made["secret"])


async def test_what_has_no_place_in_the_log_is_told_once(apart: Apart, receiver: Receiver) -> None:
    talk = apart.talk
    await talk.webhook(receiver.url, "user_joined", "user_left", "new_message")
    await talk.ada.say(talk.room_id, "first")
    await receiver.gets(1)
    others = [Person(f"P{n}", apart.servers[n % 2].url) for n in range(6)]
    for each in others:
        await each.join(talk.room_id)
    await receiver.gets(7)
    for each in others:
        await each.leave(talk.room_id)
        await each.goes_home()
    await receiver.gets(13)
    # Behind it there is nothing that was told twice.
    await talk.ben.say(talk.room_id, "last")
    await receiver.gets_all({"last"})
    got = [(each.said["type"], each.said["data"].get("username")) for each in receiver.got[1:]]
    assert sorted(got[:6]) == [("user_joined", f"P{n}") for n in range(6)]
    assert sorted(got[6:12]) == [("user_left", f"P{n}") for n in range(6)]
    assert len(got) == 13


async def test_a_webhook_made_at_either_process_is_told(apart: Apart, receiver: Receiver) -> None:
    talk = apart.talk
    at_second = Person("Ada", apart.servers[1].url)
    at_second.token = talk.ada.token
    there = Talk(at_second, talk.ben, talk.room_id)
    await talk.webhook(f"{receiver.url}/first")
    made = await there.webhook(f"{receiver.url}/second")
    await talk.ada.say(talk.room_id, "one")
    await receiver.gets(2)
    path = f"{talk.path}/webhooks/{made['webhook']['id']}"
    assert (await at_second.call("DELETE", path))[0] == 200
    await talk.ben.say(talk.room_id, "two")
    await talk.ben.say(talk.room_id, "three")
    await receiver.gets_all({"three"})
    assert words_of(receiver) == ["one", "one", "two", "three"]
    await at_second.goes_home()


async def test_an_address_that_fails_now_and_then_is_told_in_order(
    apart: Apart, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "WAITS_S", (0.05,))
    taken: list[str] = []

    async def moody(_request: web.Request) -> web.Response:
        if len(receiver.got) % 7 == 0:
            return web.Response(status=503)
        taken.append(words_of(receiver)[-1])
        return web.Response(status=204)

    receiver.answer = moody
    await apart.talk.webhook(receiver.url)
    said = await apart.all_say()
    while taken != said:
        await receiver.gets(len(receiver.got) + 1)
        assert taken == said[: len(taken)]


async def test_when_the_process_that_tells_ends_the_other_goes_on(
    own_apart: Apart, receiver: Receiver
) -> None:
    talk = own_apart.talk
    await talk.webhook(receiver.url)
    await talk.ben.say(talk.room_id, "before")
    await receiver.gets(1)
    teller = own_apart.has_chores().index(True)
    stays = (talk.ada, talk.ben)[1 - teller]
    ends = asyncio.create_task(own_apart.ending[teller].aclose())
    said = [f"{number}" for number in range(COUNT)]
    for words in said:
        await stays.say(talk.room_id, words)
    await ends
    await receiver.gets_all({*said})
    # What was on its way as it ended may come again, with the same id.
    by_id = {each.id: each.said["data"]["message"] for each in receiver.got}
    assert list(by_id.values()) == ["before", *said]
