"""What one of several processes does for all."""

from __future__ import annotations

import asyncio

from parley.domain.cluster import Cluster
from tests.eventually import until


async def test_a_chore_that_is_done_is_not_begun_again_before_another_had_it() -> None:
    cluster, begun = Cluster(), 0

    async def chore() -> None:
        nonlocal begun
        begun += 1

    doing = asyncio.create_task(cluster.only_here(chore))
    try:
        for times in (1, 2):
            cluster.lost_chores.clear()
            cluster.has_chores.set()
            await until(lambda times=times: begun >= times)  # type: ignore[misc]
            for _ in range(100):
                await asyncio.sleep(0)
            assert begun == times
            cluster.has_chores.clear()
            cluster.lost_chores.set()
    finally:
        doing.cancel()
        await asyncio.wait([doing])
