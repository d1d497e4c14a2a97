"""Fields of other people's JSON: whatever stands there, it is read or left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.importing import fields
from tests.importing.test_json_stream import JSON


@given(JSON | st.floats() | st.integers())
def test_nothing_is_too_strange_to_be_left_out(value: Any) -> None:
    made = fields.text(value) + fields.name(value) + fields.file_name(value) + fields.key(value)
    assert "\x00" not in made
    made.encode()
    for read in (fields.moment, fields.moment_ms, fields.iso, fields.size):
        read(value)
    assert fields.count(value) >= 0
    assert all(isinstance(each, dict) for each in fields.mappings(value))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-01-31T18:07:40+01:00", "2024-01-31T17:07:40+00:00"),
        ("2024-01-31T18:07:40.1234567-00:30", "2024-01-31T18:37:40.123456+00:00"),
        ("2024-01-31T18:07:40.5Z", "2024-01-31T18:07:40.500000+00:00"),
    ],
)
def test_times_with_an_offset(written: str, read: str) -> None:
    found = fields.iso(written)
    assert found is not None
    assert found.astimezone(UTC).isoformat() == read


def test_a_time_without_an_offset_is_naive() -> None:
    assert fields.iso("2024-01-31T18:07:40") == datetime(2024, 1, 31, 18, 7, 40)


@pytest.mark.parametrize(
    "written",
    [
        "2024-02-30T18:07:40Z",
        "2024-01-31T25:07:40Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2024-01-31T18:07:40+99:99",
        "2024-01-31",
        "",
        None,
        1706720860,
        "２０２４-01-31T18:07:40",  # noqa: RUF001
    ],
)
def test_what_is_no_time(written: Any) -> None:
    assert fields.iso(written) is None


def test_seconds_and_milliseconds() -> None:
    at = datetime(2024, 1, 31, 17, 7, 40, tzinfo=UTC)
    assert fields.moment("1706720860") == fields.moment(1706720860) == at
    assert fields.moment_ms(1706720860012) == at + timedelta(milliseconds=12)
    assert [fields.moment(each) for each in (0, "", "x", -5, 10**17, 1e300, True)] == [None] * 7
    assert fields.moment_exactly("1706720860.0001") == at + timedelta(microseconds=100)
    assert fields.moment_exactly("1706720860") == at
    wrong = ("1706720860.-1", "x.1", ".", "1.x", 1706720860.5, None)
    assert [fields.moment_exactly(each) for each in wrong] == [None] * 6
    assert fields.iso("2024-01-31T18:07:40+01:00") == at.astimezone(timezone(timedelta(hours=1)))


def test_hostile_names_are_made_fit_to_show() -> None:
    assert fields.name(" Ana\u202e\nLima\x00 ") == "Ana Lima"
    assert fields.name("\u202e", "nobody") == "nobody"
    assert len(fields.name("A" * 10_000)) == fields.NAME_MAX_CHARS
    assert fields.file_name("../../etc/passwd") == "passwd"
    assert fields.file_name("C:\\a\\plan.pdf") == "plan.pdf"
    long = fields.file_name("x" * 10_000 + ".pdf")
    assert long.endswith("x.pdf")
    assert len(long) <= fields.NAME_MAX_CHARS


@given(
    st.lists(
        st.integers(0, 300).map(str) | st.sampled_from(["a", "b", "01", "-1", "9" * 19, "1" * 19])
    )
)
def test_a_key_is_new_once(keys: list[str]) -> None:
    seen, known = fields.Seen(), set[str]()
    for key in keys:
        assert seen.add(key) == (key not in known)
        known.add(key)


def test_keys_in_the_wrong_order_are_found_again() -> None:
    seen = fields.Seen()
    assert all(seen.add(str(number)) for number in range(60_000, 0, -1))
    assert not any(seen.add(str(number)) for number in range(1, 60_001))
