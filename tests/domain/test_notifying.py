"""When it is quiet for somebody, and what is usual."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from parley.domain.notifying import level_of, quiet_until
from parley.records import Level, QuietHours, Wanted

NIGHT = QuietHours(22 * 60, 7 * 60, "Europe/Berlin")
NOON = QuietHours(12 * 60, 13 * 60, "Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "now", "ends"),
    [
        (NIGHT, "2030-01-10T20:59", None),  # 21:59 there
        (NIGHT, "2030-01-10T21:00", "2030-01-11T06:00"),
        (NIGHT, "2030-01-11T05:59", "2030-01-11T06:00"),
        (NIGHT, "2030-01-11T06:00", None),
        (NIGHT, "2030-07-10T20:00", "2030-07-11T05:00"),  # in summer
        # The night in which clocks go forward, and the one in which they go back.
        (NIGHT, "2030-03-30T21:30", "2030-03-31T05:00"),
        (NIGHT, "2030-10-26T20:30", "2030-10-27T06:00"),
        (NOON, "2030-01-10T11:30", "2030-01-10T12:00"),
        (NOON, "2030-01-10T12:00", None),
        (QuietHours(60, 60, "UTC"), "2030-01-10T01:00", None),
        (None, "2030-01-10T01:00", None),
    ],
)
def test_quiet_hours_are_those_of_the_place(
    quiet: QuietHours | None, now: str, ends: str | None
) -> None:
    assert quiet_until(quiet, at(now)) == (None if ends is None else at(ends))


def test_quiet_hours_always_end_later() -> None:
    """Also where the clock jumps over their end."""
    skipped = QuietHours(60, 150, "Europe/Berlin")  # 02:30 is no time of that night
    now = at("2030-03-31T00:00")
    for minutes in range(180):
        ends = quiet_until(skipped, now + timedelta(minutes=minutes))
        assert ends is None or ends > now + timedelta(minutes=minutes)


def test_in_a_conversation_of_two_everything_is_said_to_one() -> None:
    assert level_of(Wanted(), 2) is Level.ALL
    assert level_of(Wanted(), 3) is Level.MENTIONS
    assert level_of(Wanted(Level.NONE), 2) is Level.NONE
    assert level_of(Wanted(Level.ALL), 3) is Level.ALL
