"""Requests that come together begin a few at a time, so that others have their turn between."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from parley.wire.turnstile import AT_ONCE, Turnstile
from tests.people import PATIENCE_S

HTTP = {"type": "http"}


class Turns:
    """An ASGI app that notes in which turn of the event loop each of its requests begins."""

    def __init__(self) -> None:
        self.now = 0
        self.begun: list[tuple[Any, int]] = []

    async def __call__(self, scope: Any, _receive: Any, _send: Any) -> None:
        self.begun.append((scope.get("number"), self.now))

    async def count(self) -> None:
        while True:
            self.now += 1
            await asyncio.sleep(0)


async def test_few_begin_in_one_turn_and_all_in_their_order() -> None:
    app = Turns()
    turnstile = Turnstile(app)
    counting = asyncio.create_task(app.count())
    scopes = [HTTP | {"number": number} for number in range(40)]
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(turnstile(scope, None, None) for scope in scopes))
    counting.cancel()
    assert [number for number, _ in app.begun] == list(range(40))
    assert max(Counter(turn for _, turn in app.begun).values()) <= AT_ONCE


async def test_who_comes_alone_does_not_wait() -> None:
    app = Turns()
    for _ in range(3):
        request = Turnstile(app)(HTTP, None, None)
        try:
            request.send(None)
        except StopIteration:
            continue
        raise AssertionError("it waited")
    assert len(app.begun) == 3


async def test_who_goes_away_takes_nobodys_turn() -> None:
    app = Turns()
    turnstile = Turnstile(app, at_once=1)
    tasks = [asyncio.create_task(turnstile(HTTP | {"number": n}, None, None)) for n in range(6)]
    await asyncio.sleep(0)
    for task in tasks[1:5]:
        task.cancel()
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*tasks, return_exceptions=True)
    assert [number for number, _ in app.begun] == [0, 5]


async def test_what_is_no_request_does_not_wait() -> None:
    app = Turns()
    turnstile = Turnstile(app, at_once=1)
    await turnstile(HTTP, None, None)
    waiting = asyncio.create_task(turnstile(HTTP, None, None))
    await turnstile({"type": "lifespan"}, None, None)
    assert len(app.begun) == 2
    await waiting
