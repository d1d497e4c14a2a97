"""How another's clock and ours differ."""

from __future__ import annotations

import time
from collections.abc import Iterator

from parley.doctor.findings import Finding, fail, ok

CLOCK = "clock"
MAY_DIFFER_S = 5.0
"""Less is no reason to mend anything: nothing compares moments of two machines."""


def compare(
    whose: str, moment_s: float, took_s: float, exact_to_s: float = 0.0
) -> Iterator[Finding]:
    """`moment_s` is what they said, in an answer that took `took_s` from our asking."""
    off_s = abs(time.time() - took_s / 2 - moment_s)
    if off_s <= MAY_DIFFER_S + took_s / 2 + exact_to_s:
        yield ok(CLOCK, f"This machine's clock agrees with that of {whose}.")
    else:
        yield fail(
            CLOCK,
            f"This machine's clock and that of {whose} are {span(off_s)} apart.",
            "Keep both right by NTP (timedatectl set-ntp true).",
        )


def span(seconds: float) -> str:
    """A time in its largest unit."""
    for unit, name in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= unit:
            count = int(seconds // unit)
            return f"{count:,} {name}{'' if count == 1 else 's'}"
    return "less than a second"
