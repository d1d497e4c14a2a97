"""A push service that is in trouble is left alone, and the others are not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from parley.live.origins import FIRST_REST_S, KNOWN_MAX, LAST_REST_S, Services
from parley.live.pushing import _seconds

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("120", 120.0),
        (" 120 ", 120.0),
        ("9" * 30, float("9" * 30)),
        ("Tue, 01 Jan 2030 12:02:00 GMT", 120.0),
        ("Tuesday, 01-Jan-30 12:02:00 GMT", 120.0),
        ("Tue, 01 Jan 2030 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("Tue, 99 Jan 2030 12:02:00 GMT", None),
        ("Tue, 01 Jan 2030 12:02:00 +9999999999999999", None),
        ("Tue, 01 Jan 99999999999999999999 12:02:00 GMT", None),
    ],
)
def test_when_to_come_back_is_read_or_nothing_is(said: str | None, seconds: float | None) -> None:
    assert _seconds(said, NOW) == seconds


def test_one_that_fails_rests_the_longer_the_more_often_and_others_do_not() -> None:
    services = Services()
    now, rests = 1_000.0, []
    for _ in range(12):
        services.failed("bad.example", now)
        rests.append(services.rests_until("bad.example") - now)
        # What was under way when it failed does not count again.
        services.failed("bad.example", now + 1)
        assert services.rests_until("bad.example") - now == rests[-1]
        now = services.rests_until("bad.example")
    assert 0.75 * FIRST_REST_S <= rests[0] <= 1.25 * FIRST_REST_S
    assert rests[0] < rests[2] < rests[4]
    assert 0.75 * LAST_REST_S <= rests[-1] <= 1.25 * LAST_REST_S
    assert services.rests_until("good.example") == 0.0


def test_one_that_answers_again_begins_anew() -> None:
    services = Services()
    services.answered("one.example")
    assert services.is_known("one.example")
    services.failed("one.example", 1_000.0)
    assert not services.is_known("one.example")
    services.answered("one.example")
    services.failed("one.example", 9_000.0)
    assert services.rests_until("one.example") <= 9_000.0 + 1.25 * FIRST_REST_S


def test_one_that_asks_for_rest_gets_it() -> None:
    services = Services()
    services.asked_for_rest("one.example", 1_120.0)
    assert services.rests_until("one.example") == 1_120.0


def test_however_many_are_named_few_are_remembered() -> None:
    services = Services()
    services.asked_for_rest("first.example", 5.0)
    for number in range(KNOWN_MAX):
        services.answered(f"{number}.example")
    assert services.rests_until("first.example") == 0.0
    assert services.is_known(f"{KNOWN_MAX - 1}.example")
