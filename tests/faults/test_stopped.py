"""SIGTERM under load: everybody is told, what waits is stored, and it ends in time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
import websocket

from tests.databases import locked
from tests.eventually import until
from tests.faults.talk import Talk, talk_at, talks
from tests.people import Person
from tests.raw import event
from tests.servers import Running

ENDS_WITHIN_S = 30.0
"""On a busy machine. tests/faults/test_promised_times.py holds it to the ten that are promised."""
BEFORE = 100
"""Messages acknowledged before the signal."""


@contextlib.asynccontextmanager
async def somebody_who_never_reads(talk: Talk, room_id: str) -> AsyncIterator[None]:
    """Mallory reads along with a small buffer, which is full and which nobody empties."""
    small = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)]
    address = talk.server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    mallory = await asyncio.to_thread(websocket.create_connection, address, sockopt=small)
    mallory.send("40")
    mallory.send(event("watch_room", {"room_id": room_id}))
    ada = talk.clients[0]
    for _ in range(200):
        # Three bytes each in UTF-8: several megabytes.
        ada.say("茶" * 8_000)
    # The others have read it all: whoever is far behind is cut off without a goodbye.
    await talk.settles()
    try:
        yield
    finally:
        mallory.shutdown()  # type: ignore[no-untyped-call]


async def test_nothing_acknowledged_is_lost_when_it_is_stopped_under_load(tmp_path: Path) -> None:
    async with talk_at(tmp_path / "data") as talk:
        room_id = await talk.opens(
            "Ada", "Ben", "Cleo", tabs=2, transports=("websocket", "polling")
        )
        await talk.all_in()
        async with somebody_who_never_reads(talk, room_id):
            signalled = asyncio.Event()

            def stop() -> None:
                talk.place.is_up.clear()
                talk.server.signal(signal.SIGTERM)
                signalled.set()

            talk.record.after("acks", BEFORE, stop)
            async with asyncio.TaskGroup() as speakers:
                for client in talk.clients:
                    speakers.create_task(talks(client, signalled.is_set))
                await signalled.wait()
                began = time.monotonic()
            assert await talk.server.ends() == 0
            assert time.monotonic() - began < ENDS_WITHIN_S
            for client in talk.clients:
                await client.gets_out()
        # Those who poll find it out by their next poll.
        websockets = sum(client.transport == "websocket" for client in talk.clients)
        assert talk.record.counts["goodbyes"] == websockets
        assert "Traceback" not in talk.server.log.read_text()
        await talk.server.start()
        talk.place.is_up.set()
        await talk.is_kept()


async def test_what_waits_to_be_stored_is_stored_before_it_ends(tmp_path: Path) -> None:
    async with talk_at(tmp_path / "data") as talk:
        await talk.opens("Ada", "Ben")
        await talk.all_in()
        with locked(talk.server.folder):
            said = [client.say("Before you go") for client in talk.clients]
            # The next event is answered without a write: they are in the queue by then.
            await talk.call("GET", "/api/health")
            talk.place.is_up.clear()
            talk.server.signal(signal.SIGTERM)
            for client in talk.clients:
                await client.gets_out()
        assert await talk.server.ends() == 0
        assert not any(message.acks for message in said)
        await talk.server.start()
        talk.place.is_up.set()
        await talk.is_kept()
    assert [ack["duplicate"] for message in said for ack in message.acks] == [True, True]


def is_pending(pid: int, number: int) -> bool:
    """Whether the process has not been given that signal yet: two that wait would be one."""
    said = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return any(int(said[mask], 16) >> (number - 1) & 1 for mask in ("SigPnd", "ShdPnd"))


@pytest.mark.long("test_promised_times.py sends a second one every time")
@pytest.mark.skipif(sys.platform != "linux", reason="Only there it is seen whether it was heard.")
async def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    async with talk_at(tmp_path / "data") as talk:
        room_id = await talk.opens("Ada")
        await talk.all_in()
        async with somebody_who_never_reads(talk, room_id):
            talk.place.is_up.clear()
            talk.server.signal(signal.SIGTERM)
            # It was heard; Mallory holds the server up for two seconds more.
            await until(lambda: not is_pending(talk.server.pid, signal.SIGTERM))
            talk.server.signal(signal.SIGTERM)
            assert await talk.server.ends() == 1
        await talk.server.start()
        talk.place.is_up.set()
        await talk.is_kept()


async def test_it_is_not_ready_from_the_first_goodbye_on(server: Running) -> None:
    ada = await Person("Ada", server.url).connect()
    assert (await ada.call("GET", "/api/ready"))[0] == 200
    await server.app.drain()
    status, reply = await ada.call("GET", "/api/ready")
    assert (status, reply["code"]) == (503, "unavailable")
    assert "stopping" in reply["error"]
    assert reply["retry_after"]
    await ada.goes_home()


@pytest.mark.long("that it is not ready is told every time without a signal")
async def test_whoever_asks_after_the_signal_never_hears_that_it_is_ready(tmp_path: Path) -> None:
    async with talk_at(tmp_path / "data") as talk:
        await talk.opens("Ada")
        [ada] = talk.clients
        await talk.all_in()
        talk.place.is_up.clear()
        talk.server.signal(signal.SIGTERM)
        await ada.gets_out()
        answers = [await _readiness(talk) for _ in range(20)]
        assert set(answers) <= {503, None}
        assert await talk.server.ends() == 0


async def _readiness(talk: Talk) -> int | None:
    """The status; None where nobody answers any more."""
    try:
        return int((await talk.call("GET", "/api/ready"))["status"])
    except aiohttp.ClientError:
        return None
