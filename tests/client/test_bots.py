"""A bot by its token: what it is asked reaches it on a socket, and on a stream."""

from __future__ import annotations

import asyncio

from parley.client import Client
from tests.people import PATIENCE_S, Person
from tests.servers import Running
from tests.stream.hearing import hearing


async def test_a_bot_offers_commands_and_answers_what_it_is_asked(server: Running) -> None:
    ada = Person("Ada", server.url)
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    status, made = await ada.call("POST", f"/api/conversations/{room}/bots", {"name": "Weather"})
    assert status == 201, made
    link = f"{server.url}/conversation/{room}"
    async with (
        hearing(server.url, room, token=made["token"]) as heard,
        Client(link, token=made["token"]) as bot,
        asyncio.timeout(PATIENCE_S),
    ):
        await heard.hears("conversation_state")
        assert (bot.me.username, bot.me.role) == ("Weather", "bot")
        await bot.offer({"rain": "Says whether it rains"})
        asked = bot.events("asked")
        first = asyncio.ensure_future(anext(asked))
        await asyncio.sleep(0)
        command = {"room_id": room, "bot": bot.me.user_id, "name": "rain", "text": "at four"}
        answer = await ada.ask("use_command", command)
        assert answer["ok"], answer
        told = (await first).data
        assert (told.ask.kind, told.ask.name, told.ask.text) == ("command", "rain", "at four")
        assert (await heard.hears("asked")).data["ask"]["id"] == told.ask.id
        await bot.answer(told, "It does")
        assert (await ada.hears("ask_answered"))["text"] == "It does"
        said = await bot.send("Shall I look again?", buttons={"yes": "Yes", "no": "No"})
        second = asyncio.ensure_future(anext(asked))
        await asyncio.sleep(0)
        pressed = {"room_id": room, "id": said.id, "button": "yes"}
        assert (await ada.ask("press_button", pressed))["ok"]
        told = (await second).data
        assert (told.ask.button, told.ask.message_id) == ("yes", said.id)
    await ada.goes_home()


async def test_a_bot_that_is_revoked_hears_no_more(server: Running) -> None:
    ada = Person("Ada", server.url)
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    bots = f"/api/conversations/{room}/bots"
    _, made = await ada.call("POST", bots, {"name": "Weather"})
    async with hearing(server.url, room, token=made["token"]) as heard:
        await heard.hears("conversation_state")
        status, reply = await ada.call("DELETE", f"{bots}/{made['bot']['user_id']}")
        assert status == 200, reply
        await heard.ends()
    await ada.goes_home()
