"""Logs of IRC: of WeeChat, irssi, ZNC, HexChat, mIRC, and of what writes like one of them.

A file, or a file for each day. No log tells the zone of its times.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time, timedelta
from itertools import islice

from parley.importing import irc_lines, irc_text, lines, people
from parley.importing.archive import Archive
from parley.importing.chats import Chat, Entry, ImportRefused, Problem

CANDIDATES_MAX = 20
_LOG = re.compile(r".*\.(?:log|txt|weechatlog|irc)", re.IGNORECASE)
_DAY_IN_NAME = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)$")
_CHANNEL_IN_NAME = re.compile(r"[#&].*")
_CHANNEL = re.compile(
    r"(?:has joined |now talking (?:on|in) |Session Ident: )([#&][^\s,]{1,200})", re.IGNORECASE
)
_BACK_MINUTES = 12 * 60
"""A clock that goes back by more has passed midnight."""


def recognise(archive: Archive) -> IrcChat | None:
    """The conversation in it; None where it holds no log of IRC."""
    names = list(archive.names())
    if len(names) > 1:
        names = sorted(name for name in names if _LOG.fullmatch(name))
    for name in names[:CANDIDATES_MAX]:
        with archive.open(name) as stream:
            first = lines.beginning(stream)
        if style := irc_lines.style_of(first):
            return IrcChat(archive, [each for each in names if _is_like(each, name)], style, first)
    return None


class IrcChat(Chat):
    """A channel, or what two said to each other."""

    system = "IRC"
    needs_zone = True

    def __init__(self, archive: Archive, names: list[str], style: str, first: list[str]) -> None:
        self._archive, self._names = archive, names
        self._stamp = irc_lines.STYLES[style].match
        self._read = irc_lines.reader_of(style)
        self._nicks: dict[str, str] = {}
        self._met = people.People()
        self.people = self._met
        self.title = _title(names[0], first)

    def entries(self) -> Iterator[Entry | Problem]:
        """Raises `ImportRefused` where no day is told, or where there are several channels."""
        channels = sorted({_without_day(name) for name in self._names})
        if len(channels) > 1:
            listed = ", ".join(posixpath.basename(name) for name in channels[:5])
            raise ImportRefused(f"These are logs of several channels: {listed}. Import one by one.")
        days = 0
        for name in sorted(self._names, key=lambda name: (_day_named(name) or date.min, name)):
            clock = _Clock(_day_named(name))
            yield from self._file(name, clock)
            days += clock.has_day
        if not days:
            raise ImportRefused(
                "Nothing in this log says which day it is from. Put it in the name of the file, "
                "as in 2024-01-31.log."
            )

    def _file(self, name: str, clock: _Clock) -> Iterator[Entry | Problem]:
        prefix = f"{name}, " if len(self._names) > 1 else ""
        problems: list[Problem] = []
        is_told = False
        with (
            self._archive.open(name) as stream,
            closing(lines.read(stream, problems)) as read,
        ):
            for number, line in enumerate(read, 1):
                if problems:
                    yield from (Problem(prefix + each.place, each.what) for each in problems)
                    problems.clear()
                line = line.rstrip("\r")
                place = f"{prefix}line {number}"
                stamp = self._stamp(line)
                if stamp is None:
                    if problem := clock.read_heading(line, place):
                        yield problem
                    continue
                try:
                    sent_at = clock.read(stamp)
                except (ValueError, OverflowError):
                    written = lines.without_controls(stamp[0].strip())
                    yield Problem(place, f"There is no such time as {written}; it was left out.")
                    continue
                if sent_at is None:
                    if not is_told:
                        yield Problem(
                            place,
                            "Nothing says which day this line and the next are from. "
                            "They were left out.",
                        )
                    is_told = True
                    continue
                is_told = False
                yield self._entry(self._read(line[stamp.end() :]), sent_at, place)

    def _entry(self, line: irc_lines.Line, sent_at: datetime, place: str) -> Entry:
        text = irc_text.converted(line.text).strip()
        if line.nick is None:
            return Entry(key=place, place=place, sent_at=sent_at, text=text, is_service=True)
        person = self._nicks.get(line.nick) or self._person(line.nick)
        if line.is_done and text:
            text = f"*{text}*"
        return Entry(key=place, place=place, sent_at=sent_at, person=person, text=text)

    def _person(self, nick: str) -> str:
        key = people.cleaned(irc_text.plain(nick))
        self._met.meet(key, key)
        if len(self._nicks) < people.PEOPLE_MAX:
            self._nicks[nick] = key
        return key


class _Clock:
    """Which day it is, as a log goes on."""

    def __init__(self, day: date | None) -> None:
        self._day = day
        self._year = day.year if day else None
        self._minute = self._month = 0
        self.has_day = day is not None

    def read_heading(self, line: str, place: str) -> Problem | None:
        """Of a line without a time: a day, or what can't be read."""
        written = irc_lines.day_in(line)
        if written is None:
            if not line.strip() or irc_lines.is_heading(line):
                return None
            return Problem(place, "This line has no time, and was left out.")
        self._minute = 0
        try:
            self._day = irc_lines.day_of(written)
        except ValueError:
            self._day = self._year = None
            return Problem(
                place, f"There is no such day as {lines.without_controls(written[:50])}."
            )
        self._year, self._month = self._day.year, self._day.month
        self.has_day = True
        return None

    def read(self, stamp: re.Match[str]) -> datetime | None:
        """None where the day isn't known. Raises ValueError for what is no time."""
        written, month_name, day, hour, minute, second, half = stamp.groups()
        whole = int(hour) % 12 + 12 * (half in "pP") if half else int(hour)
        at = time(whole, int(minute), int(second or 0))
        if written:
            self._day = date.fromisoformat(written)
            self.has_day = True
        elif month_name:
            self._day = self._named(month_name, int(day))
        elif self._day:
            total = at.hour * 60 + at.minute
            if self._minute - total > _BACK_MINUTES:
                self._day += timedelta(days=1)
            self._minute = total
        return datetime.combine(self._day, at) if self._day else None

    def _named(self, name: str, day: int) -> date | None:
        """HexChat writes no years: December is followed by the next one's January."""
        month = irc_lines.month_of(name)
        if self._year is None:
            return None
        year = self._year + (self._month - month > 6)
        found = date(year, month, day)
        self._year, self._month = year, month
        return found


def _day_named(name: str) -> date | None:
    """The day in the name of a file, as ZNC has it."""
    found = _DAY_IN_NAME.search(_stem(name))
    if not found:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _without_day(name: str) -> str:
    return posixpath.join(posixpath.dirname(name), _DAY_IN_NAME.sub("", _stem(name)).rstrip("_-. "))


def _stem(name: str) -> str:
    return posixpath.splitext(posixpath.basename(name))[0]


def _is_like(name: str, other: str) -> bool:
    """Whether both are logs, if one is. People put other texts beside them."""
    if posixpath.splitext(name)[1] != posixpath.splitext(other)[1]:
        return name == other
    if _day_named(other):
        return _day_named(name) is not None
    return name == other or not name.lower().endswith(".txt")


def _title(name: str, first: list[str]) -> str:
    """The channel, by the name of the file, or by who joined it."""
    for part in reversed(_without_day(name).split("/")):
        if found := _CHANNEL_IN_NAME.search(part):
            return people.cleaned(found[0])
    for line in islice(first, 200):
        if found := _CHANNEL.search(line):
            return people.cleaned(found[1])
    return ""
