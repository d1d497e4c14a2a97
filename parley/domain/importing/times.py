"""When something was said, where the file knows no time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

FIRST, LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)
"""What lies beyond is a date somewhere on earth that Python can't write."""
NO_ZONE = "The times in this file have no time zone. Say which one its phone or computer was in."


def no_such_zone(name: str) -> str:
    return f"There is no time zone called “{name}”. Names look like Europe/Berlin."


class Clock:
    """Takes the times of a file in its order.

    An hour that comes twice, when summer time ends, is the first, unless that would put a line
    before the one above it. An hour that a clock left out is counted on from before it: half past
    two is half past three.
    """

    def __init__(self, zone: ZoneInfo | None) -> None:
        self._zone = zone
        self._last: datetime | None = None

    def moment(self, told: datetime) -> datetime:
        """In UTC. Raises `ValueError` for a date that nobody could be shown."""
        at = self._in_utc(told)
        if not FIRST <= at <= LAST:
            raise ValueError(f"{told} can't be shown")
        self._last = at
        return at

    def _in_utc(self, told: datetime) -> datetime:
        if told.tzinfo is not None:
            return _utc(told)
        if self._zone is None:  # to be asked for before anything is stored
            return told.replace(tzinfo=UTC)
        first = _utc(told.replace(tzinfo=self._zone, fold=0))
        second = _utc(told.replace(tzinfo=self._zone, fold=1))
        # Second before first: an hour that was left out.
        is_later = self._last is not None and first < self._last <= second + timedelta(minutes=1)
        return second if second > first and is_later else first


def _utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{at} can't be shown") from None
