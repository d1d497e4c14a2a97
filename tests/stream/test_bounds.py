"""A stream costs no more than a socket may, and ends as connections do."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from ipaddress import ip_network
from urllib.parse import urlsplit

import aiohttp
import pytest

from parley.app import Parley
from parley.config import Config
from parley.wire import stream
from parley.wire.countdown import Countdown
from tests.eventually import until
from tests.people import Person
from tests.servers import Running, running
from tests.stream.hearing import hearing

Arrive = Callable[..., Person]


async def talk(person: Arrive) -> tuple[Person, str]:
    ada = person("Ada")
    room = await ada.starts()
    await ada.join(room, token=ada.token)
    return ada, room


def streams(app: Parley) -> int:
    return len(app.realtime.server.streams)


async def test_whoever_never_reads_is_cut_off_and_holds_up_nobody(
    server: Running, person: Arrive
) -> None:
    ada, room = await talk(person)
    at = urlsplit(server.url)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(deaf, (at.hostname, at.port))
    asked = f"GET /api/conversations/{room}/events HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n"
    await loop.sock_sendall(deaf, asked.encode())
    await until(lambda: streams(server.app) == 1)
    async with hearing(server.url, room) as heard:
        await heard.hears("conversation_state")
        said = 0
        while streams(server.app) == 2:
            said += 1
            await ada.say(room, f"{said} " + "milk " * 1500)
        assert said * 7_500 < 16 * 1024 * 1024
        await heard.hears("new_message", lambda data: data["message"].startswith(f"{said} "))
    assert server.app.realtime.server.eio.counts["overflowed"] == 1
    deaf.close()


async def test_what_was_missed_waits_for_who_reads_slowly(server: Running, person: Arrive) -> None:
    ada, room = await talk(person)
    long = "milk " * 1500
    for number in range(600):
        await ada.say(room, f"{number} {long}")
    async with aiohttp.ClientSession(read_bufsize=1024) as http:
        path = f"{server.url}/api/conversations/{room}/events?since=0"
        async with http.get(path) as answer:
            came = b""
            while came.count(b"event: new_message") < 600:
                came += await answer.content.read(512 * 1024)
    numbers = [int(n) for n in re.findall(rb'"message":"(\d+) ', came)]
    assert numbers == list(range(600))


async def test_a_client_that_goes_leaves_nothing_behind(server: Running, person: Arrive) -> None:
    ada, room = await talk(person)
    for _ in range(3):
        async with hearing(server.url, room, token=ada.token) as heard:
            await heard.hears("conversation_state")
            assert streams(server.app) == 1
            health = await ada.call("GET", "/api/health")
            assert health[1]["active_connections"] == 2
        await until(lambda: streams(server.app) == 0)
    realtime = server.app.realtime
    assert len(realtime.audience.clients) == 1
    [found] = realtime.audience.rooms.values()
    assert len(found.sids) == 1
    assert realtime.server.line_count == 1


async def test_who_says_anything_on_a_stream_is_cut_off(server: Running, person: Arrive) -> None:
    _, room = await talk(person)
    at = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    asked = f"GET /api/conversations/{room}/events HTTP/1.1\r\nHost: {at.netloc}\r\n\r\n"
    writer.write(asked.encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b"connection: close" in head.lower()
    assert b"content-length" not in head.lower()
    await reader.readuntil(b"event: conversation_state")
    writer.write(asked.encode())
    await until(lambda: streams(server.app) == 0)
    writer.close()


async def test_a_comment_comes_now_and_then(
    server: Running, person: Arrive, monkeypatch: pytest.MonkeyPatch
) -> None:
    wire = server.app.realtime.server
    monkeypatch.setattr(wire, "_beats", Countdown(0.05, lambda each: each.beat()))
    _, room = await talk(person)
    async with hearing(server.url, room) as heard:
        await heard.beats()
        await heard.hears("conversation_state")
    assert set(heard.comments) == {":"}


@pytest.fixture
async def narrow(config: Config) -> AsyncIterator[Running]:
    proxies = (ip_network("127.0.0.0/8"),)
    bounded = replace(config, max_connections_per_address=3, trusted_proxies=proxies)
    async with running(bounded) as started:
        yield started


async def test_an_address_has_so_many_places(narrow: Running) -> None:
    ada = Person("Ada", narrow.url)
    room = await ada.starts()
    await ada.goes_home()
    path = f"{narrow.url}/api/conversations/{room}/events"
    # As through a proxy: else there would be no place for the connection, whatever it asks.
    theirs = {"X-Forwarded-For": "203.0.113.9"}
    async with aiohttp.ClientSession(headers=theirs) as http:
        heard = [await http.get(path) for _ in range(3)]
        assert [each.status for each in heard] == [200] * 3
        async with http.get(path) as refused:
            assert refused.status == 429
            assert refused.headers["Retry-After"]
        async with http.get(path, headers={"X-Forwarded-For": "203.0.113.10"}) as other:
            assert other.status == 200
        for each in heard:
            each.close()
        await until(lambda: streams(narrow.app) == 0)
        async with http.get(path) as again:
            assert again.status == 200


async def test_a_stop_ends_streams_and_loses_nothing(config: Config) -> None:
    async with running(config) as server:
        ada = Person("Ada", server.url)
        room = await ada.starts()
        await ada.join(room, token=ada.token)
        async with aiohttp.ClientSession() as http:
            answer = await http.get(f"{server.url}/api/conversations/{room}/events")
            await answer.content.readuntil(b"conversation_state")
            await ada.say(room, "Before the stop")
            server.app.realtime.server.send_away()
            rest = await answer.content.read()
            assert b"Before the stop" in rest
        await ada.goes_home()


def test_an_event_is_told_as_the_standard_says() -> None:
    assert stream.encode("typing", {"a": "x\ny"}) == b'event: typing\ndata: {"a":"x\\ny"}\n\n'
    assert stream.encode("said", [1], 7) == b"id: 7\nevent: said\ndata: [1]\n\n"
