"""What carries hints, between real servers of its kind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import redis

from parley.bus.postgresql import PostgreSQLCarrier
from parley.bus.redis import CHANNEL, RedisCarrier
from tests.cluster.engines import Postgresql, Redis

TEXTS = 5_000


@pytest.mark.long("many texts")
async def test_the_event_loop_goes_on_while_many_texts_come(place: Path) -> None:
    server = Redis(place / "redis")
    server.start()
    carrier = RedisCarrier(f"redis://127.0.0.1:{server.port}")
    is_ready, came, turns = asyncio.Event(), 0, 0
    are_all_there = asyncio.Event()

    def take(text: str) -> None:
        nonlocal came
        came += 1
        if came == TEXTS:
            are_all_there.set()

    receiving = asyncio.create_task(carrier.receive(is_ready.set, take))
    try:
        await is_ready.wait()
        with redis.Redis(port=server.port) as other, other.pipeline(transaction=False) as many:
            for _ in range(TEXTS):
                many.publish(CHANNEL, b"x")
            many.execute()  # all of them wait in the socket by now
        while not are_all_there.is_set():
            turns += 1
            await asyncio.sleep(0)
        assert turns >= TEXTS // 100
    finally:
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
        await carrier.close()
        server.end()


@pytest.mark.long("many texts")
async def test_by_notify_texts_come_as_they_were_and_in_order(place: Path) -> None:
    server = Postgresql(place / "postgresql")
    carrier = None
    receiving: asyncio.Task[None] | None = None
    try:
        server.start()
        carrier = PostgreSQLCarrier(server.url())
        texts = [
            *('["a", "b\\\\"]', "%s %% {1,2}", "'; SELECT 1 --", "é👋", "NULL", ""),
            *(f"{number} " + "x" * (carrier.longest - 10) for number in range(40)),
        ]
        is_ready, are_all_there, came = asyncio.Event(), asyncio.Event(), list[str]()

        def take(text: str) -> None:
            came.append(text)
            if len(came) == len(texts):
                are_all_there.set()

        receiving = asyncio.create_task(carrier.receive(is_ready.set, take))
        await is_ready.wait()
        await carrier.send(texts)
        async with asyncio.timeout(30):
            await are_all_there.wait()
        assert came == texts
    finally:
        if receiving is not None:
            receiving.cancel()
            await asyncio.gather(receiving, return_exceptions=True)
        if carrier is not None:
            await carrier.close()
        server.end()
