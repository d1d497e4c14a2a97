"""Whatever stops, stands still or is cut off between them, costs time: never a message, an order or
a second copy.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from tests.cluster.talk import CONVERGES_WITHIN_S, PATIENCE_S, Cluster, cluster_at
from tests.effort import times
from tests.eventually import until
from tests.faults.talk import talks

pytestmark = [
    pytest.mark.timeout(times(240, full=3_600)),
    pytest.mark.long("tests/faults kills a process every time, and tests/cluster talks by two"),
]
ROUNDS = times(2, full=20)
PAUSED_S = times(4, full=30)
"""Longer than a Redis may stand still before it is taken for gone."""
SAID_BETWEEN = 60


@contextlib.asynccontextmanager
async def talking(talk: Cluster) -> AsyncIterator[None]:
    """Everybody talks meanwhile, and then has what they were told looked at."""
    is_enough = asyncio.Event()
    async with asyncio.TaskGroup() as speakers:
        for client in talk.clients:
            speakers.create_task(talks(client, is_enough.is_set))
        yield
        await hears(talk, SAID_BETWEEN)
        is_enough.set()
    await talk.is_kept()


async def hears(talk: Cluster, acks: int) -> None:
    """Until so many more were acknowledged."""
    enough = talk.record.acked + acks
    await until(lambda: talk.record.acked >= enough, within_s=PATIENCE_S)


def have_converged(took_s: list[tuple[float, float]]) -> None:
    """Mostly in time: a machine that tests many things at once is given several tries, and as much
    more as it needed just before the trouble, when nothing was amiss.
    """
    late_s = sorted(healed_s - calm_s for calm_s, healed_s in took_s)
    assert late_s[(len(late_s) - 1) // 2] < CONVERGES_WITHIN_S, took_s


async def begins(talk: Cluster) -> None:
    await talk.opens("Ada", "Ben", "Cleo", tabs=2)
    await talk.opens("Dora", "Emil", tabs=2)
    await talk.all_in()


async def in_turn(talk: Cluster, trouble: Callable[[Cluster, int], Awaitable[None]]) -> None:
    took_s: list[tuple[float, float]] = []
    async with talking(talk):
        for number in range(ROUNDS):
            await hears(talk, SAID_BETWEEN)
            calm_s = await talk.converges()
            await trouble(talk, number)
            took_s.append((calm_s, await talk.converges()))
    have_converged(took_s)
    for server in talk.servers:
        assert "Traceback" not in server.log.read_text()


async def redis_restarts(talk: Cluster, number: int) -> None:
    assert talk.redis is not None
    talk.redis.kill()
    await hears(talk, SAID_BETWEEN)
    await asyncio.to_thread(talk.redis.start)


async def redis_stands_still(talk: Cluster, number: int) -> None:
    assert talk.redis is not None
    talk.redis.pause()
    try:
        async with asyncio.timeout(PAUSED_S):
            while True:
                await hears(talk, SAID_BETWEEN)
    except TimeoutError:
        pass
    finally:
        talk.redis.go_on()


async def postgresql_restarts(talk: Cluster, number: int) -> None:
    await asyncio.to_thread(talk.postgresql.stop)
    await asyncio.to_thread(talk.postgresql.start_again)


async def cut_off_from_redis(talk: Cluster, number: int) -> None:
    way = talk.redis_ways[number % len(talk.redis_ways)]
    way.cut()
    try:
        async with asyncio.timeout(PAUSED_S):
            while True:
                await hears(talk, SAID_BETWEEN)
    except TimeoutError:
        pass
    finally:
        way.heal()


async def cut_off_from_postgresql(talk: Cluster, number: int) -> None:
    way = talk.postgresql_ways[number % len(talk.postgresql_ways)]
    way.cut()
    try:
        async with asyncio.timeout(PAUSED_S):
            while True:
                await hears(talk, 1)
    except TimeoutError:
        pass
    finally:
        way.heal()


@pytest.mark.parametrize("trouble", [redis_restarts, redis_stands_still])
async def test_redis_costs_time_alone(
    place: Path, trouble: Callable[[Cluster, int], Awaitable[None]]
) -> None:
    async with cluster_at(place, with_redis=True) as talk:
        await begins(talk)
        await in_turn(talk, trouble)


async def test_postgresql_restarts_in_the_middle(place: Path, with_redis: bool) -> None:
    async with cluster_at(place, with_redis=with_redis) as talk:
        await begins(talk)
        await in_turn(talk, postgresql_restarts)


@pytest.mark.parametrize("trouble", [cut_off_from_redis, cut_off_from_postgresql])
async def test_who_is_cut_off_catches_up(
    place: Path, trouble: Callable[[Cluster, int], Awaitable[None]]
) -> None:
    async with cluster_at(place, with_redis=True, ways=True) as talk:
        await begins(talk)
        await in_turn(talk, trouble)


async def test_a_process_is_killed_while_they_talk(place: Path, with_redis: bool) -> None:
    async with cluster_at(place, with_redis=with_redis) as talk:
        await begins(talk)
        took_s: list[tuple[float, float]] = []
        async with talking(talk):
            for number in range(ROUNDS):
                calm_s = await talk.converges()
                await hears(talk, SAID_BETWEEN)
                at = number % 2
                killed, other = talk.servers[at], talk.servers[1 - at]
                killed.signal(signal.SIGKILL)
                talk.places[at].url = other.url  # as a proxy sends them to whoever is there
                talk.server = other
                await killed.ends()
                took_s.append((calm_s, await talk.converges()))
                await hears(talk, SAID_BETWEEN)
                await killed.start()
                talk.places[at].url = killed.url
        have_converged(took_s)
