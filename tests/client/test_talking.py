"""A program says things and hears what others say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from parley.client import BadLink, Client, Over, Refused, Unreachable
from parley.live.seating import Seating
from tests.people import PATIENCE_S, Person
from tests.servers import Running, free_port

Arrive = Callable[..., Person]


def link(server: Running, room_id: str) -> str:
    return f"{server.url}/conversation/{room_id}"


async def test_ten_lines_make_a_bot(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)

    async def echo() -> None:
        async with Client(link(server, room), name="Echo") as talk:
            async for message in talk:
                if message.message == "ping":
                    await talk.send("pong", reply_to=message)

    bot = asyncio.create_task(echo())
    joined = await ada.hears("user_joined")
    assert joined["username"] == "Echo"
    said = await ada.say(room, "ping")
    answer = await ada.hears("new_message", lambda data: data["message"] == "pong")
    assert answer["reply_to"]["id"] == said["id"]
    assert "unproven" not in answer
    bot.cancel()
    await asyncio.wait([bot])


async def test_what_is_said_while_it_comes_in_is_said_to_it(
    server: Running, person: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    await ada.say(room, "Before it came")
    seat = Seating.seat

    async def greeted_first(*seated: Any) -> Any:
        await ada.say(room, "Welcome")
        return await seat(*seated)

    monkeypatch.setattr(Seating, "seat", greeted_first)
    async with Client(link(server, room), name="Ben") as talk:
        said = aiter(talk)
        async with asyncio.timeout(PATIENCE_S):
            heard = [(await anext(said)).message for _ in range(2)]
    assert heard == ["Welcome", "Welcome"]  # it comes in twice: the second time it proves who it is


async def test_it_hears_what_was_said_before_it_listened(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    await ada.say(room, "Before it came")
    async with Client(link(server, room), name="Ben") as talk:
        for number in range(5):
            await ada.say(room, f"Early {number}")
        heard = []
        async with asyncio.timeout(PATIENCE_S):
            async for message in talk:
                heard.append(message.message)
                if len(heard) == 5:
                    await ada.say(room, "Late")
                if len(heard) == 6:
                    break
        assert heard == [*(f"Early {number}" for number in range(5)), "Late"]
        everything = [m.message for m in await talk.history()]
        assert everything == ["Before it came", *heard]


async def test_it_reacts_edits_deletes_and_pins(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    async with Client(link(server, room), name="Ben") as talk:
        sent = await talk.send("Helo")
        await talk.edit(sent, "Hello")
        await talk.react(sent, "👍")
        await talk.react(sent, "👍")  # again: nothing changes
        changed = await ada.hears("message_changed", lambda data: "reactions" in data)
        assert changed["message"] == "Hello"
        with pytest.raises(Refused) as refused:
            await talk.pin(sent)
        assert refused.value.code == "forbidden"
        await talk.delete(sent)
        await ada.hears("message_changed", lambda data: "deleted" in data)


async def test_files_go_up_and_come_down(server: Running, person: Arrive, tmp_path: Path) -> None:
    ada = person("Ada")
    room = await ada.starts()
    async with Client(link(server, room), name="Ben") as talk:
        page = tmp_path / "Ärger.txt"
        page.write_bytes(b"Milk, bread\n" * 50_000)
        file = await talk.upload(page)
        assert (file.name, file.size) == ("Ärger.txt", 600_000)
        await talk.send(files=[file])
        [sent] = await talk.files()
        assert await talk.download(sent.file, tmp_path / "back") == 600_000
        assert (tmp_path / "back").read_bytes() == page.read_bytes()
        small = await talk.upload(b"{}", name="a.json")
        assert small.name == "a.json"


async def test_it_finds_messages_and_people(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    await ada.say(room, "Milk and honey")
    async with Client(link(server, room), name="Ben") as talk:
        found = [each.message.message async for each in talk.search("honey")]
        assert found == ["Milk and honey"]
        assert [each.username async for each in talk.people()] == ["Ada", "Ben"]


async def test_with_its_token_it_is_who_it_was(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    async with Client(link(server, room), name="Ben") as talk:
        token, user_id, seq = talk.token, talk.me.user_id, talk.seq
    await ada.say(room, "While it was away")
    async with Client(link(server, room), token=token, since=seq) as talk:
        assert (talk.me.user_id, talk.me.username) == (user_id, "Ben")
        async for message in talk.messages():
            assert message.message == "While it was away"
            break


async def test_what_it_cannot_do_is_said(server: Running, person: Arrive) -> None:
    with pytest.raises(BadLink):
        Client("talk.example.org")
    with pytest.raises(Unreachable):
        async with Client(f"http://127.0.0.1:{free_port()}/conversation/x", name="Ben"):
            pass
    with pytest.raises(Refused) as refused:
        async with Client(link(server, "nowhere"), name="Ben"):
            pass
    assert refused.value.code == "conversation_not_found"
    ada = person("Ada")
    room = await ada.starts()
    with pytest.raises(Refused) as refused:
        async with Client(link(server, room), token="x" * 32):
            pass
    assert refused.value.code == "forbidden"


async def test_it_is_told_when_it_is_over(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    async with Client(link(server, room), name="Ben") as talk:
        await ada.ask("remove_participant", {"room_id": room, "user_id": talk.me.user_id})
        with pytest.raises(Over) as over:
            async for _ in talk:
                pass
        assert over.value.reason == "removed"
        with pytest.raises(Over):
            await talk.send("Hello?")


async def test_an_ending_ends_the_loop(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    async with Client(link(server, room), name="Ben") as talk:
        await ada.say(room, "Bye")
        await ada.ask("end_conversation", {"room_id": room})
        assert [message.message async for message in talk] == ["Bye"]
