"""Streams of a Parley inside another ASGI server, and at the test client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from quart.testing import connections

from parley.app import Parley
from parley.config import Config
from tests.calls import Caller
from tests.eventually import until
from tests.people import PATIENCE_S, Person
from tests.servers import Running, running
from tests.stream.hearing import hearing


@pytest.fixture
async def plain(config: Config) -> AsyncIterator[Running]:
    async with running(config, plain=True) as started:
        yield started


async def test_inside_another_server_it_is_the_body_of_the_answer(plain: Running) -> None:
    ada = Person("Ada", plain.url)
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    for number in range(5):
        await ada.say(room, f"{number}")
    async with hearing(plain.url, room, last_event_id="2") as heard:
        await heard.hears("new_message", lambda data: data["message"] == "4")
        await ada.say(room, "Live")
        await heard.hears("new_message", lambda data: data["message"] == "Live")
        assert heard.texts() == ["2", "3", "4", "Live"]
    await until(lambda: not plain.app.realtime.server.streams)
    assert plain.app.realtime.server.line_count == 0
    async with hearing(plain.url, room) as heard:
        await heard.hears("conversation_state")
        plain.app.realtime.server.send_away()
        await heard.ends()
    await ada.goes_home()


async def test_at_the_test_client(app: Parley) -> None:
    ada = Caller(app, "Ada")
    room = await ada.starts()
    await ada.joins(room)
    await ada.says(room, "Hello")
    path = f"/api/conversations/{room}/events?since=0"
    connection = app.test_client().request(path)
    assert isinstance(connection, connections.TestHTTPConnection)
    heard = b""
    async with connection, asyncio.timeout(PATIENCE_S):
        await connection.send_complete()
        while b"Hello" not in heard:
            heard += await connection.receive()
        await connection.disconnect()
    assert connection.status_code == 200
    await until(lambda: not app.realtime.server.streams)


async def test_a_head_has_no_body(app: Parley) -> None:
    ada = Caller(app, "Ada")
    room = await ada.starts()
    reply = await ada.call("HEAD", f"/api/conversations/{room}/events")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/event-stream")
    assert not app.realtime.server.streams
