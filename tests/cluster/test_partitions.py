"""A process is cut off from Redis or from PostgreSQL by a network that loses packets, and tells
nobody; once it is whole again, everybody holds the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster import network
from tests.cluster.network import Cable
from tests.cluster.talk import Cluster, cluster_at
from tests.cluster.test_trouble import SAID_BETWEEN, begins, hears, talking
from tests.effort import times

pytestmark = [
    pytest.mark.timeout(times(240, full=1_800)),
    pytest.mark.long("several processes start for each"),
]
ROUNDS = times(1, full=2)
CUT_S = times(6, full=12)
"""Longer than either may be silent before it is taken for gone."""
LOST, LATE_MS = 0.2, 100


@pytest.fixture(autouse=True)
def _where_permitted() -> None:
    if why := network.why_not():
        pytest.skip(f"There can be no network of its own here: {why}")


def cut(cable: Cable) -> None:
    cable.cut()


def worsen(cable: Cable) -> None:
    cable.worsen(LOST, LATE_MS)


@pytest.mark.parametrize("engine", ["redis", "postgresql"])
@pytest.mark.parametrize("harm", [cut, worsen])
async def test_a_process_whose_network_fails_catches_up(
    place: Path, engine: str, harm: Callable[[Cable], None]
) -> None:
    async with cluster_at(place, with_redis=True, cables=True) as talk:
        await begins(talk)
        async with talking(talk):
            for number in range(ROUNDS):
                await hears(talk, SAID_BETWEEN)
                cables = talk.redis_cables if engine == "redis" else talk.postgresql_cables
                await is_harmed(talk, cables[number % len(talk.places)], harm)
        for server in talk.servers:
            assert "Traceback" not in server.log.read_text()


async def is_harmed(talk: Cluster, cable: Cable, harm: Callable[[Cable], None]) -> None:
    """For a while, in which those at the other process talk on."""
    await asyncio.to_thread(harm, cable)
    try:
        async with asyncio.timeout(CUT_S):
            while True:
                await hears(talk, 1)
    except TimeoutError:
        pass
    finally:
        await asyncio.to_thread(cable.heal)
