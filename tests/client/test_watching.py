"""Reading along under no name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from parley.client import Client, Over, Refused, start
from tests.people import PATIENCE_S, Person
from tests.servers import Running

Arrive = Callable[..., Person]


async def a_room(ada: Person) -> tuple[str, str]:
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    return room, f"{ada.url}/conversation/{room}"


async def test_whoever_watches_hears_all_and_nobody_sees_them(
    server: Running, person: Arrive
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.say(room, "Before")
    async with Client.watch(link) as talk, asyncio.timeout(PATIENCE_S):
        assert (talk.me.user_id, talk.token) == ("", None)
        await ada.say(room, "Now")
        assert (await anext(aiter(talk))).message == "Now"
        assert [each.message for each in await talk.history()] == ["Before", "Now"]
        assert [each.username async for each in talk.people()] == ["Ada"]
        with pytest.raises(Refused) as refused:
            await talk.send("May I?")
        assert refused.value.code == "not_joined"
    assert not ada.all_heard("user_joined")


async def test_whoever_watches_comes_back_and_is_told_what_was_missed(
    server: Running, person: Arrive
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    said = await ada.say(room, "One")
    async with Client.watch(link, since=said["seq"] - 1) as talk, asyncio.timeout(PATIENCE_S):
        heard = talk.messages()
        assert (await anext(heard)).message == "One"
        server.app.realtime.server.send_away()
        await ada.reconnect(auth={"token": ada.token})
        await ada.join(room, token=ada.token)
        await ada.say(room, "Two")
        assert (await anext(heard)).message == "Two"


async def test_the_end_ends_it_and_what_has_ended_can_be_read(
    server: Running, person: Arrive
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    await ada.say(room, "One")
    async with Client.watch(link) as talk, asyncio.timeout(PATIENCE_S):
        await ada.say(room, "Two")
        await ada.ask("end_conversation", {"room_id": room})
        assert [each.message async for each in talk] == ["Two"]
    async with Client.watch(link) as talk, asyncio.timeout(PATIENCE_S):
        assert [each.message async for each in talk.messages(since=0)] == ["One", "Two"]
        with pytest.raises(Over):
            await talk.send("Too late")


async def test_a_passphrase_lets_in_and_so_does_the_token_it_gave(
    server: Running, person: Arrive
) -> None:
    ada = person("Ada")
    room, link = await a_room(ada)
    status, _ = await ada.call("PATCH", f"/api/conversations/{room}", {"passphrase": "horse"})
    assert status == 200
    with pytest.raises(Refused) as refused:
        await Client.watch(link).__aenter__()
    assert refused.value.code == "passphrase_required"
    async with Client.watch(link, passphrase="horse") as talk:
        token = talk.token
    assert token
    async with Client.watch(link, token=token) as talk, asyncio.timeout(PATIENCE_S):
        await ada.say(room, "Hello")
        assert (await anext(aiter(talk))).message == "Hello"


async def test_an_encrypted_conversation_is_read_with_its_key(server: Running) -> None:
    started = await start(server.url, encrypted=True)
    async with (
        Client(started.link, name="Ada", token=started.token) as ada,
        Client.watch(started.link) as talk,
        asyncio.timeout(PATIENCE_S),
    ):
        await ada.send("The cake is mine")
        assert (await anext(aiter(talk))).message == "The cake is mine"
        assert [each.username async for each in talk.people()] == ["Ada"]
