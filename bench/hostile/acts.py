"""What the hostile address does. Each is done by so many at once, who begin anew when cut off."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.hostile.line import HungUp, Line, begin_polling, line, post, request

ANEW_AFTER_S = 0.05
ACTS_MAX = 500_000
"""After so many it has done enough."""
PONGS = ["3"] * 32_000
ASKED_AT_ONCE = 400
"""Packets in one request or write: nearly as much as one may hold."""
NAME = "Guest"
"""The name that a crowd has already."""


@dataclass
class Target:
    """What it is done to. `room_id` is the room that was made for it."""

    port: int
    room_id: str
    done: int = 0
    """Requests and writes that went through."""

    def count(self) -> None:
        self.done += 1
        if self.done >= ACTS_MAX:
            raise SystemExit


Once = Callable[[Target], Awaitable[None]]


async def by_many(target: Target, people: int, once: Once) -> None:
    """So many at once, each again and again."""

    async def again() -> None:
        while True:
            with contextlib.suppress(OSError, EOFError, HungUp, TimeoutError, ValueError):
                await once(target)
            await asyncio.sleep(ANEW_AFTER_S)

    await asyncio.gather(*(again() for _ in range(people)))


def event(name: str, body: dict[str, object], id: int) -> str:
    return f"42{id}{json.dumps([name, body])}"


def _questions(target: Target) -> list[str]:
    """Watch, and then ask for all there is, and for a little that is none."""
    sync: dict[str, object] = {"room_id": target.room_id, "since": 0, "limit": 200}
    typing: dict[str, object] = {"room_id": target.room_id, "is_typing": True}
    asked = [event("sync", sync, number) for number in range(ASKED_AT_ONCE - 2)]
    watching = event("watch_room", {"room_id": target.room_id}, 999)
    return [watching, *asked, event("typing", typing, 998)]


# --- who does not read ---


async def never_polls(target: Target) -> None:
    """A polling client that posts and never polls."""
    async with line(target.port) as opened:
        mine = await begin_polling(opened)
        while True:
            await post(opened, mine, *_questions(target))
            target.count()


async def never_reads(target: Target) -> None:
    """A WebSocket that asks for states and reads none."""
    async with line(target.port, small_buffer=True) as opened:
        await opened.shake_hands()
        await _asks_unread(target, opened)


async def never_reads_behind_a_length(target: Target) -> None:
    """The same with a header in its handshake that sends it another way through the server."""
    async with line(target.port, small_buffer=True) as opened:
        await opened.shake_hands(more="Content-Length: 0\r\n")
        await _asks_unread(target, opened)


async def never_reads_upgraded(target: Target) -> None:
    """The same after it began by polling."""
    async with line(target.port) as polling, line(target.port, small_buffer=True) as opened:
        await _upgrade(polling, opened)
        await _asks_unread(target, opened)


async def reads_slowly(target: Target) -> None:
    """One page of long messages after the other is asked for, and read byte by byte."""
    async with line(target.port, small_buffer=True) as opened:
        for _ in range(20):
            page = f"/api/conversations/{target.room_id}/messages?limit=200"
            await opened.write(request("GET", page))
        while True:
            await opened.read(64)
            target.count()
            await asyncio.sleep(0.1)


async def _asks_unread(target: Target, opened: Line) -> None:
    await opened.say("40")
    while True:
        await opened.say(*_questions(target))
        target.count()


async def _upgrade(polling: Line, opened: Line) -> None:
    mine = await begin_polling(polling)
    await opened.shake_hands(f"websocket&sid={mine.partition('sid=')[2]}")
    await opened.say("2probe")
    await opened.read()
    await opened.say("5")


# --- who asks for what is dear ---


def asks_for(path: str) -> Once:
    """One GET after the other on one connection."""

    async def asks(target: Target) -> None:
        async with line(target.port) as opened:
            while True:
                status, _ = await opened.ask("GET", path.format(room=target.room_id))
                target.count()
                if status == 429:
                    await asyncio.sleep(ANEW_AFTER_S)

    return asks


async def posts_packets(target: Target) -> None:
    """32,000 packets in each request."""
    async with line(target.port) as opened:
        mine = await begin_polling(opened)
        while True:
            await post(opened, mine, *PONGS)
            target.count()


async def floods_polling(target: Target) -> None:
    """Events as fast as they are taken, and it reads what is answered."""
    async with line(target.port) as posting, line(target.port) as polling:
        mine = await begin_polling(posting)
        reading = asyncio.ensure_future(_polls(polling, mine))
        try:
            for number in itertools.count():
                await post(posting, mine, *_typing(target, number))
                target.count()
        finally:
            reading.cancel()


async def floods_upgraded(target: Target) -> None:
    """The same on a WebSocket that began by polling."""
    async with line(target.port) as polling, line(target.port) as opened:
        await _upgrade(polling, opened)
        await opened.say("40")
        reading = asyncio.ensure_future(_reads(opened))
        try:
            for number in itertools.count():
                await opened.say(*_typing(target, number))
                target.count()
        finally:
            reading.cancel()


def _typing(target: Target, number: int) -> list[str]:
    body: dict[str, object] = {"room_id": target.room_id, "is_typing": bool(number % 2)}
    return [event("typing", body, id) for id in range(ASKED_AT_ONCE)]


async def _polls(opened: Line, target: str) -> None:
    with contextlib.suppress(OSError, EOFError, HungUp, TimeoutError):
        while (await opened.ask("GET", target))[0] == 200:
            pass


async def _reads(opened: Line) -> None:
    with contextlib.suppress(OSError, HungUp):
        while True:
            await opened.read()


# --- who comes and goes ---


async def joins_by_name(target: Target) -> None:
    """Somebody new under a name that many have."""
    async with line(target.port) as opened:
        await opened.shake_hands()
        join: dict[str, object] = {"room_id": target.room_id, "username": NAME}
        await opened.say("40", event("join_room", join, 1))
        while b"431[" not in await asyncio.wait_for(opened.read(), ANEW_AFTER_S * 100):
            pass
        target.count()


async def knocks(target: Target) -> None:
    """Somebody new knocks."""
    async with line(target.port) as opened:
        knocking = f"/api/conversations/{target.room_id}/knock"
        while True:
            await opened.ask("POST", knocking, json.dumps({"username": f"{NAME} {target.done}"}))
            target.count()


async def opens_and_closes(target: Target) -> None:
    """Connections that say nothing, and WebSockets that are gone at once."""
    for _ in range(100):
        async with line(target.port):
            target.count()
        async with line(target.port) as opened:
            await opened.shake_hands()
            target.count()
