"""Quiet hours end when the clock on the wall says so, also where it is put on or back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from parley.domain.notifying import quiet_until
from parley.records import QuietHours
from tests.cases import together


def clock(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def berlin(start: str, end: str) -> QuietHours:
    return QuietHours(clock(start), clock(end), "Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@together(
    ("start", "end", "at", "until"),
    [
        ("12:00", "14:00", "2030-01-01T11:00", "2030-01-01T13:00"),
        ("12:00", "14:00", "2030-01-01T10:59", None),
        ("12:00", "14:00", "2030-01-01T13:00", None),
        ("22:00", "07:00", "2030-01-01T20:59", None),
        ("22:00", "07:00", "2030-01-01T21:00", "2030-01-02T06:00"),
        ("22:00", "07:00", "2030-01-01T23:30", "2030-01-02T06:00"),
        ("22:00", "07:00", "2030-01-02T05:59", "2030-01-02T06:00"),
        ("22:00", "07:00", "2030-01-02T06:00", None),
        ("22:00", "00:00", "2030-01-01T22:30", "2030-01-01T23:00"),
        # The night that is an hour shorter, and the one that is longer.
        ("22:00", "07:00", "2030-03-30T22:00", "2030-03-31T05:00"),
        ("22:00", "07:00", "2030-10-26T21:00", "2030-10-27T06:00"),
        # Half past two comes twice then.
        ("01:00", "02:30", "2030-10-27T00:15", "2030-10-27T00:30"),
        ("01:00", "02:30", "2030-10-27T00:30", None),
        ("01:00", "02:30", "2030-10-27T01:15", "2030-10-27T01:30"),
        # It never is half past two then: it is three where it would be two.
        ("22:00", "02:30", "2030-03-30T22:00", "2030-03-31T01:00"),
        ("22:00", "02:00", "2030-03-30T22:00", "2030-03-31T01:00"),
        ("22:00", "03:00", "2030-03-30T22:00", "2030-03-31T01:00"),
        ("22:00", "03:01", "2030-03-30T22:00", "2030-03-31T01:01"),
        ("00:00", "00:00", "2030-01-01T12:00", None),
    ],
)
def test_the_end_is_told(start: str, end: str, at: str, until: str | None) -> None:
    assert quiet_until(berlin(start, end), utc(at)) == (None if until is None else utc(until))


@pytest.mark.parametrize(
    ("zone", "quiet", "at", "until"),
    [
        # By half an hour, and over midnight.
        ("Australia/Lord_Howe", ("22:00", "02:15"), "2026-10-03T12:00", "2026-10-03T15:30"),
        ("America/Havana", ("22:00", "00:20"), "2026-03-08T04:00", "2026-03-08T05:00"),
        # A whole day.
        ("Pacific/Apia", ("23:00", "05:00"), "2011-12-30T09:30", "2011-12-30T10:00"),
    ],
)
def test_the_end_that_a_clock_skips_is_when_it_does(
    zone: str, quiet: tuple[str, str], at: str, until: str
) -> None:
    hours = QuietHours(clock(quiet[0]), clock(quiet[1]), zone)
    assert quiet_until(hours, utc(at)) == utc(until)


def test_without_quiet_hours_none_are_quiet() -> None:
    assert quiet_until(None, utc("2030-01-01T03:00")) is None


@pytest.mark.parametrize("day", ["2030-03-30T12:00", "2030-10-26T12:00"])
@pytest.mark.parametrize(
    "quiet", [berlin("22:00", "02:30"), berlin("02:30", "02:45"), berlin("01:00", "03:00")]
)
def test_it_is_quiet_as_the_wall_says_and_never_at_the_end(day: str, quiet: QuietHours) -> None:
    for quarter in range(4 * 36):
        at = utc(day) + timedelta(minutes=15 * quarter)
        here = at.astimezone(ZoneInfo("Europe/Berlin"))
        minute = here.hour * 60 + here.minute
        if quiet.start < quiet.end:
            is_quiet = quiet.start <= minute < quiet.end
        else:
            is_quiet = not quiet.end <= minute < quiet.start
        ends = quiet_until(quiet, at)
        assert (ends is not None) is is_quiet, at
        if ends is not None:
            assert at < ends <= at + timedelta(hours=25)
            assert quiet_until(quiet, ends) is None, at
