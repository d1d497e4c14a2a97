"""A polling client's requests are whole, in time and one at a time, or its session ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from engineio import packet, payload

from parley import contract
from parley.config import Config
from parley.wire import body
from parley.wire.engine import GuardedEngine
from parley.wire.socket import GuardedSocket
from tests import lasting
from tests.people import PATIENCE_S
from tests.raw import Polling, event, raw_polling
from tests.servers import Running, running
from tests.wire.test_line import NOT_LONG_S, wire

pytestmark = lasting.in_one_loop

HOST = "Host: 127.0.0.1\r\n"
MOST = payload.Payload.max_decode_packets


def target(polling: Polling) -> str:
    return polling.url[polling.url.index("/socket.io/") :]


def noticed(monkeypatch: pytest.MonkeyPatch, owner: type, name: str) -> asyncio.Event:
    """Set once this method is called."""
    called, method = asyncio.Event(), getattr(owner, name)

    def notices(*arguments: Any) -> Any:
        called.set()
        return method(*arguments)

    monkeypatch.setattr(owner, name, notices)
    return called


@pytest.fixture
def polled(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Somebody waits for news."""
    return noticed(monkeypatch, GuardedSocket, "_poll")


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Somebody's session has ended."""
    return noticed(monkeypatch, GuardedEngine, "forget")


async def test_a_poll_that_is_broken_off_ends_the_session(
    either: Running, polled: asyncio.Event, forgotten: asyncio.Event
) -> None:
    async with raw_polling(either.url) as ada:
        polled.clear()
        async with wire(either) as poll:
            await poll.says(f"GET {target(ada)} HTTP/1.1\r\n{HOST}\r\n".encode())
            await polled.wait()
        await asyncio.wait_for(forgotten.wait(), NOT_LONG_S)
        # What that poll would have brought is not lost in silence: she has to come back.
        assert await ada.poll() == 400


async def test_a_second_poll_at_once_is_refused_and_ends_the_session(
    either: Running, polled: asyncio.Event
) -> None:
    async with raw_polling(either.url) as ada:
        polled.clear()
        first = asyncio.create_task(ada.poll())
        await polled.wait()
        assert await ada.poll() == 400
        assert await first == 200
        assert ada.packets[-1] == "1"
        assert await ada.poll() == 400
    assert either.app.realtime.server.connection_count == 0


async def test_one_poll_after_the_other_is_as_it_should_be(
    either: Running, polled: asyncio.Event
) -> None:
    async with raw_polling(either.url) as ada:
        for id in range(3):
            polled.clear()
            first = asyncio.create_task(ada.poll())
            await polled.wait()
            await ada.send(event("nothing of ours", id=id))
            assert await first == 200
        assert [id for id, _ in ada.acks()] == [0, 1, 2]


async def test_what_waits_comes_in_polls_that_every_client_reads(either: Running) -> None:
    # A client of python-engineio ends where a poll is answered with more packets than that.
    async with raw_polling(either.url) as ada:
        await ada.send(*(event("nothing of ours", id=id) for id in range(3 * MOST + 1)))
        ada.packets.clear()
        at_once = []
        while len(ada.packets) < 3 * MOST + 1:
            before = len(ada.packets)
            assert await ada.poll() == 200
            at_once.append(len(ada.packets) - before)
        assert at_once == [MOST, MOST, MOST, 1]
        assert [id for id, _ in ada.acks()] == list(range(3 * MOST + 1))


async def test_a_last_poll_brings_all_that_waited(either: Running, polled: asyncio.Event) -> None:
    async with raw_polling(either.url) as ada:
        ada.packets.clear()
        polled.clear()
        last = asyncio.create_task(ada.poll())
        await polled.wait()
        [session] = either.app.realtime.server.eio.sockets.values()
        for number in range(2 * MOST):
            session.push(packet.Packet(packet.MESSAGE, f"2{number}"))
        await session.close(abort=True)
        assert await last == 200
        assert ada.packets == [f"42{number}" for number in range(2 * MOST)]


async def test_what_waited_before_an_upgrade_comes_by_the_new_way(server: Running) -> None:
    async with (
        raw_polling(server.url) as ada,
        aiohttp.ClientSession() as http,
        asyncio.timeout(PATIENCE_S),
    ):
        await ada.send(*(event("nothing of ours", id=id) for id in range(2 * MOST)))
        ada.packets.clear()
        assert await ada.poll() == 200
        assert len(ada.packets) == MOST
        async with http.ws_connect(ada.url.replace("polling", "websocket")) as ws:
            await ws.send_str("2probe")
            assert await ws.receive_str() == "3probe"
            await ws.send_str("5")
            while len(ada.packets) < 2 * MOST:
                ada.packets.append(await ws.receive_str())
        assert [id for id, _ in ada.acks()] == list(range(2 * MOST))


async def test_packets_posted_in_chunks_are_taken(either: Running) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for letter in event("nothing of ours", id=1).encode():
            yield bytes((letter,))

    async with raw_polling(either.url) as ada:
        assert await ada.post(chunks()) == 200
        await ada.polls_acks([1])


@pytest.mark.parametrize("size", [contract.FRAME_MAX_BYTES + 1, 1_000_000])
async def test_too_much_posted_in_chunks_ends_the_session(either: Running, size: int) -> None:
    async with raw_polling(either.url) as mallory, wire(either) as post:
        head = f"POST {target(mallory)} HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n"
        await post.says(f"{head}{size:x}\r\n".encode(), b"4" * size)
        assert (await post._reader.readline()).startswith(b"HTTP/1.1 400 ")
        assert await mallory.poll() == 400


@pytest.mark.parametrize(
    "path",
    ["{own}", "/socket.io/?EIO=4&transport=polling&sid=nobody", "/api/conversations/create"],
)
@pytest.mark.parametrize("begun", ["", "4"])
async def test_a_body_that_does_not_come_in_time_ends_its_connection(
    config: Config, monkeypatch: pytest.MonkeyPatch, path: str, begun: str
) -> None:
    monkeypatch.setattr(body, "BODY_WITHIN_S", 0.2)
    monkeypatch.setattr("parley.app.BODY_WITHIN_S", 0.2)
    async with (
        running(config) as server,
        raw_polling(server.url) as mallory,
        wire(server) as slow,
        asyncio.timeout(NOT_LONG_S),
    ):
        asked = path.format(own=target(mallory))
        head = f"POST {asked} HTTP/1.1\r\n{HOST}Content-Type: application/json\r\n"
        await slow.says(f"{head}Content-Length: 1000\r\n\r\n{begun}".encode())
        assert (await slow.reads_to_the_end()).startswith(b"HTTP/1.1 408 ")
