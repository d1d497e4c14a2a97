"""Asking to be let in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from parley.client import Client, Refused, Waiting, knock
from tests.people import PATIENCE_S, Person
from tests.servers import Process, Running, free_port, process

Arrive = Callable[..., Person]


async def behind_a_door(ada: Person) -> tuple[str, str]:
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    status, reply = await ada.call("PATCH", f"/api/conversations/{room}", {"knock": True})
    assert status == 200, reply
    return room, f"{ada.url}/conversation/{room}"


class Asking:
    """Ben asks, and what he is told meanwhile."""

    def __init__(self, link: str) -> None:
        self.told: asyncio.Future[Waiting] = asyncio.get_running_loop().create_future()
        self.answer = asyncio.ensure_future(knock(link, name="Ben", waiting=self.told.set_result))


async def test_whom_an_owner_lets_in_comes_in(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room, link = await behind_a_door(ada)
    with pytest.raises(Refused) as refused:
        await Client(link, name="Ben").__aenter__()
    assert refused.value.code == "knock_required"
    async with asyncio.timeout(PATIENCE_S):
        ben = Asking(link)
        assert (await ben.told).is_owner_here
        knocked = await ada.hears("knocked")
        assert knocked["username"] == "Ben"
        await ada.ask("answer_knock", {"room_id": room, "id": knocked["id"], "admit": True})
        token = await ben.answer
        async with Client(link, name="Ben", token=token) as talk:
            await talk.send("Thank you")
    assert (await ada.hears("new_message"))["username"] == "Ben"


async def test_whom_an_owner_declines_is_told_so(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room, link = await behind_a_door(ada)
    async with asyncio.timeout(PATIENCE_S):
        ben = Asking(link)
        knocked = await ada.hears("knocked")
        await ada.ask("answer_knock", {"room_id": room, "id": knocked["id"], "admit": False})
        with pytest.raises(Refused, match="declined") as refused:
            await ben.answer
    assert refused.value.code == "declined"


async def test_where_the_door_is_open_nobody_has_to_ask(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    assert await knock(f"{ada.url}/conversation/{room}", name="Ben") is None


@pytest.mark.parametrize("admit", [True, False])
async def test_an_answer_while_it_was_away_is_told(tmp_path: Path, admit: bool) -> None:
    port = str(free_port())
    with process(tmp_path / "data", "--port", port) as first:
        ada = Person("Ada", first.url)
        room, link = await behind_a_door(ada)
        async with asyncio.timeout(PATIENCE_S):
            ben = Asking(link)
            token = (await ben.told).token
            knocked = await ada.hears("knocked")
            await ada.goes_home()
            first.stop(9)
            second = Process(tmp_path / "data", "--port", port)
            await asyncio.to_thread(second.start)
            try:
                await asyncio.to_thread(answers, ada, room, knocked["id"], admit=admit)
                if admit:
                    assert await ben.answer == token
                else:
                    with pytest.raises(Refused, match="declined"):
                        await ben.answer
            finally:
                second.stop()


def answers(ada: Person, room: str, knock_id: str, *, admit: bool) -> None:
    reply = requests.post(
        f"{ada.url}/api/conversations/{room}/knocks/{knock_id}",
        json={"admit": admit},
        headers={"Authorization": f"Bearer {ada.token}"},
        timeout=PATIENCE_S,
    )
    assert reply.status_code == 200, reply.text
