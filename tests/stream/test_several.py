"""A stream at one process tells what is said at another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from parley.config import Config
from tests.people import Person
from tests.servers import running
from tests.stream.hearing import hearing

COUNT = 120
ENDS_EVERY = 25
"""Messages after which a stream is cut, and begun again."""


@pytest.fixture
async def apart(on_postgresql: Config) -> AsyncIterator[tuple[Person, Person]]:
    """Ada at the first server, Ben at the second."""
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(running(on_postgresql)) for _ in range(2)]
        ada, ben = Person("Ada", first.url), Person("Ben", second.url)
        yield ada, ben
        await ada.goes_home()
        await ben.goes_home()


async def test_what_is_said_and_changed_elsewhere_is_told(apart: tuple[Person, Person]) -> None:
    ada, ben = apart
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    await ben.join(room)
    async with hearing(ben.url, room) as heard:
        await heard.hears("conversation_state")
        said = await ada.say(room, "Hello")
        assert (await heard.hears("new_message")).id == said["seq"]
        await ada.ask("edit_message", {"room_id": room, "id": said["id"], "message": "Hi"})
        assert (await heard.hears("message_changed")).data["message"] == "Hi"
        cleo = Person("Cleo", ada.url)
        await cleo.join(room)
        await heard.hears("user_joined", lambda data: data["username"] == "Cleo")
        await cleo.goes_home()
        assert (await ada.call("POST", f"/api/conversations/{room}/end"))[0] == 200
        await heard.hears("conversation_ended")


async def test_whoever_comes_back_at_another_process_misses_nothing(
    apart: tuple[Person, Person],
) -> None:
    ada, ben = apart
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    await ben.join(room)
    said: dict[int, str] = {}

    async def talks(person: Person) -> None:
        for number in range(COUNT):
            words = f"{person.name} {number}"
            said[(await person.say(room, words))["seq"]] = words

    talking = asyncio.gather(talks(ada), talks(ben))
    ids, texts, visits = [0], list[str](), 0
    while len(texts) < 2 * COUNT:
        at = (ada, ben)[visits % 2].url
        visits += 1
        enough = min(len(texts) + ENDS_EVERY, 2 * COUNT)
        async with hearing(at, room, last_event_id=str(ids[-1])) as heard:
            await heard.hears("new_message", lambda data, enough=enough: data["seq"] >= enough)  # type: ignore[misc]
        ids += heard.ids()
        texts += heard.texts()
    await talking
    assert ids == list(range(2 * COUNT + 1))
    assert texts == [words for _, words in sorted(said.items())]
    assert visits > 4
