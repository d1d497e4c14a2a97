"""A line of an IRC log: when, who, and whether they said or did it.

Every client writes its own times, and some of them only the hour: then the day stands in lines of
its own, or in the name of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date

from msgspec import Struct

_MODES = "~&@%+!"
"""Before a nick: what its bearer may do in the channel."""
STYLES: dict[str, re.Pattern[str]] = {
    "WeeChat": re.compile(r"(\d{4}-\d\d-\d\d)()() (\d\d):(\d\d):(\d\d)()\t"),
    # mIRC leaves the number of a colour before the bracket.
    "in brackets": re.compile(
        r"(?:\x03?\d\d(?=\[))?[\[(](?:(\d{4}-\d\d-\d\d)[ T])?()()"
        r"(\d{1,2}):(\d\d)(?::(\d\d))?(?: ?([apAP])\.?[mM]\.?)?[\])][ \t]+"
    ),
    "ISO": re.compile(
        r"(\d{4}-\d\d-\d\d)()()[ T](\d\d):(\d\d)(?::(\d\d))?()"
        r"(?:[.,]\d+)?(?:[+-]\d\d:?\d\d|Z)?[ \t]+"
    ),
    "HexChat": re.compile(r"()([^\W\d]{3,5})\.? +(\d{1,2}) (\d\d):(\d\d):(\d\d)()[ \t]+"),
    "irssi": re.compile(r"()()()(\d\d):(\d\d)(?::(\d\d))?()[ \t]+"),
}
"""How lines begin. The groups: a date, or a month and a day; hour, minute, second; of clocks with
twelve hours, which half of the day."""
_SAID = re.compile(rf"<[{_MODES} ]*([^>\s]+) *>(?:[ \t](.*))?", re.DOTALL)
_DONE = re.compile(r"\*[ \t]+(\S+)[ \t]+(\S.*)", re.DOTALL)
_NOTICED = re.compile(r"-(?![!->])(\S+?)(?:[:(]\S*?\)?)?-[ \t](.*)", re.DOTALL)
_SERVICE = re.compile(r"(?:\*{1,3}|-!-|-->|<--|---?|=!=)[ \t]+(.*)", re.DOTALL)
_EVENT = re.compile(
    r"\S+ (?:[(\[]\S+@\S+[)\]]|has (?:joined|left) [#&]|has quit|has kicked |was kicked by |"
    r"is now known as |sets? (?:mode|ban|channel)|(?:gives|removes) (?:channel|voice)|"
    r"changes topic to|has (?:changed|set) the topic)|"
    r"Now talking |Topic (?:is|for) |Set by |Disconnected|Attempting |Rejoined |Retrieving |"
    r"Users on |You (?:are|have|were) |(?:Joins|Parts|Quits): "
)
"""What mIRC and HexChat write with the star that they write before what somebody did, too."""
_DAY = re.compile(
    r"(?:--- (?:Log opened|Day changed|Log closed)|\*{4} (?:BEGIN|ENDING) LOGGING AT|"
    r"Session (?:Start|Time|Close)(?: \([^)]*\))?:) (.+)"
)
_NAMED = re.compile(r"Session Ident: (.+)")
_WORD = re.compile(r"[^\W\d_]+|[\d:-]+")
# As the phones' and computers' own languages have them, where three letters tell.
_MONTHS = {
    month: number
    for number, months in enumerate(
        (
            "jan|ene|gen|янв|tam|oca|led|sty",
            "feb|fév|fev|фев|hel|şub|úno|lut",
            "mar|mär|mrt|maa|мар|bře",
            "apr|avr|abr|апр|huh|nis|dub|kwi",
            "may|mai|maj|mag|mei|май|мая|tou",
            "jun|juin|giu|июн|kes|haz|czw",
            "jul|juil|lug|июл|hei|tem|lip",
            "aug|aoû|ago|авг|elo|ağu|srp|sie",
            "sep|set|сен|syy|eyl|zář|wrz",
            "oct|okt|ott|out|окт|lok|eki|říj|paź",
            "nov|ноя|kas|lis",
            "dec|dez|déc|dic|des|дек|jou|ara|pro|gru",
        ),
        1,
    )
    for month in months.split("|")
}


class Line(Struct):
    """`nick` is None for what the service wrote."""

    nick: str | None
    text: str
    is_done: bool = False
    """Whether it was done (`/me waves`), not said."""


def style_of(lines: Sequence[str]) -> str | None:
    """How the lines of this log begin; None for what is no log of IRC."""
    written = [line for line in lines if line.strip() and not is_heading(line)]
    for name, stamp in STYLES.items():
        bodies = [line[found.end() :] for line in written if (found := stamp.match(line))]
        known = sum(_is_known(body, name) for body in bodies)
        if known and known * 2 > len(written):
            return name
    return None


def is_heading(line: str) -> bool:
    return _DAY.match(line) is not None or _NAMED.match(line) is not None


def day_in(heading: str) -> str | None:
    """What a heading says of the day; None where it is none, or is about something else."""
    found = _DAY.match(heading)
    return found[1] if found else None


def day_of(written: str) -> date:
    """As C writes it (`Wed Jan 31 17:07:09 2024`), or nearly. Raises ValueError."""
    year = month = day = 0
    for word in _WORD.findall(written):
        if word.isdigit() and len(word) == 4:
            year = int(word)
        elif word.isdigit() and len(word) < 3:
            day = day or int(word)
        elif word.count("-") == 2:
            return date.fromisoformat(word)
        elif not month:
            month = month_of(word)
    return date(year, month, day)


def month_of(word: str) -> int:
    """0 for what is no month."""
    small = word.casefold()
    return _MONTHS.get(small[:4]) or _MONTHS.get(small[:3]) or 0


def reader_of(style: str) -> Callable[[str], Line]:
    """What takes the rest of a line apart."""
    return _weechat if style == "WeeChat" else _usual


def _is_known(body: str, style: str) -> bool:
    if style == "WeeChat":
        return "\t" in body
    return any(each.match(body) for each in (_SAID, _DONE, _NOTICED, _SERVICE))


def _usual(body: str) -> Line:
    if said := _SAID.match(body):
        return Line(said[1], said[2] or "")
    if body.startswith("* ") or body.startswith("*\t"):
        done = _DONE.match(body)
        if done and not _EVENT.match(body, done.start(1)):
            return Line(done[1], done[2], is_done=True)
    elif noticed := _NOTICED.match(body):
        return Line(noticed[1], noticed[2])
    service = _SERVICE.match(body)
    return Line(None, service[1] if service else body)


def _weechat(body: str) -> Line:
    """Columns, of which only two end with a tab: what was said may hold others."""
    prefix, _, text = body.partition("\t")
    prefix = prefix.strip()
    if prefix in ("-->", "<--", "--", "=!=", ""):
        return Line(None, text)
    if prefix == "*":
        nick, _, done = text.partition(" ")
        return Line(nick.lstrip(_MODES) or nick, done, is_done=True)
    return Line(prefix.lstrip(_MODES) or prefix, text)
