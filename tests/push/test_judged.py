"""What a push service says decides about a device, a notice or the whole service."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from parley.domain.notices import FAILING_MAX
from parley.live.pushing import RETRY_AFTER_MAX_S, Pushing
from parley.push.post import Outcome
from parley.records import Device, LettingBe, Notice, Subject

NOW = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
NOTICE = Notice(1, 1, Subject.TALK, NOW, NOW, 0, None, None)
SERVICE = "push.example.org:443"


def device(failing_for: timedelta | None = None) -> Device:
    return Device(
        id=1,
        session_id=1,
        endpoint=f"https://{SERVICE}/1",
        key=b"",
        auth=b"",
        shows_words=True,
        quiet_hours=None,
        added_at=NOW,
        took_at=None,
        failing_since=None if failing_for is None else NOW - failing_for,
    )


def pushing() -> Pushing:
    return Pushing(cast("Any", SimpleNamespace(clock=lambda: NOW)))


def rests_s(pushing: Pushing) -> float:
    until = pushing._services.rests_until(SERVICE)
    return max(0.0, until - asyncio.get_running_loop().time())


@pytest.mark.parametrize("status", [404, 410])
async def test_a_device_that_is_gone_is_forgotten_and_its_service_is_not(status: int) -> None:
    one = pushing()
    told = one._judge(NOTICE, device(), LettingBe(), Outcome(1, status))
    assert told.is_gone
    assert rests_s(one) == 0.0


async def test_an_address_that_may_not_be_asked_is_forgotten() -> None:
    one = pushing()
    told = one._judge(NOTICE, device(), LettingBe(), Outcome(1, 0, is_for_good=True))
    assert told.is_gone
    assert not one._services.is_known(SERVICE)


@pytest.mark.parametrize("status", [400, 413])
async def test_what_is_not_taken_is_dropped_alone(status: int) -> None:
    one = pushing()
    told = one._judge(NOTICE, device(), LettingBe(), Outcome(1, status))
    assert (told.is_refused, told.is_gone, told.again_at) == (True, False, None)
    assert rests_s(one) == 0.0


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("said", ["600", "Tue, 01 Jan 2030 12:10:00 GMT"])
async def test_the_whole_service_is_left_alone_for_as_long_as_it_asks(
    status: int, said: str
) -> None:
    one = pushing()
    told = one._judge(NOTICE, device(), LettingBe(), Outcome(1, status, retry_after=said))
    assert told.again_at == NOW + timedelta(seconds=600)
    assert 590.0 < rests_s(one) <= 600.0


async def test_no_service_is_left_alone_for_ever() -> None:
    one = pushing()
    told = one._judge(NOTICE, device(), LettingBe(), Outcome(1, 503, retry_after="9" * 400))
    assert told.again_at == NOW + timedelta(seconds=RETRY_AFTER_MAX_S)


@pytest.mark.parametrize("status", [0, 429, 500, 503])
async def test_a_service_in_trouble_is_tried_later(status: int) -> None:
    one = pushing()
    told = one._judge(NOTICE, device(), LettingBe(), Outcome(1, status))
    assert told.again_at is not None
    assert told.again_at > NOW
    assert rests_s(one) > 0.0


@pytest.mark.parametrize("status", [0, 500])
async def test_a_device_that_fails_for_seven_days_is_forgotten(status: int) -> None:
    one, other, second = pushing(), pushing(), timedelta(seconds=1)
    outcome = Outcome(1, status)
    told = one._judge(NOTICE, device(FAILING_MAX - second), LettingBe(), outcome)
    assert not told.is_gone
    told = other._judge(NOTICE, device(FAILING_MAX + second), LettingBe(), outcome)
    assert told.is_gone
    # The other devices there need not find out again that it says nothing.
    assert not other._services.is_known(SERVICE)
    assert rests_s(other) > 0.0
