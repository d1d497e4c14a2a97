"""A server that is killed at any instant loses nothing it acknowledged."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.effort import IS_EVERYTHING, times
from tests.faults.torture import torture

KILLS = times(2, full=20)
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
    assert min(figures.done.values()) > 0
    # Some messages were on their way when the server died, and were sent again.
    assert figures.sends > figures.acked
    if IS_EVERYTHING:
        # Of some the answer alone died with it: those were found. Few kills may meet none.
        assert figures.duplicates > 0
