"""Whether the clock can be right: what is erased because it is old is erased for good."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import sqlalchemy as sa
import structlog

from parley.domain.context import Context
from parley.storage import facts
from parley.storage import forgetting as stored
from parley.storage.schema import milliseconds, moment

log = structlog.get_logger(__name__)

AHEAD_MAX = timedelta(days=2)
"""So far the clock may be beyond what is counted, or beyond the newest moment in the database at
a start: a weekend's rest, or a machine that was asleep where that is not counted.
"""
STEADY_FOR = timedelta(days=7)
"""After so long, counted while the server runs, a clock in doubt that only went on is believed."""
NEWEST = "newest_moment"


class ClockCheck:
    """Compares the clock with the database's newest moment and with what was counted since."""

    def __init__(self, today: date | None = None) -> None:
        self._today = today
        """What the host says the date is."""
        self._sure: tuple[datetime, float] | None = None
        """A moment that is believed, and what was counted then."""
        self._doubted: tuple[datetime, float] | None = None
        """The same of what the clock said when the doubt began."""

    async def time(self, context: Context) -> datetime | None:
        """What the clock says, where it can be right; None while nothing may be erased by it.

        The newest such moment is kept in the database.
        """
        now, counted = context.clock(), context.elapsed()
        if self._sure is None:
            newest = await context.database.read(_newest)
            self._sure = (newest or now, counted)
        expected = _later(self._sure, counted)
        if now > expected + AHEAD_MAX and not (self._is_said(now) or self._is_steady(now, counted)):
            self._doubt(now, counted, expected)
            return None
        if self._doubted is not None:
            log.info("clock_believed", clock=now.isoformat(timespec="seconds"))
            self._doubted = None
        newest = max(now, expected)
        self._sure = (newest, counted)
        text = str(milliseconds(newest))
        await context.database.write(lambda connection: facts.put(connection, NEWEST, text))
        return now

    def _is_said(self, now: datetime) -> bool:
        if self._today is None:
            return False
        return abs(now.date() - self._today) <= AHEAD_MAX

    def _is_steady(self, now: datetime, counted: float) -> bool:
        if self._doubted is None:
            return False
        if abs(now - _later(self._doubted, counted)) > AHEAD_MAX:
            self._doubted = (now, counted)
        return counted - self._doubted[1] >= STEADY_FOR.total_seconds()

    def _doubt(self, now: datetime, counted: float, expected: datetime) -> None:
        if self._doubted is not None:
            return
        self._doubted = (now, counted)
        log.warning(
            "clock_in_doubt",
            clock=now.isoformat(timespec="seconds"),
            expected=expected.isoformat(timespec="seconds"),
            hint="Nothing is erased by age meanwhile. If the clock is right, start with "
            f"--today {now.date().isoformat()}; otherwise set it.",
        )


def _later(since: tuple[datetime, float], counted: float) -> datetime:
    return since[0] + timedelta(seconds=counted - since[1])


def _newest(connection: sa.Connection) -> datetime | None:
    """As it was kept; of a database from before that, by what is in it."""
    text = facts.get(connection, NEWEST)
    return stored.newest(connection) if text is None else moment(int(text))
