"""What a push service says decides about a notice, a device, or all that it has devices of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from parley.domain.notices import FAILING_MAX, FAILURES_MAX, Told
from parley.live.push_services import (
    ANYBODY_WITHIN_S,
    ASKED_REST_MAX_S,
    FIRST_REST_S,
    IN_TROUBLE,
    KNOWN_MAX,
    LAST_REST_S,
    RESTING_MAX,
    RETRY_AFTER_MAX_S,
    PushServices,
    seconds,
)
from parley.push.post import Outcome
from parley.records import Device, Notice, Subject, TakingAway

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
SERVICE = "push.example.org:443"


def device(
    id: int = 1, *, at: str = SERVICE, failing_for: timedelta | None = None, failures: int = 0
) -> Device:
    return Device(
        id=id,
        session_id=1,
        endpoint=f"https://{at}/{id}",
        key=b"",
        auth=b"",
        shows_words=True,
        quiet_hours=None,
        added_at=NOW,
        took_at=None,
        failing_since=None if failing_for is None else NOW - failing_for,
        failures=failures,
    )


def judged(
    services: PushServices, device: Device, outcome: Outcome, *, loop_s: float = 10_000.0
) -> Told:
    notice = Notice(device.id, 1, Subject.TALK, NOW, NOW, 0, None, None)
    return services.judge(notice, device, TakingAway(), outcome, at=NOW, loop_s=loop_s)


def rests_s(services: PushServices, loop_s: float = 10_000.0) -> float:
    return max(0.0, services.rests_until(SERVICE) - loop_s)


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_is_gone_is_forgotten_and_its_service_is_not(status: int) -> None:
    services = PushServices()
    for id in range(IN_TROUBLE + 1):
        assert judged(services, device(id), Outcome(1, status)).is_gone
    assert rests_s(services) == 0.0


def test_an_address_that_may_not_be_asked_is_forgotten() -> None:
    services = PushServices()
    assert judged(services, device(), Outcome(1, 0, is_for_good=True)).is_gone
    assert not services.is_known(device())


@pytest.mark.parametrize("status", [307, 400, 413])
def test_what_is_not_taken_is_dropped_alone(status: int) -> None:
    services = PushServices()
    told = judged(services, device(), Outcome(1, status))
    assert (told.is_refused, told.is_gone, told.is_failure) == (True, False, False)
    assert rests_s(services) == 0.0


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("said", ["600", "Tue, 01 Jan 2030 12:10:00 GMT"])
def test_a_device_waits_as_long_as_it_is_asked_to_and_others_do_not(status: int, said: str) -> None:
    """A push service may hold back one subscription (RFC 8030, section 8.4)."""
    services = PushServices()
    told = judged(services, device(), Outcome(1, status, retry_after=said))
    assert told.again_at == NOW + timedelta(seconds=600)
    assert rests_s(services) == 0.0


def test_at_once_is_a_second_later_and_then_more() -> None:
    services = PushServices()
    told = judged(services, device(), Outcome(1, 503, retry_after="0"))
    assert told.again_at == NOW + timedelta(seconds=1)
    notice = replace(told.notice, tries=3)
    outcome = Outcome(1, 503, retry_after="0")
    told = services.judge(notice, device(), TakingAway(), outcome, at=NOW, loop_s=10_000.0)
    assert told.again_at == NOW + timedelta(seconds=8)


def test_a_service_that_asks_it_for_several_is_left_alone_for_minutes() -> None:
    services = PushServices()
    for id in range(IN_TROUBLE):
        assert rests_s(services) == 0.0
        judged(services, device(id), Outcome(1, 429, retry_after="21600"))
    assert ASKED_REST_MAX_S <= rests_s(services) <= 1.25 * ASKED_REST_MAX_S


def test_one_device_that_fails_again_and_again_is_no_trouble_of_all() -> None:
    services = PushServices()
    for _ in range(5 * IN_TROUBLE):
        judged(services, device(1), Outcome(1, 502))
    assert rests_s(services) == 0.0
    # Nor are two, with one for which it takes something in between.
    judged(services, device(2), Outcome(1, 502))
    judged(services, device(3), Outcome(1, 201))
    judged(services, device(4), Outcome(1, 502))
    assert rests_s(services) == 0.0


def test_however_many_are_left_alone_few_are_remembered() -> None:
    services = PushServices()
    for id in range(RESTING_MAX + 1):
        judged(services, device(id, at=f"{id}.example"), Outcome(1, 503, retry_after="600"))
    assert services.device_rests_until(0) == 0.0
    assert services.device_rests_until(1) == 10_600.0
    judged(services, device(1, at="1.example"), Outcome(1, 201))
    assert services.device_rests_until(1) == 0.0
    judged(services, device(1, at="1.example"), Outcome(1, 503, retry_after="600"))
    # Those that rest no more go first.
    judged(services, device(0), Outcome(1, 503, retry_after="600"), loop_s=10_600.0)
    assert services.device_rests_until(2) == 0.0
    assert services.device_rests_until(0) == 11_200.0


def test_no_device_waits_for_ever() -> None:
    told = judged(PushServices(), device(), Outcome(1, 503, retry_after="9" * 400))
    assert told.again_at == NOW + timedelta(seconds=RETRY_AFTER_MAX_S)


@pytest.mark.parametrize("status", [0, 429, 500, 503])
def test_what_a_service_in_trouble_did_not_take_is_tried_later(status: int) -> None:
    told = judged(PushServices(), device(), Outcome(1, status))
    assert told.again_at is not None
    assert told.again_at > NOW


@pytest.mark.parametrize("status", [401, 403])
def test_that_it_does_not_take_us_is_no_fault_of_the_device(status: int) -> None:
    old = device(failing_for=FAILING_MAX * 2, failures=FAILURES_MAX)
    told = judged(PushServices(), old, Outcome(1, status))
    assert (told.is_gone, told.is_failure) == (False, False)
    assert told.again_at is not None


def test_that_our_own_process_ended_is_no_fault_of_theirs() -> None:
    services = PushServices()
    judged(services, device(), Outcome(1, 201))
    for id in range(IN_TROUBLE + 1):
        told = judged(services, device(id), Outcome(0, 0, is_lost=True))
        assert (told.is_gone, told.is_failure) == (False, False)
        assert told.again_at is not None
    assert services.is_known(device())
    assert rests_s(services) == 0.0


def test_a_device_that_fails_often_and_for_seven_days_is_forgotten() -> None:
    outcome, long = Outcome(1, 500), FAILING_MAX + timedelta(seconds=1)
    often = FAILURES_MAX
    for failing_for, failures, is_gone in (
        (FAILING_MAX - timedelta(seconds=1), often, False),
        (long, often - 1, False),  # twice, say, eight days apart
        (long, often, True),
    ):
        one = device(failing_for=failing_for, failures=failures)
        assert judged(PushServices(), one, outcome).is_gone is is_gone


def test_silence_counts_only_while_others_answer() -> None:
    """Where nobody does, our own line may be down."""
    services = PushServices()
    assert not judged(services, device(), Outcome(1, 0)).is_failure
    judged(services, device(2, at="other.example:443"), Outcome(1, 201), loop_s=10_000.0)
    assert judged(services, device(), Outcome(1, 0), loop_s=10_001.0).is_failure
    later = 10_001.0 + ANYBODY_WITHIN_S
    assert not judged(services, device(), Outcome(1, 0), loop_s=later).is_failure


def in_trouble(services: PushServices, loop_s: float) -> float:
    """Seconds for which it rests after it took nothing for several."""
    for id in range(IN_TROUBLE):
        judged(services, device(id), Outcome(1, 0), loop_s=loop_s)
    return rests_s(services, loop_s)


def test_one_in_trouble_rests_the_longer_the_more_often_and_others_do_not() -> None:
    services = PushServices()
    now, rests = 1_000.0, []
    for _ in range(12):
        rests.append(in_trouble(services, now))
        # What was under way when that was found out does not count again.
        judged(services, device(99), Outcome(1, 0), loop_s=now + 1)
        assert rests_s(services, now) == rests[-1]
        now = services.rests_until(SERVICE)
    assert FIRST_REST_S <= rests[0] <= 1.25 * FIRST_REST_S
    assert rests[0] < rests[2] < rests[4]
    assert LAST_REST_S <= rests[-1] <= 1.25 * LAST_REST_S
    assert services.rests_until("good.example:443") == 0.0


def test_one_that_answers_again_begins_anew() -> None:
    services = PushServices()
    judged(services, device(), Outcome(1, 201))
    assert services.is_known(device())
    in_trouble(services, 1_000.0)
    assert not services.is_known(device())
    judged(services, device(), Outcome(1, 201), loop_s=9_000.0)
    assert in_trouble(services, 9_000.0) <= 1.25 * FIRST_REST_S


def test_however_many_are_named_few_are_remembered() -> None:
    services = PushServices()
    in_trouble(services, 10_000.0)
    for number in range(KNOWN_MAX):
        judged(services, device(at=f"{number}.example:443"), Outcome(1, 201))
    assert rests_s(services) == 0.0
    assert services.is_known(device(at=f"{KNOWN_MAX - 1}.example:443"))


@pytest.mark.parametrize(
    ("said", "expected"),
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
def test_when_to_come_back_is_read_or_nothing_is(said: str | None, expected: float | None) -> None:
    assert seconds(said, NOW) == expected
