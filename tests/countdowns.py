"""Time that goes by when a test says so, however busy the machine is."""

from __future__ import annotations

from typing import Any

from parley.wire.countdown import Countdown

NEVER_S = 3_600.0
"""Longer than any test takes."""


def time_is_up(countdown: Countdown[Any]) -> None:
    """Have whoever is counted now be due, as when their time has gone by."""
    countdown._due = dict.fromkeys(countdown._due, 0.0)
    if countdown._timer is not None:
        countdown._timer.cancel()
    countdown._run()
