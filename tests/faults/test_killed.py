"""A server that is killed at any instant loses nothing it acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.effort import times
from tests.faults.torture import torture

KILLS = times(5, full=20)
"""`make torture` kills far oftener."""
SEED = 20


@pytest.mark.timeout(150)
async def test_whatever_was_acknowledged_survives_being_killed_at_any_instant(
    tmp_path: Path,
) -> None:
    figures = await torture(tmp_path, kills=KILLS, seed=SEED)
    print(figures)
    assert figures.kills == KILLS
    assert figures.lost == 0
    assert figures.acked == figures.stored
    # So it is with all that people do: each kind was done under load, and is as they did it last.
    assert min(figures.done.values()) > 10
    # Some answers died with the server: their messages were asked for again, and found.
    assert figures.duplicates > 0
