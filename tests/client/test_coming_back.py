"""A client whose connection is lost, or whose server is away, comes back: nothing is lost, nothing
is said twice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from parley.client import Client
from tests.people import PATIENCE_S, Person
from tests.servers import Process, Running, free_port, process

Arrive = Callable[..., Person]


def link(url: str, room_id: str) -> str:
    return f"{url}/conversation/{room_id}"


async def test_what_was_missed_is_told_in_order_and_once(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    async with Client(link(server.url, room), name="Ben") as talk:
        heard = talk.messages()
        for number in range(600):
            if number in (5, 300):
                server.app.realtime.server.send_away()  # everybody has to come back
                await ada.reconnect(auth={"token": ada.token})
                await ada.join(room, token=ada.token)
            await ada.say(room, f"{number}")
        said = []
        async with asyncio.timeout(PATIENCE_S):
            async for message in heard:
                said.append(message.message)
                if len(said) == 600:
                    break
    assert said == [f"{number}" for number in range(600)]


async def test_a_change_while_it_was_away_is_told(server: Running, person: Arrive) -> None:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    said = await ada.say(room, "Helo")
    async with Client(link(server.url, room), name="Ben") as talk:
        changes = talk.events("message_changed")
        first = asyncio.ensure_future(anext(changes))
        [client] = [
            each
            for each in server.app.realtime.audience.clients.values()
            if any(seat.person and seat.person.username == "Ben" for seat in each.seats.values())
        ]
        server.app.realtime.server.send_off(client.sid)
        await ada.ask("edit_message", {"room_id": room, "id": said["id"], "message": "Hello"})
        async with asyncio.timeout(PATIENCE_S):
            changed = await first
        assert changed.data.message == "Hello"


async def test_what_was_sent_into_a_kill_is_said_once(tmp_path: Path) -> None:
    port = str(free_port())
    with process(tmp_path / "data", "--port", port) as first:
        ada = Person("Ada", first.url)
        room = await ada.starts()
        await ada.goes_home()
        async with Client(link(first.url, room), name="Ben") as talk:
            sending = [asyncio.ensure_future(talk.send(f"{number}")) for number in range(300)]
            await sending[20]
            first.stop(9)
            second = Process(tmp_path / "data", "--port", port)
            await asyncio.to_thread(second.start)
            with contextlib.closing(_Stopping(second)):
                async with asyncio.timeout(PATIENCE_S):
                    acks = await asyncio.gather(*sending)
                said = [m async for m in _all(talk, 300)]
    assert said == [f"{number}" for number in range(300)]
    assert [ack.seq for ack in acks] == sorted({ack.seq for ack in acks})


async def test_programs_are_told_of_the_connection_and_of_what_waits(tmp_path: Path) -> None:
    port = str(free_port())
    with process(tmp_path / "data", "--port", port) as first:
        ada = Person("Ada", first.url)
        room = await ada.starts()
        await ada.goes_home()
        async with Client(link(first.url, room), name="Ben") as talk, asyncio.timeout(PATIENCE_S):
            assert (talk.is_connected, talk.unsent) == (True, 0)
            events = talk.events("connected", "disconnected")
            lost = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)  # it listens from here on
            first.stop(9)
            happened = await lost
            assert (happened.name, happened.data, talk.is_connected) == (
                "disconnected",
                None,
                False,
            )
            sending = [asyncio.ensure_future(talk.send(f"{number}")) for number in range(3)]
            reading = asyncio.ensure_future(talk.read(1))  # which is no message
            await asyncio.sleep(0)
            assert talk.unsent == 3
            second = Process(tmp_path / "data", "--port", port)
            await asyncio.to_thread(second.start)
            with contextlib.closing(_Stopping(second)):
                happened = await anext(events)
                assert (happened.name, talk.is_connected) == ("connected", True)
                await asyncio.gather(*sending)
                assert talk.unsent == 0
                await reading


class _Stopping:
    def __init__(self, running: Process) -> None:
        self._running = running

    def close(self) -> None:
        self._running.stop()


async def _all(talk: Client, count: int):  # type: ignore[no-untyped-def]
    async for message in talk.messages(since=0):
        yield message.message
        count -= 1
        if not count:
            return
