"""Text as a search sees it: folded, and cut into terms. The same for every database.

Words of scripts with spaces are terms as they are. Runs of scripts without (Han, kana, Hangul,
Thai, Lao, Khmer, Burmese, Tibetan) are overlapping pairs of signs, and the last sign alone: so two
signs side by side are one term, and a single one is the beginning of some.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable

TERM_MAX_CHARS = 64
"""Of longer words this much is a term; the text itself says whether the rest is right."""

UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0eff\u0f40-\u0fbc\u1000-\u1049\u1050-\u109f\ua9e0-\ua9ff"
    "\uaa60-\uaa7f\u1780-\u17d3\u1950-\u19df\u1a20-\u1a7f\u1100-\u11ff\u3005-\u3007\u3041-\u3096"
    "\u309d-\u309f\u30a1-\u30fa\u30fc-\u312f\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\ua960-\ua97c\uac00-\ud7fb\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""As part of a class of an expression."""


def _ranges(is_in: Callable[[str], bool]) -> str:
    """All of the first two planes that are, from where ASCII ends, as part of a class."""
    found: list[list[int]] = []
    for code in range(0x80, 0x20000):
        if is_in(chr(code)):
            if found and found[-1][1] == code - 1:
                found[-1][1] = code
            else:
                found.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in found)


MARKS = _ranges(lambda sign: unicodedata.category(sign) in ("Mn", "Mc"))
"""Signs that belong to the letter before: `re` takes them for the end of a word."""
PICTURES = _ranges(lambda sign: unicodedata.category(sign) == "So")
"""Emoji and other pictures: each is a term."""

_TERM = re.compile(
    f"(?P<run>[{UNSPACED}]+)"
    f"|[^\\W_{UNSPACED}](?:[^\\W_{UNSPACED}]|(?![{UNSPACED}])[{MARKS}])*"
    f"|[{PICTURES}]"
)
_ASCII_TERM = re.compile("[0-9a-z]+")

# Letters that Unicode takes for no accented ones, but people type without.
_PLAIN = {
    "ł": "l",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "ħ": "h",
    "ı": "i",  # noqa: RUF001  # meant
    "ŀ": "l",
    "ŧ": "t",
    "þ": "th",
    "æ": "ae",
    "œ": "oe",
    # Arabic and Persian spell one word with either.
    "ى": "ي",
    "ی": "ي",
    "ک": "ك",
    "ة": "ه",  # noqa: RUF001  # meant
    "ٱ": "ا",  # noqa: RUF001  # meant
    "ـ": None,
    # What is a letter of its own to those who write it.
    "й": "й",
    "ї": "ї",
    "ў": "ў",
}
_DECOMPOSED_BEFORE = "\u0700"
"""Latin, Greek, Cyrillic, Armenian, Hebrew and Arabic letters lose their accents and points; of
later scripts they are the vowels."""
_POINTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u1ab0-\u1aff]")


class _Plain(dict[int, str | None]):
    """For `str.translate`: what each sign comes to, found when it is first met."""

    def __missing__(self, code: int) -> str | None:
        sign = chr(code)
        plain: str | None = sign
        category = unicodedata.category(sign)
        if category == "Cf" or _POINTS.match(sign) or 0xFE00 <= code <= 0xFE0F:
            plain = None
        elif category in ("Ll", "Lo"):
            base = unicodedata.normalize("NFD", sign)
            if len(base) > 1 and base[0] < _DECOMPOSED_BEFORE:
                plain = "".join(_PLAIN.get(each, each) or "" for each in _POINTS.sub("", base))
        self[code] = plain
        return plain


_plain = _Plain({ord(sign): plain for sign, plain in _PLAIN.items()})


# To put a row of marks in order takes as long as its square. Unicode too has no longer rows of them
# (UAX #15, 13): a sign that doesn't show parts them, which goes again with the marks.
_LONG_ROW = re.compile(f"[{MARKS}\uff9e\uff9f]{{30}}")
_PARTED = "\\g<0>\u034f"


def fold(text: str) -> str:
    """Without what people type one way or another: case, accents, widths, what doesn't show."""
    if text.isascii():
        return text.lower()
    text = _LONG_ROW.sub(_PARTED, text)
    return unicodedata.normalize("NFKC", text).casefold().translate(_plain)


def terms(text: str) -> set[str]:
    """What a text is found by."""
    if text.isascii():
        return {word[:TERM_MAX_CHARS] for word in _ASCII_TERM.findall(text.lower())}
    found: set[str] = set()
    for match in _TERM.finditer(fold(text)):
        word = match[0]
        if match["run"] is None:
            found.add(word[:TERM_MAX_CHARS])
        else:
            found.update(map("".join, itertools.pairwise(word)))
            found.add(word[-1])
    return found


def pieces(folded: str) -> list[tuple[str, bool]]:
    """The words, runs and pictures of a folded text in their order, and whether each is a run."""
    return [(match[0], match["run"] is not None) for match in _TERM.finditer(folded)]


# What NFKC may make one of several: it is folded together.
_CLUSTER = re.compile(
    f"[\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb]+|.[{MARKS}\uff9e\uff9f]*", re.DOTALL
)


def fold_with_origins(text: str) -> tuple[str, list[int]]:
    """A text folded, and for each of its signs, and its end, where in the text it comes from."""
    if text.isascii():
        return text.lower(), list(range(len(text) + 1))
    parts: list[str] = []
    origins: list[int] = []
    for match in _CLUSTER.finditer(text):
        part = fold(match[0])
        parts.append(part)
        origins.extend([match.start()] * len(part))
    origins.append(len(text))
    return "".join(parts), origins
