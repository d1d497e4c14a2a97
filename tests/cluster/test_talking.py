"""Who talks at different processes reads the same, in the same order, whatever happens to what
lies between them.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.cluster.talk import Cluster, cluster_at
from tests.effort import IS_EVERYTHING, times
from tests.faults.talk import says, says_and_does

NAMES = tuple(f"P{number}" for number in range(50))


async def all_say(talk: Cluster, count: int) -> None:
    await asyncio.gather(*(says_and_does(client, count) for client in talk.clients))


async def test_everybody_holds_the_same(place: Path, with_redis: bool) -> None:
    async with cluster_at(place, with_redis=with_redis) as talk:
        await talk.opens("Ada", "Ben", "Cleo", "Dora", tabs=2)
        await talk.opens("Emil", "Fay", tabs=2, transports=("websocket", "polling"))
        await talk.all_in()
        await all_say(talk, times(10, full=30))
        await talk.is_kept()


@pytest.mark.long("a few senders tell most")
async def test_fifty_senders_at_three_processes_hold_the_same(place: Path) -> None:
    async with cluster_at(place, processes=3, with_redis=True) as talk:
        await talk.opens(*NAMES)
        await talk.all_in()
        await asyncio.gather(*(says(client, 20 if IS_EVERYTHING else 4) for client in talk.clients))
        await talk.is_kept()
