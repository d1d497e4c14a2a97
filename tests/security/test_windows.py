"""Counting in memory: never more than the rate allows, nothing kept longer than it counts."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.limits.rates import By, Rate
from parley.limits.windows import Window, Windows
from tests.effort import examples

STEPS = st.lists(st.integers(0, 8), max_size=60)
PER_S = 10


@pytest.mark.longer
@examples()
@given(count=st.integers(1, 4), steps=STEPS)
def test_it_allows_what_fits_into_any_window_and_tells_how_long_to_wait(
    count: int, steps: list[int]
) -> None:
    windows = Windows({"messages": (Rate(count, PER_S, By.SESSION),)})
    allowed: list[int] = []
    for now in itertools.accumulate(steps):
        recent = [at for at in allowed if at > now - PER_S]
        keys = (1, "", "")
        asked = windows.wait_s("messages", keys, now)
        wait_s = windows.spend("messages", keys, now)
        if len(recent) < count:
            assert (asked, wait_s) == (0, 0)
            allowed.append(now)
        else:
            assert asked == wait_s == recent[-count] + PER_S - now > 0


@pytest.mark.longer
@examples()
@given(steps=STEPS, keys=st.lists(st.integers(1, 5), min_size=60, max_size=60))
def test_it_forgets_who_is_not_seen_any_more(steps: list[int], keys: list[int]) -> None:
    window = Window(Rate(3, PER_S, By.ADDRESS))
    last: dict[int, int] = {}
    for now, key in zip(itertools.accumulate(steps), keys, strict=False):
        window.uses(key, now).append(now)
        last[key] = now
        assert len(window) <= sum(at > now - 4 * PER_S for at in last.values())


def test_whoever_is_refused_by_one_rate_is_counted_by_none() -> None:
    rates = (Rate(1, PER_S, By.SESSION), Rate(2, PER_S, By.ROOM))
    windows = Windows({"messages": rates})
    assert windows.spend("messages", (1, "", "tea"), 0) == 0
    assert windows.spend("messages", (1, "", "tea"), 1) == 9
    assert windows.spend("messages", (2, "", "tea"), 1) == 0
    assert windows.spend("messages", (3, "", "tea"), 2) == 8
    assert windows.spend("messages", (3, "", "cake"), 2) == 0


@pytest.mark.longer
@examples()
@given(steps=STEPS, given_back=st.sets(st.integers(0, 59)))
def test_what_is_given_back_was_never_counted(steps: list[int], given_back: set[int]) -> None:
    rates = {"messages": (Rate(3, PER_S, By.ROOM),)}
    windows, never = Windows(rates), Windows(rates)
    keys = ("", "", 7)
    for number, now in enumerate(itertools.accumulate(steps)):
        if number not in given_back:
            assert windows.spend("messages", keys, now) == never.spend("messages", keys, now)
        elif windows.spend("messages", keys, now) == 0:
            windows.give_back("messages", keys, now)
