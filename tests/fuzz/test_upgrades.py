"""Changing over from polling, in every order that a client may get it wrong in: nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable

import pytest

from tests import lasting
from tests.eventually import until
from tests.raw import Polling, event, raw_polling
from tests.servers import Running
from tests.wire.test_frames import masked
from tests.wire.test_line import Wire
from tests.wire.test_upgrade import going_on

STEPS = 12
SAID = [
    *["2probe"] * 4,
    *["5"] * 4,
    "40",
    "1",
    "3",
    "6",
    "42[",
    event("nothing of ours", id=1),
    "41",
]


pytestmark = lasting.in_one_loop
config, server = lasting.config, lasting.server


class Mallory:
    """Somebody with a polling session and as many lines as they like."""

    def __init__(self, server: Running, polling: Polling, chance: random.Random) -> None:
        self._server = server
        self._polling = polling
        self._chance = chance
        self._lines: list[Wire] = []
        self._stack = contextlib.AsyncExitStack()
        self._polls: list[asyncio.Task[int]] = []

    async def acts(self) -> None:
        steps: list[Callable[[], Awaitable[None]]] = [
            self._opens,
            self._changes_over,
            self._changes_over,
            self._says,
            self._says,
            self._says,
            self._posts,
            self._polls_on,
            self._breaks_off,
        ]
        with contextlib.suppress(ConnectionError, AssertionError, asyncio.IncompleteReadError):
            for _ in range(STEPS):
                await self._chance.choice(steps)()

    async def goes(self) -> None:
        await self._stack.aclose()
        for poll in self._polls:
            poll.cancel()
        await asyncio.gather(*self._polls, return_exceptions=True)

    async def _opens(self) -> None:
        line = going_on(self._server, self._polling)
        self._lines.append(await self._stack.enter_async_context(line))

    async def _changes_over(self) -> None:
        if not self._lines:
            await self._opens()
        between = self._chance.choice([b"", b"", masked(0x81, b"42[")])
        line = self._chance.choice(self._lines)
        await line.says(masked(0x81, b"2probe") + between + masked(0x81, b"5"))

    async def _says(self) -> None:
        if self._lines:
            some = self._chance.choices(SAID, k=self._chance.randint(1, 3))
            line = self._chance.choice(self._lines)
            await line.says(b"".join(masked(0x81, each.encode()) for each in some))

    async def _posts(self) -> None:
        await self._polling.send(self._chance.choice(SAID))

    async def _polls_on(self) -> None:
        self._polls.append(asyncio.create_task(self._polling.poll()))

    async def _breaks_off(self) -> None:
        if self._lines:
            self._lines.pop().writer.transport.abort()


@pytest.mark.parametrize("seed", range(25))
async def test_whatever_order_it_is_done_in_nothing_is_left(server: Running, seed: int) -> None:
    wired = server.app.realtime.server
    chance = random.Random(seed)
    async with raw_polling(server.url, connected=chance.random() < 0.7) as polling:
        mallory = Mallory(server, polling, chance)
        await mallory.acts()
        await mallory.goes()
        for socket in list(wired.eio.sockets.values()):
            await socket.go_away()
    await until(lambda: not (wired.line_count or wired.eio.sockets or wired.eio.places._taken))
    await until(lambda: not (wired.eio.backlog._held or server.app.realtime.audience.clients))
    assert not wired.manager.rooms
    assert not wired.environ
    for countdown in (wired.eio.pings, wired.eio.pongs, wired.eio.unseated, wired.eio.upgrading):
        assert not len(countdown)
