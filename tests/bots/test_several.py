"""A bot at one process, and people at another; and a server that starts again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from parley import contract
from parley.config import Config
from tests.bots.talk import Talk, declares
from tests.people import Person
from tests.servers import running


@pytest.fixture
async def apart(on_postgresql: Config) -> AsyncIterator[Talk]:
    """Ada at the first server; Ben and all bots at the second."""
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(running(on_postgresql)) for _ in range(2)]
        ada, ben = Person("Ada", first.url), Person("Ben", second.url)
        room_id = await ada.starts()
        await ada.join(room_id, token=ada.token)
        await ben.join(room_id)
        made = Talk(room_id, ada, ben, second.url, [])
        yield made
        for each in (ada, ben, *made.others):
            await each.goes_home()


async def test_a_command_finds_its_bot_and_the_answer_whoever_asked(apart: Talk) -> None:
    program, bot = await apart.bot_on_socket()
    await program.join(apart.room_id)
    await declares(program, apart.room_id, "echo")
    # As long as they may be: more than a NOTIFY takes, were the words in it.
    words = "🫖" * contract.COMMAND_TEXT_MAX_CHARS
    fields = {"room_id": apart.room_id, "bot": bot["user_id"], "name": "echo", "text": words}
    asked = await apart.ada.ask("use_command", fields)
    assert asked["ok"], asked
    assert (await program.hears("asked"))["ask"]["text"] == words
    answer = '🫖"\n' * (contract.ANSWER_MAX_CHARS // 3)
    path = f"{apart.path}/asks/{asked['id']}"
    assert (await program.call("POST", path, {"text": answer}))[0] == 200
    assert (await apart.ada.hears("ask_answered"))["text"] == answer.strip()


async def test_a_bot_that_is_revoked_elsewhere_is_out(apart: Talk) -> None:
    program, bot = await apart.bot_on_socket()
    await program.join(apart.room_id)
    await apart.ada.call("DELETE", f"{apart.path}/bots/{bot['user_id']}")
    assert (await program.hears("removed"))["reason"] == "removed"


async def test_rights_that_change_elsewhere_are_known_at_once(apart: Talk) -> None:
    program, bot = await apart.bot_on_socket()
    body = {"may": ["read"]}
    await apart.ada.call("PATCH", f"{apart.path}/bots/{bot['user_id']}", body)
    # Whatever this process heard by now, the transaction knows.
    status, reply = await program.call("POST", f"{apart.path}/messages", {"message": "Hi"})
    assert (status, reply["code"]) == (403, "forbidden")


async def test_after_a_start_a_bot_is_where_it_was(config: Config) -> None:
    ada = Person("Ada", "")
    async with running(config) as server:
        ada.url = server.url
        room_id = await ada.starts()
        talk = Talk(room_id, ada, ada, server.url, [])
        program, bot = await talk.bot_on_socket()
        await program.join(room_id)
        assert (await program.say(room_id, "Hi"))["ok"]
        await program.goes_home()
    async with running(config) as server:
        ada.url = program.url = server.url
        path = f"/api/conversations/{room_id}"
        _, reply = await ada.call("GET", f"{path}/participants")
        assert [each["user_id"] for each in reply["participants"]] == [bot["user_id"]]
        assert (await program.call("POST", f"{path}/messages", {"message": "Back"}))[0] == 201
        await program.goes_home()
    await ada.goes_home()
