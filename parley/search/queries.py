"""What somebody types into the search, understood. Whatever it is, it means something.

Words, "phrases", `-not`, `from:`, `has:`, `before:`, `after:` and `on:`. What looks like one of
these and isn't is looked for as it stands.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from parley.search import words
from parley.search.segments import Where

PARTS_MAX = 32
WHOLE_MAX_CHARS = 2
"""Shorter words are looked for whole: hardly a word begins with nothing else."""
INSIDE_MIN_CHARS = 4
"""Shorter ones stand inside too many others by chance."""
HAS = ("file", "image", "link", "reaction")

_QUOTES = {'"': '"', "“": "”", "„": "“”", "«": "»", "»": "«", "「": "」", "『": "』"}
_OPERATOR = re.compile(r"(from|has|before|after|on):(?=\S)", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_EDGES = "+#@$%&€£¥§°"
"""What belongs to a word though it is no letter, where it stands at its edge: `C++`, `#42`."""
_BETWEEN_MAX_CHARS = 20
"""So much that is no letter may stand between two words of a phrase."""


class Part:
    """A word, a phrase, or a piece such as `foo_bar-42`: its words must stand in this order."""

    def __init__(self, typed: str, *, is_exact: bool) -> None:
        self.is_exact = is_exact
        """Whether its last word must be whole."""
        self._typed = typed
        self._is_open = not is_exact and typed.endswith("*")

    @cached_property
    def _spellings(self) -> list[str]:
        """Folded; with the two ways to write German and Nordic letters."""
        small = self._typed.casefold()
        found = [words.fold(self._typed)]
        for pairs in (_LONG, _SHORT):
            other = small
            for written, meant in pairs:
                other = other.replace(written, meant)
            found.append(words.fold(other))
        return list(dict.fromkeys(found))

    @cached_property
    def _pieces(self) -> list[list[tuple[str, bool]]]:
        return [words.pieces(spelling) for spelling in self._spellings]

    @property
    def can_be_inside(self) -> bool:
        """Whether it may also stand inside longer words, as in compounds."""
        if self.is_exact or len(self._pieces[0]) != 1:
            return False
        [(word, is_run)] = self._pieces[0]
        return not is_run and len(word) >= INSIDE_MIN_CHARS

    def needles(self, *, inside: bool) -> list[list[tuple[str, Where]]]:
        """For each spelling the terms that a message must have; none where any may match."""
        return [list(self._needed(pieces, inside=inside)) for pieces in self._pieces]

    def _needed(
        self, pieces: list[tuple[str, bool]], *, inside: bool
    ) -> Iterator[tuple[str, Where]]:
        for at, (word, is_run) in enumerate(pieces):
            if is_run and len(word) > 1:
                yield from ((pair, Where.WHOLE) for pair in map("".join, itertools.pairwise(word)))
            elif is_run:
                yield word, Where.BEGINNING
            elif inside and self.can_be_inside:
                yield word[: words.TERM_MAX_CHARS], Where.INSIDE
            elif len(word) >= words.TERM_MAX_CHARS:
                yield word[: words.TERM_MAX_CHARS], Where.WHOLE
            else:
                is_last = at == len(pieces) - 1
                yield word, Where.BEGINNING if is_last and self._may_go_on(word) else Where.WHOLE

    def _may_go_on(self, word: str) -> bool:
        return self._is_open or (not self.is_exact and len(word) > WHOLE_MAX_CHARS)

    @cached_property
    def pattern(self) -> Pattern:
        """What it is in a folded text."""
        return self._compiled(inside=False)

    @cached_property
    def inside(self) -> Pattern:
        """The same inside of longer words, where it can be."""
        return self._compiled(inside=True) if self.can_be_inside else self.pattern

    def _compiled(self, *, inside: bool) -> Pattern:
        shapes = (
            self._shape(spelling, pieces, inside=inside)
            for spelling, pieces in zip(self._spellings, self._pieces, strict=True)
        )
        return Pattern(list(dict.fromkeys(shapes)))

    def _shape(self, spelling: str, pieces: list[tuple[str, bool]], *, inside: bool) -> Shape:
        bare = spelling.strip()
        if not pieces:
            return Shape(re.escape(bare))
        last, is_run = pieces[-1]
        begins = not inside and _is_spaced(pieces[0])
        ends = not inside and _is_spaced((last, is_run)) and not self._may_go_on(last)
        before, after = _edge(bare), _edge(bare[::-1])[::-1]
        shape = "".join(
            (_up_to(word) if at else "") + re.escape(word) for at, (word, _) in enumerate(pieces)
        )
        return Shape(
            re.escape(before) + shape + re.escape(after),
            begins=begins and not before,
            ends=ends and not after,
        )


def _up_to(word: str) -> str:
    """What may stand before a word of a phrase: never what the word begins with, as a picture may.
    Else there would be so many ways to read a row of them that nobody saw the end of it.
    """
    begins = re.escape(word[0])
    between = r"[\W_]" if _WORDLY.match(word) else rf"(?:(?!{begins})[\W_])"
    return f"{between}{{0,{_BETWEEN_MAX_CHARS}}}"


class Shape(NamedTuple):
    """An expression, and whether a word must begin and end with it."""

    expression: str
    begins: bool = False
    ends: bool = False


class Pattern:
    """Any of some shapes, looked for in folded texts.

    Whether a word begins or ends is asked of what was found: an expression that asks it first
    looks at each letter of the text, and takes thirty times as long.
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        self._shapes = [(re.compile(shape.expression), shape) for shape in shapes]

    def search(self, text: str) -> bool:
        return any(True for _ in self.spans(text))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it is, from where to where."""
        for expression, shape in self._shapes:
            at = 0
            while (match := expression.search(text, at)) is not None:
                begin, end = match.span()
                if (shape.begins and _is_letter(text[begin - 1 : begin])) or (
                    shape.ends and _is_letter(text[end : end + 1])
                ):
                    at = begin + 1
                    continue
                yield begin, end
                at = max(end, begin + 1)


@functools.lru_cache(maxsize=4096)
def _is_letter(sign: str) -> bool:
    """Whether a word of a script with spaces goes on with it."""
    return _LETTER.fullmatch(sign) is not None


class Author:
    """A person, by the beginning of a word of their name, or by their user_id."""

    def __init__(self, typed: str, *, is_not: bool) -> None:
        self.is_not = is_not
        """Whether it must not be them."""
        self.user_id = typed
        self.name = words.fold(typed).strip().removeprefix("@")
        self._pattern = Pattern([Shape(re.escape(self.name), begins=True)])

    def is_it(self, username: str, user_id: str) -> bool:
        return user_id == self.user_id or self._pattern.search(words.fold(username))

    def needles(self) -> list[tuple[str, Where]]:
        """The terms of a name that somebody called so has."""
        pieces = words.pieces(self.name)
        return [(word if not is_run else word[0], Where.BEGINNING) for word, is_run in pieces]


class Query:
    """What a message must be to be found."""

    def __init__(self) -> None:
        self.wanted: list[Part] = []
        self.unwanted: list[Part] = []
        self.authors: list[Author] = []
        self.has: list[tuple[str, bool]] = []
        """Of `HAS`, and whether it must not."""
        self.times: list[tuple[datetime, datetime, bool]] = []
        """From when, until before when, and whether it must not have been sent then."""

    @property
    def is_empty(self) -> bool:
        return not (self.wanted or self.unwanted or self.authors or self.has or self.times)

    @property
    def size(self) -> int:
        parts = (self.wanted, self.unwanted, self.authors, self.has, self.times)
        return sum(len(each) for each in parts)


def parse(typed: str, zone: ZoneInfo | None = None) -> Query:
    """What was typed, with its days in this time zone; UTC where none is given."""
    query = Query()
    for is_not, operator, value, is_quoted in _read(typed):
        if not operator or not _apply(query, operator, value, is_not, zone):
            typed_whole = f"{operator}:{value}" if operator else value
            parts = query.unwanted if is_not else query.wanted
            if words.fold(typed_whole).strip("* \t"):  # what doesn't show is nothing to find
                parts.append(Part(_trimmed(typed_whole), is_exact=is_quoted))
    return query


def _read(typed: str) -> Iterator[tuple[bool, str, str, bool]]:
    """Each piece: whether it is a `-not`, its operator, its words, and whether they are quoted."""
    at, end = 0, len(typed)
    while at < end:
        if typed[at].isspace():
            at += 1
            continue
        is_not = typed[at] in "-−" and at + 1 < end and not typed[at + 1].isspace()  # noqa: RUF001
        start = at
        at += is_not
        match = _OPERATOR.match(typed, at)
        operator = match[1].lower() if match else ""
        at = match.end() if match else at
        closers = _QUOTES.get(typed[at], "")
        if closers:
            close = min(
                (found for each in closers if (found := typed.find(each, at + 1)) > 0), default=end
            )
            value, at = typed[at + 1 : close], close + 1
            if value.strip():
                yield is_not, operator, value, True
            continue
        space = at
        while space < end and not typed[space].isspace():
            space += 1
        value, at = typed[at:space], space
        if is_not and not operator and not words.pieces(words.fold(value)):
            is_not, value = False, typed[start:space]  # an arrow, a rule: no word is left out
        yield is_not, operator, value, False


def _apply(query: Query, operator: str, value: str, is_not: bool, zone: ZoneInfo | None) -> bool:
    if operator == "from":
        author = Author(value.strip(), is_not=is_not)
        if author.name:
            query.authors.append(author)
        return bool(author.name)
    if operator == "has":
        kind = _KINDS.get(value.casefold().rstrip("s"))
        if kind:
            query.has.append((kind, is_not))
        return kind is not None
    span = _span(value, zone)
    if span is None:
        return False
    since, until = span
    if operator == "before":
        since, until = _FIRST, since
    elif operator == "after":
        since, until = until, _LAST
    query.times.append((since, until, is_not))
    return True


def _span(value: str, zone: ZoneInfo | None) -> tuple[datetime, datetime] | None:
    """A day, a month or a year, from its beginning to the next one's."""
    match = _DATE.fullmatch(value.strip())
    if match is None:
        return None
    year, month, day = (int(each) if each else None for each in match.groups())
    try:
        first = date(year or 0, month or 1, day or 1)
        if day:
            last = first + timedelta(days=1)
        elif month:
            last = date(first.year + month // 12, month % 12 + 1, 1)
        else:
            last = date(first.year + 1, 1, 1)
        return _midnight(first, zone), _midnight(last, zone)
    except (ValueError, OverflowError):
        return None


def _midnight(day: date, zone: ZoneInfo | None) -> datetime:
    return datetime.combine(day, time(), zone or UTC).astimezone(UTC)


def _trimmed(typed: str) -> str:
    """Without the punctuation of a sentence around it, where there are words."""
    pieces = words.pieces(words.fold(typed))
    if not pieces:
        return typed
    begin, end = 0, len(typed)
    while begin < end and not (
        typed[begin].isalnum() or typed[begin] in _EDGES or _is_sign(typed[begin])
    ):
        begin += 1
    while end > begin and not (
        typed[end - 1].isalnum() or typed[end - 1] in _EDGES + "*" or _is_sign(typed[end - 1])
    ):
        end -= 1
    return typed[begin:end] or typed


def _is_sign(character: str) -> bool:
    return bool(words.pieces(character)) or _MARK.match(character) is not None


def _is_spaced(piece: tuple[str, bool]) -> bool:
    """Whether it is a word of a script that has spaces between them."""
    word, is_run = piece
    return not is_run and _is_letter(word[0])


def _edge(spelling: str) -> str:
    kept = 0
    while kept < len(spelling) and spelling[kept] in _EDGES:
        kept += 1
    return spelling[:kept]


_WORDLY = re.compile(r"[^\W_]")
_MARK = re.compile(f"[{words.MARKS}\u200d\ufe0f\U0001f3fb-\U0001f3ff]")
_LETTER = re.compile(rf"(?![_{words.UNSPACED}{words.PICTURES}])[\w{words.MARKS}]")
_LONG = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ø", "oe"), ("å", "aa"))
_SHORT = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))
_KINDS = {
    "file": "file",
    "attachment": "file",
    "image": "image",
    "picture": "image",
    "photo": "image",
    "link": "link",
    "url": "link",
    "reaction": "reaction",
}
_FIRST = datetime(1, 1, 2, tzinfo=UTC)
_LAST = datetime(9999, 12, 30, tzinfo=UTC)
