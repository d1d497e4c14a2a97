"""How often something may happen, as the settings write it: `30/10s session, 300/10s address`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

COUNT_MAX = 100_000
PER_S_MAX = 24 * 3600
_UNITS = {"s": 1, "m": 60, "h": 3600}
_RATE = re.compile(r"(\d{1,6})/(\d{1,5})?([smh]) ([a-z]+)", re.ASCII)


class By(StrEnum):
    """For whom uses are counted together."""

    SESSION = "session"
    """One person; a socket that has no session yet stands for itself."""
    ADDRESS = "address"
    ROOM = "room"
    """All who are in one conversation."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` uses in any `per_s` seconds, counted for each session, address or room."""

    count: int
    per_s: int
    by: By

    def __str__(self) -> str:
        unit, seconds = next(
            (unit, of) for unit, of in reversed(_UNITS.items()) if self.per_s % of == 0
        )
        return f"{self.count}/{self.per_s // seconds}{unit} {self.by}"


def parser(*allowed: By) -> Callable[[str], tuple[Rate, ...]]:
    """Reads the rates of a setting, which may be counted by these.

    Sessions come first, rooms last: whoever is refused as a person uses up nothing of
    what others share. What it reads raises `ValueError` with what it should be.
    """
    names = [by.value for by in allowed]
    example = ", ".join(f"{30 * 10**at}/10s {name}" for at, name in enumerate(names[:2]))

    def parse(text: str) -> tuple[Rate, ...]:
        rates = [_rate(part.strip()) for part in text.split(",")] if text.strip() else []
        if any(rate is None or rate.by not in allowed for rate in rates):
            raise ValueError(
                f"rates such as {example}, by {' or '.join(names)}, "
                "in seconds (s), minutes (m) or hours (h), comma-separated; empty for no limit"
            )
        return tuple(sorted((rate for rate in rates if rate), key=lambda rate: order[rate.by]))

    order = {by: place for place, by in enumerate(By)}
    return parse


def _rate(text: str) -> Rate | None:
    match = _RATE.fullmatch(text)
    if match is None or match[4] not in list(By):
        return None
    count, per_s = int(match[1]), int(match[2] or 1) * _UNITS[match[3]]
    if not (1 <= count <= COUNT_MAX and 1 <= per_s <= PER_S_MAX):
        return None
    return Rate(count, per_s, By(match[4]))
