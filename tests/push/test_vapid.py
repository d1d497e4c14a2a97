"""Each push service is told who we are, in claims for it alone and for a while."""

from __future__ import annotations

import json
from typing import Any

import pytest

from parley.push.vapid import NEW_AFTER_S, ORIGINS_MAX, SEED_BYTES, VALID_S, Vapid, private_key
from tests.push.service import bytes_of

BEGAN = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def vapid(clock: Clock) -> Vapid:
    key = private_key(bytes(range(SEED_BYTES)))
    return Vapid(key, contact="mailto:host@example.org", clock=clock)


def claims(header: str) -> dict[str, Any]:
    token = header.removeprefix("vapid t=").partition(",")[0]
    read: dict[str, Any] = json.loads(bytes_of(token.split(".")[1]))
    return read


@pytest.mark.parametrize(
    ("endpoint", "audience"),
    [
        ("https://push.example.org/a/b?c=d", "https://push.example.org"),
        ("https://push.example.org:8443/a", "https://push.example.org:8443"),
        ("https://push.example.org:443/a", "https://push.example.org"),
        ("https://push.example.org:/a", "https://push.example.org"),
        ("https://Push.Example.ORG/a", "https://push.example.org"),
        ("https://[2001:db8::1]:8443/a", "https://[2001:db8::1]:8443"),
        ("https://[2001:db8::1]:443/a", "https://[2001:db8::1]"),
    ],
)
def test_the_audience_is_the_origin(vapid: Vapid, endpoint: str, audience: str) -> None:
    assert claims(vapid.authorization(endpoint))["aud"] == audience


def test_no_push_service_gets_the_claims_for_another(vapid: Vapid) -> None:
    one = vapid.authorization("https://one.example/1")
    other = vapid.authorization("https://other.example/1")
    assert (claims(one)["aud"], claims(other)["aud"]) == (
        "https://one.example",
        "https://other.example",
    )
    assert vapid.authorization("https://one.example/2") == one


@pytest.mark.parametrize("step_s", [NEW_AFTER_S, VALID_S, 365 * 24 * 3600, -1, -365 * 24 * 3600])
def test_claims_are_renewed_when_the_clock_goes_on_or_back(
    vapid: Vapid, clock: Clock, step_s: float
) -> None:
    vapid.authorization("https://one.example/1")
    clock.now += step_s
    assert claims(vapid.authorization("https://one.example/1"))["exp"] == clock.now + VALID_S


def test_claims_hold_for_as_long_as_they_are_used(vapid: Vapid, clock: Clock) -> None:
    first = vapid.authorization("https://one.example/1")
    clock.now += NEW_AFTER_S - 1
    assert vapid.authorization("https://one.example/1") == first
    assert clock.now < claims(first)["exp"] <= BEGAN + 24 * 3600


def test_the_claims_for_many_services_do_not_pile_up(vapid: Vapid) -> None:
    first = vapid.authorization("https://one.example/1")
    for number in range(ORIGINS_MAX):
        vapid.authorization(f"https://{number}.example/1")
    # Signatures are random: what was forgotten is made anew.
    assert vapid.authorization("https://one.example/1") != first
