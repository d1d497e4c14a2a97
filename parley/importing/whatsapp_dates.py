"""Dates and times as phones write them: in which order, by which half of the day, of which era."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal, get_args

Order = Literal["dmy", "mdy", "ymd"]
"""Of day, month and year."""
ORDERS: tuple[Order, ...] = get_args(Order)
UNSEEN = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff"
"""Marks of direction and order, as they stand between the brackets of an expression."""
FIRST_YEAR = 2009
"""WhatsApp's."""
_NUMBER = re.compile(r"\d+")
_MUCH = 4
"""How much more seldom time must go backwards in the one order than in any other."""
_AM, _NOON, _PM = 0, 11, 12
HALVES = {
    _AM: "am, 上午, 凌晨, 清晨, 早上, 午夜, 午前, 오전, ص, قظ, öö, sa, pg, fm, de, πμ, पूर्वाह्न, dop",
    _NOON: "中午",
    _PM: "pm, 下午, 晚上, 傍晚, 午後, 오후, م, بظ, ös, ch, ptg, em, du, μμ, अपराह्न, odp, пп",
}
"""Which word stands for which half of the day; small, without points and spaces."""
_NO_WORD = re.compile(r"[\W\d_]+")
_HALF_OF = {
    _NO_WORD.sub("", word): half for half, words in HALVES.items() for word in words.split(", ")
}


def half_of(text: str) -> int | None:
    """0 or 12 by the word in it, 11 for noon; -1 where there is none, None for one that isn't
    known."""
    word = _NO_WORD.sub("", text).casefold().lstrip("日일")  # of the date before it
    return _HALF_OF.get(word) if word else -1


class Clock:
    """Reads the times of a file whose dates are written in this order."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._days: dict[str, tuple[int, int, int]] = {}
        self._halves: dict[str, int] = {}

    def read(self, parts: Sequence[str]) -> datetime:
        """Of a header's parts. Raises ValueError where there is no such moment."""
        day, before, hour_text, minute, second, after = parts
        year_month_day = self._days.get(day) or self._day(day)
        half = self._half(before + after)
        hour = int(hour_text)
        if half >= 0 and hour <= 12:
            hour = hour if hour == half == _NOON else hour % 12 + (_PM if half else 0)
        return datetime(*year_month_day, hour, int(minute), int(second or 0))

    def _day(self, text: str) -> tuple[int, int, int]:
        year, month, day = _ordered(text, self._order)
        if 1200 < year < 1600:
            there = _from_persian(year, month, day)
            year, month, day = there.year, there.month, there.day
        if len(self._days) > 20_000:  # Nobody talks on so many days.
            self._days.clear()
        self._days[text] = date(year, month, day).timetuple()[:3]
        return self._days[text]

    def _half(self, text: str) -> int:
        half = self._halves.get(text)
        if half is None:
            half = half_of(text)
            if half is None:
                raise ValueError(f"“{text.strip()}” is no half of the day")
            if len(self._halves) < 100:
                self._halves[text] = half
        return half


class Votes:
    """Which order the dates of a file are written in, by all of its dates."""

    def __init__(self, orders: Sequence[Order], now: datetime) -> None:
        self._impossible = dict.fromkeys(orders, 0)
        self._backwards = dict.fromkeys(orders, 0)
        self._last = dict.fromkeys(orders, (0, 0, 0))
        # Clocks are wrong by a day, not by a month.
        self._end = (now + timedelta(days=2)).timetuple()[:3]

    def add(self, text: str) -> None:
        for order, last in self._last.items():
            read = _ordered(text, order)
            if not self._may_be(read):
                self._impossible[order] += 1
                continue
            if read < last:
                self._backwards[order] += 1
            self._last[order] = read

    def order(self) -> Order | None:
        """None where it stays open."""
        left = _least(self._impossible, list(self._impossible), 1)
        # Of two figures, a year stands first in very few languages.
        left = [each for each in left if each != "ymd"] or left
        left = _least(self._backwards, left, _MUCH)
        return left[0] if len(left) == 1 else None

    def _may_be(self, read: tuple[int, int, int]) -> bool:
        year, month, day = read
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return False
        return 1200 < year < 1600 or (year >= FIRST_YEAR and read <= self._end)


def _least(counts: dict[Order, int], orders: list[Order], much: int) -> list[Order]:
    """Those of the orders that have the least, if it is so much less than what others have."""
    least = min(counts[each] for each in orders)
    others = [counts[each] for each in orders if counts[each] > least]
    if others and least * much > min(others):
        return orders
    return [each for each in orders if counts[each] == least]


def _ordered(text: str, order: Order) -> tuple[int, int, int]:
    """Year, month and day, of the Gregorian or the Persian calendar."""
    first, second, third = map(int, _NUMBER.findall(text))
    if order == "ymd":
        year, month, day = first, second, third
    elif order == "mdy":
        month, day, year = first, second, third
    else:
        day, month, year = first, second, third
    # Phones from Thailand count from the Buddha.
    if year < 100:
        is_future = year + 2000 > date.today().year + 1
        return year + (1957 if is_future else 2000), month, day
    return (year - 543 if year > 2400 else year), month, day


def _from_persian(year: int, month: int, day: int) -> date:
    """Of Iran's calendar. Its leap years follow a cycle of 33, from 1178 to 1633."""
    if not (1 <= month <= 12 and 1 <= day <= (31 if month < 7 else 30)):
        raise ValueError("no such day")
    since = year - 979
    days = 365 * since + since // 33 * 8 + (since % 33 + 3) // 4
    days += 31 * (month - 1) - max(0, month - 7) + day - 1
    return date(1600, 3, 20) + timedelta(days=days)
