"""Dates as they are written out in somebody's language: `2015. február 15., vasárnap 21:54:36 UTC`.

Of a date the year, the name of the month, the day and the clock are looked for, wherever they
stand; that the day of the week fits tells one language from another. (Polish and Croatian both have
a `listopada`, of different months.)
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from parley.importing import fields

LIST = Path(__file__).with_name("date_names.txt")
"""Made by `tools/date_names.py`."""
LONGEST = 200
_BUDDHIST = 543
"""Years of Thailand are that many more."""
_CLOCK = re.compile(r"(?<![\d.:])(\d{1,2})([:.])(\d\d)\2(\d\d)(?![\d:])")
_NUMBER = re.compile(r"\d+")
_OFFSET = re.compile(r"(?:utc|gmt) ?([+\-\u2212])(\d{1,2})(?::?(\d\d))?")
_UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_JOINTS = re.compile(r"[\s.,،]+")
_HALF_DAY_H = 12
_DAYS_TOLD = 2
"""Numbers that are left besides the year and the clock: day and month, where months have none of
their names."""


class _Language(Struct, frozen=True):
    months: dict[str, int]
    month: re.Pattern[str]
    days: dict[str, int]
    day: re.Pattern[str]
    halves: dict[str, bool]
    """What is before noon, and what is not."""


class Reader:
    """Reads many dates, most of them in the same language."""

    def __init__(self) -> None:
        self._usual = 0
        """The language of the last one."""

    def read(self, written: object) -> datetime | None:
        """Aware; of UTC where it doesn't say another offset. None for what is no date."""
        if not isinstance(written, str) or not 0 < len(written) <= LONGEST:
            return None
        if found := fields.iso(written):
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        folded = _folded(written)
        every = _languages()
        likely: datetime | None = None
        for number in (self._usual, *range(len(every))):
            made, is_sure = _read(folded, every[number])
            if made is not None and is_sure:
                self._usual = number
                return _fit(made, folded)
            likely = likely or made
        return _fit(likely, folded) if likely else None


def _folded(written: str) -> str:
    plain = unicodedata.normalize("NFKC", _UNSEEN.sub("", written)).casefold()
    return unicodedata.normalize("NFKC", plain)


def _fit(made: datetime, folded: str) -> datetime | None:
    if found := _OFFSET.search(folded):
        minutes = int(found[2]) * 60 + int(found[3] or 0)
        made += timedelta(minutes=minutes if found[1] != "+" else -minutes)
    return made if fields.EARLIEST < made < fields.LATEST else None


def _read(folded: str, language: _Language) -> tuple[datetime | None, bool]:
    """What it is by the names of a language, and whether the day of the week is that, too."""
    # The day first: in Welsh, Tuesday and March have the same name.
    rest, weekday = _without(folded, language.day, language.days)
    rest, month = _without(rest, language.month, language.months)
    if month is None:
        return None, False
    clock = _CLOCK.search(rest)
    if clock is not None:
        before, after = rest[: clock.start()], rest[clock.end() :]
        hms = [int(clock[1]), int(clock[3]), int(clock[4])]
        numbers = [int(each[:6]) for each in _NUMBER.findall(_OFFSET.sub("", f"{before} {after}"))]
    else:
        found = list(_NUMBER.finditer(_OFFSET.sub("", rest)))
        if len(found) != _DAYS_TOLD + 3:
            return None, False
        before, after = rest[: found[-3].start()], rest[found[-1].end() :]
        *numbers, hour, minute, second = (int(each[0][:6]) for each in found)
        hms = [hour, minute, second]
    if len(numbers) != _DAYS_TOLD:
        return None, False
    year, day = max(numbers), min(numbers)
    if year > fields.LATEST.year:
        year -= _BUDDHIST
    made = _made(year, month, day, hms, _half(before, after, language))
    if made is None or weekday not in (None, made.weekday()):
        return None, False
    return made, weekday is not None


def _without(text: str, name: re.Pattern[str], numbers: dict[str, int]) -> tuple[str, int | None]:
    """The rest, and what the name that stood in it stands for."""
    found = name.search(text)
    if found is None:
        return text, None
    return f"{text[: found.start()]} {text[found.end() :]}", numbers[found[0]]


def _half(before: str, after: str, language: _Language) -> bool | None:
    """Whether the words beside the clock say that it is before noon; None where they don't."""
    last, first = before.split()[-2:], after.split()[:2]
    beside = ("".join(last), "".join(last[-1:]), "".join(first), "".join(first[:1]))
    for words in beside:
        half = language.halves.get(_JOINTS.sub("", words))
        if half is not None:
            return half
    return None


def _made(
    year: int, month: int, day: int, hms: list[int], is_morning: bool | None
) -> datetime | None:
    hour, minute, second = hms
    if is_morning is not None and 0 < hour <= _HALF_DAY_H:
        hour = hour % _HALF_DAY_H + (0 if is_morning else _HALF_DAY_H)
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


@functools.cache
def _languages() -> tuple[_Language, ...]:
    return tuple(_listed())


def _listed() -> Iterator[_Language]:
    for line in LIST.read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        _, months, days, morning, evening = line.split("\t")
        by_month, by_day = _numbered(months, 1), _numbered(days, 0)
        halves = {_JOINTS.sub("", _folded(name)): True for name in morning.split("|")}
        halves |= {_JOINTS.sub("", _folded(name)): False for name in evening.split("|")}
        yield _Language(by_month, _any_of(by_month), by_day, _any_of(by_day), halves)


def _numbered(column: str, first: int) -> dict[str, int]:
    return {
        _folded(name): number
        for number, names in enumerate(column.split(";"), start=first)
        for name in names.split("|")
    }


def _any_of(names: dict[str, int]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    return re.compile(r"(?<!\d)(?:" + "|".join(map(re.escape, longest_first)) + ")")
