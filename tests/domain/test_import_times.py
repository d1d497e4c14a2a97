"""Times of files that know no time zone."""

from __future__ import annotations

from datetime import datetime

import pytest

from parley.domain.importing.times import Clock
from parley.domain.time_zones import zone_called

BERLIN = zone_called("Europe/Berlin")


def moments(*told: str) -> list[str]:
    clock = Clock(BERLIN)
    return [f"{clock.moment(datetime.fromisoformat(each)):%H:%M}" for each in told]


@pytest.mark.parametrize(
    "name", ["Nowhere/Atlantis", "../etc/passwd", "", "Europe", "\0", "x" * 999]
)
def test_what_is_no_zone_is_none(name: str) -> None:
    assert zone_called(name) is None


def test_local_times_are_those_of_the_zone() -> None:
    assert BERLIN is not None
    assert moments("2024-01-31T12:00", "2024-07-01T12:00") == ["11:00", "10:00"]


def test_an_hour_that_comes_twice_is_the_first_until_a_line_would_go_back() -> None:
    told = ("02:10", "02:50", "02:05", "02:40", "03:10")
    found = moments(*(f"2024-10-27T{each}" for each in told))
    assert found == ["00:10", "00:50", "01:05", "01:40", "02:10"]


def test_an_hour_that_was_left_out_is_counted_on_from_before_it() -> None:
    assert moments("2024-03-31T01:59", "2024-03-31T02:30") == ["00:59", "01:30"]


def test_a_time_with_a_zone_keeps_it() -> None:
    assert moments("2024-01-31T12:00+05:30") == ["06:30"]


@pytest.mark.parametrize("told", ["0001-01-01T00:00", "9999-12-31T23:59+00:00"])
def test_a_date_that_cannot_be_shown_is_refused(told: str) -> None:
    with pytest.raises(ValueError, match="can't be shown"):
        moments(told)
