"""Every WebSocket is a line of our own, whichever way its client came to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from parley.config import Config
from parley.wire.connection import Connection
from parley.wire.gate import Gate
from tests import lasting
from tests.eventually import until
from tests.people import Person
from tests.raw import Polling, event, raw_polling
from tests.servers import Process, Running, running
from tests.wire.test_frames import masked
from tests.wire.test_line import ACCEPT, UPGRADE, Wire, wire

pytestmark = lasting.in_one_loop

HEAD = b"HEAD /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PROBE, CHANGE_OVER = masked(0x81, b"2probe"), masked(0x81, b"5")


@contextlib.asynccontextmanager
async def going_on(server: Running | Process, polling: Polling) -> AsyncIterator[Wire]:
    """A WebSocket for somebody who polls, opened and no more."""
    target = polling.url[polling.url.index("/socket.io/") :].replace("=polling", "=websocket")
    async with wire(server) as line:
        await line.says(UPGRADE.replace("/socket.io/?EIO=4&transport=websocket", target).encode())
        await line.says(b"\r\n")
        assert b" 101 " in await line.reads_head()
        yield line


async def reads_until(line: Wire, beginning: bytes) -> list[bytes]:
    """What the server says up to the packet that begins so."""
    packets: list[bytes] = []
    while not packets or not packets[-1].startswith(beginning):
        packets.append((await line.reads())[1])
    return packets


async def changes_over(line: Wire) -> None:
    await line.says(PROBE)
    assert (await line.reads())[1] == b"3probe"
    await line.says(CHANGE_OVER)


async def all_are_gone(server: Running) -> None:
    realtime = server.app.realtime
    await until(lambda: not (realtime.audience.clients or realtime.server.line_count))


def lines_and_polls(server: Running) -> tuple[int, int]:
    wired = server.app.realtime.server
    return wired.line_count, len(wired.eio.sockets)


async def test_who_changes_over_from_polling_is_on_a_line_of_ours(server: Running) -> None:
    async with raw_polling(server.url) as ada, going_on(server, ada) as line:
        await changes_over(line)
        await line.says(masked(0x81, event("nothing of ours", id=1).encode()))
        await reads_until(line, b"431[")
        assert lines_and_polls(server) == (1, 0)
        assert server.app.realtime.server.connection_count == 1
    await all_are_gone(server)


async def test_what_waits_goes_out_on_the_line_in_its_order(server: Running) -> None:
    async with raw_polling(server.url) as ada:
        await ada.send(*(event("nothing of ours", id=id) for id in range(3)))
        async with going_on(server, ada) as line:
            # Together with what she says next, in one piece of the network.
            more = masked(0x81, event("nothing of ours", id=3).encode())
            await line.says(PROBE)
            assert (await line.reads())[1] == b"3probe"
            await line.says(CHANGE_OVER + more)
            packets = await reads_until(line, b"433[")
    assert [packet[:3] for packet in packets] == [b"430", b"431", b"432", b"433"]


async def test_who_talks_while_changing_over_misses_nothing(server: Running) -> None:
    ben = Person("Ben", server.url)
    room_id = await ben.starts()
    await ben.join(room_id)
    async with raw_polling(server.url) as ada:
        await ada.send(event("join_room", {"room_id": room_id, "username": "Ada"}, id=1))
        await ada.polls_acks([1])
        async with going_on(server, ada) as line:
            await line.says(PROBE)
            await reads_until(line, b"3probe")
            await ben.say(room_id, "while you change over")
            await line.says(CHANGE_OVER)
            before = await reads_until(line, b'42["new_message"')
            await ben.say(room_id, "and after")
            after = await reads_until(line, b'42["new_message"')
    assert b"while you change over" in before[-1]
    assert b"and after" in after[-1]
    await ben.goes_home()


async def test_a_poll_that_waits_is_ended_by_the_probe(server: Running) -> None:
    async with raw_polling(server.url) as ada, going_on(server, ada) as line:
        poll = asyncio.create_task(ada.poll())
        await line.says(PROBE)
        assert (await line.reads())[1] == b"3probe"
        assert await poll == 200
        assert ada.packets[-1] == "6"


async def test_where_the_probe_fails_polling_goes_on(server: Running) -> None:
    async with raw_polling(server.url) as ada:
        async with going_on(server, ada) as line:
            await line.says(masked(0x81, b"40"))
            await line.reads_close()
        async with going_on(server, ada) as line:
            await line.says(PROBE)
            await line.reads()
        await until(lambda: not server.app.realtime.server.line_count)
        await ada.send(event("nothing of ours", id=1))
        await ada.polls_acks([1])
    assert lines_and_polls(server)[0] == 0


async def test_of_two_lines_the_first_that_changes_over_wins(server: Running) -> None:
    async with (
        raw_polling(server.url) as ada,
        going_on(server, ada) as one,
        going_on(server, ada) as other,
    ):
        for line in (one, other):
            await line.says(PROBE)
            assert (await line.reads())[1] == b"3probe"
        await other.says(CHANGE_OVER)
        await other.says(masked(0x81, event("nothing of ours", id=1).encode()))
        await reads_until(other, b"431[")
        await one.says(CHANGE_OVER)
        await one.reads_close()
        await other.says(masked(0x81, event("nothing of ours", id=2).encode()))
        await reads_until(other, b"432[")


async def test_who_did_not_connect_yet_does_so_on_the_line(server: Running) -> None:
    async with raw_polling(server.url, connected=False) as ada, going_on(server, ada) as line:
        await changes_over(line)
        await line.says(masked(0x81, b"40"))
        assert (await reads_until(line, b"40{"))[-1].startswith(b'40{"sid"')


async def test_nobody_goes_on_for_a_session_that_is_not_there(server: Running) -> None:
    async with wire(server) as mallory:
        head = UPGRADE.replace("transport=websocket", "transport=websocket&sid=made-up")
        await mallory.says(head.encode(), b"\r\n")
        assert (await mallory.reads_head()).startswith(b"HTTP/1.1 400 ")
    assert lines_and_polls(server) == (0, 0)


async def test_a_connection_that_served_requests_before_becomes_a_line(server: Running) -> None:
    async with wire(server) as proxy:
        await proxy.says(HEAD)
        assert (await proxy.reads_head()).startswith(b"HTTP/1.1 200 ")
        await proxy.says(UPGRADE.encode(), b"\r\n" + masked(0x81, b"40"))
        answer = await proxy.reads_head()
        assert b" 101 " in answer
        assert ACCEPT in answer
        await reads_until(proxy, b"40{")
        assert lines_and_polls(server) == (1, 0)
        assert len(server.app.realtime.audience.clients) == 1
    await all_are_gone(server)


async def test_a_client_that_is_gone_by_then_gets_no_line(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_line = Connection.open_line
    came = asyncio.Event()

    async def too_late(connection: Connection, *asked: Any) -> bool:
        connection.writer.transport.abort()
        for _ in range(3):
            await asyncio.sleep(0)  # by then it is closed, and not only closing
        try:
            return await open_line(connection, *asked)
        finally:
            came.set()

    monkeypatch.setattr(Connection, "open_line", too_late)
    gate = server.app.asgi_app
    assert isinstance(gate, Gate)
    async with wire(server) as mallory:
        await mallory.says(HEAD + UPGRADE.encode() + b"\r\n")
        await came.wait()
    places = server.app.realtime.server.eio.places
    await until(lambda: not (places._taken or gate._places._taken))
    assert lines_and_polls(server) == (0, 0)


async def test_a_handshake_that_names_an_empty_body_is_one_as_any_other(server: Running) -> None:
    async with wire(server) as mallory:
        assert b" 101 " in await mallory.opens("Content-Length: 0\r\n")
        assert lines_and_polls(server) == (1, 0)


async def test_places_are_given_back_whichever_way_a_line_came(config: Config) -> None:
    async with running(config) as server:
        places = server.app.realtime.server.eio.places
        async with raw_polling(server.url) as ada, going_on(server, ada) as line:
            await changes_over(line)
            await line.says(masked(0x81, event("nothing of ours", id=1).encode()))
            await reads_until(line, b"431[")
            assert list(places._taken.values()) == [1]
        await all_are_gone(server)
        assert not places._taken
