"""What is usual, and what a database from elsewhere may hold."""

from __future__ import annotations

from datetime import UTC, datetime

from parley.domain.notifying import level_of, quiet_until
from parley.records import Level, QuietHours, Wanted


def test_in_a_conversation_of_two_everything_is_said_to_one() -> None:
    assert level_of(Wanted(), 2) is Level.ALL
    assert level_of(Wanted(), 3) is Level.MENTIONS
    assert level_of(Wanted(Level.NONE), 2) is Level.NONE
    assert level_of(Wanted(Level.ALL), 3) is Level.ALL


def test_in_a_time_zone_that_is_unknown_here_nothing_is_quiet() -> None:
    quiet = QuietHours(0, 1_439, "Europe/Atlantis")
    assert quiet_until(quiet, datetime(2030, 1, 1, 12, tzinfo=UTC)) is None
