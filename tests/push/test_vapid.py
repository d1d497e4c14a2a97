"""Who we are to push services: a claim of its own for each, renewed in time (RFC 8292)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from parley.push.vapid import NEW_AFTER_S, SEED_BYTES, VALID_S, Vapid, private_key, public_key
from tests.push.service import bytes_of

SEED = b"\7" * SEED_BYTES


@dataclass
class Clock:
    now: float = 1_900_000_000.0

    def __call__(self) -> float:
        return self.now


def claims(header: str) -> dict[str, Any]:
    token = header.removeprefix("vapid t=").split(",")[0]
    found: dict[str, Any] = json.loads(bytes_of(token.split(".")[1]))
    return found


def test_each_push_service_gets_a_claim_of_its_own() -> None:
    vapid = Vapid(private_key(SEED), contact="mailto:a@example.org", clock=Clock())
    first = claims(vapid.authorization("https://one.example/push/1"))
    second = claims(vapid.authorization("https://two.example:8443/push/2"))
    again = claims(vapid.authorization("https://one.example/push/3"))
    assert [first["aud"], second["aud"], again["aud"]] == [
        "https://one.example",
        "https://two.example:8443",
        "https://one.example",
    ]
    assert first["sub"] == "mailto:a@example.org"


@pytest.mark.parametrize("by", [NEW_AFTER_S + 1, -3600])
def test_a_claim_is_made_anew_in_time_also_when_the_clock_was_set(by: float) -> None:
    clock = Clock()
    vapid = Vapid(private_key(SEED), contact="mailto:a@example.org", clock=clock)
    first = vapid.authorization("https://one.example/1")
    assert vapid.authorization("https://one.example/2") == first
    clock.now += by
    second = vapid.authorization("https://one.example/1")
    assert claims(second)["exp"] == int(clock.now) + VALID_S


def test_the_key_follows_from_the_secret() -> None:
    assert public_key(private_key(SEED)) == public_key(private_key(SEED))
    assert public_key(private_key(SEED)) != public_key(private_key(b"\0" * SEED_BYTES))
    assert len(bytes_of(public_key(private_key(SEED)))) == 65
