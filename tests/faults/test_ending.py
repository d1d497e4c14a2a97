"""The ending races the messages: nothing comes after it, and every answer says what is so."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.effort import times
from tests.faults.talk import talk_at, talks
from tests.faults.verify import Stored

SEED = 50
SIDE_BY_SIDE = times(8, full=20)
ENDINGS = times(SIDE_BY_SIDE, full=300)
LATEST = 12
"""The ending is asked for at the nth message sent or acknowledged, up to this."""


@pytest.mark.timeout(120)
async def test_nothing_comes_after_the_ending_however_they_race(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    async with talk_at(tmp_path / "data", note=f"seed {SEED}") as talk:

        async def races() -> str:
            room_id = await talk.opens("Ada", "Ben")
            here = [client for client in talk.clients if client.room_id == room_id]
            for client in here:
                await client.gets_in()
            begun = asyncio.Event()
            # What anybody in any room sends or hears: as good a moment as any.
            talk.record.after(draw.choice(("sends", "acks")), draw.randint(1, LATEST), begun.set)
            async with asyncio.TaskGroup() as group:
                for client in here:
                    group.create_task(talks(client, lambda: here[0].is_over))
                await begun.wait()
                assert (await talk.ends(room_id))["status"] == 200
            return room_id

        for _ in range(ENDINGS // SIDE_BY_SIDE):
            await asyncio.gather(*(races() for _ in range(SIDE_BY_SIDE)))
            stored = await talk.is_kept()
            await asyncio.gather(*(client.stop() for client in talk.clients))
            talk.clients.clear()
    assert len(stored) == ENDINGS
    assert all(room.has_ended for room in stored.values())
    _assert_races_were_close(stored, talk.record.counts["over"])


def _assert_races_were_close(stored: dict[str, Stored], refused: int) -> None:
    """Else this proved nothing: some came before the ending, some after."""
    assert sum(len(room.lines) for room in stored.values()) > ENDINGS
    assert refused > ENDINGS
