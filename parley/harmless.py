"""What people wrote, as it may be shown on a terminal: nothing in it can move the cursor, change
colours, turn a line around, hide, or pass for a line of its own.
"""

from __future__ import annotations

import re
import unicodedata

STRANGE = "\N{REPLACEMENT CHARACTER}"
MARKS_MAX = 6
"""On one letter. Languages need four; with dozens they run over the lines above and below."""
TAB = "    "

_ENDS_OF_LINES = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_HYPHEN_IF_BROKEN = "\xad"
_DIRECTION_MARKS = "\u200e\u200f\u061c"
"""They only say which way letters beside them go: nothing is lost without."""
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks by Unicode, of which nothing is seen."""
_JOINERS = "\u200c\u200d"
_JOINER = "\u200d"
_VARIATIONS = re.compile("[\ufe00-\ufe0d\u180b-\u180f\U000e0100-\U000e01ef]")
_AS_TEXT_OR_EMOJI = "\ufe0e\ufe0f"
_TONES = range(0x1F3FB, 0x1F400)
_FLAG, _TAGS, _LAST_TAG = "\U0001f3f4", range(0xE0020, 0xE007F), "\U000e007f"
_JOINING = (range(0x0600, 0x1100), range(0x1780, 0x18B0), range(0xA840, 0xAC00))
"""Of scripts that write letters otherwise with a joiner: Arabic, those of India, and so on."""
_IGNORABLE = (range(0x2060, 0x2070), range(0xFFF0, 0xFFF9), range(0xE0000, 0xE1000))
"""Unassigned so far, and never to be seen."""


def line(text: str) -> str:
    """On one line."""
    if text.isascii() and text.isprintable():
        return text
    return _shown(_ENDS_OF_LINES.sub(" ", text).replace("\t", " "))


def lines(text: str) -> list[str]:
    """On as many lines as it has, each harmless."""
    return [_shown(each.replace("\t", TAB)) for each in _ENDS_OF_LINES.split(text)]


def _shown(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = _VARIATIONS.sub("", text)
    shown: list[str] = []
    marks = 0
    for at, letter in enumerate(text):
        kept = _kept(letter, text, at, shown)
        if unicodedata.category(letter) in ("Mn", "Me") and letter not in _AS_TEXT_OR_EMOJI:
            marks += 1
            if marks > MARKS_MAX:
                continue
            if kept and (not shown or shown[-1][-1] == " "):
                kept = "\N{DOTTED CIRCLE}" + kept
        elif kept:
            marks = 0
        if kept:
            shown.append(kept)
    return "".join(shown)


def _kept(letter: str, text: str, at: int, shown: list[str]) -> str:
    """What stands for it; nothing where it goes."""
    if letter.isascii():
        return letter if letter.isprintable() else _pictured(letter)
    if letter in _DIRECTION_MARKS or letter == _HYPHEN_IF_BROKEN:
        return ""
    if letter in _AS_TEXT_OR_EMOJI:
        return letter if _may_vary(shown) else ""
    if letter in _JOINERS:
        return letter if _joins(letter, text, at, shown) else STRANGE
    if ord(letter) in _TAGS or letter == _LAST_TAG:
        return letter if _is_in_flag(text, at) else STRANGE
    if letter in _INVISIBLE:
        return STRANGE
    return _by_category(letter)


def _pictured(control: str) -> str:
    """The picture that Unicode has of it: ␛ for escape."""
    return "\N{SYMBOL FOR DELETE}" if control == "\x7f" else chr(0x2400 + ord(control))


def _by_category(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
        return STRANGE
    if category == "Cn":  # perhaps an emoji that this Python does not know yet
        number = ord(letter)
        is_none = number & 0xFFFE == 0xFFFE or number in range(0xFDD0, 0xFDF0)
        return STRANGE if is_none or any(number in each for each in _IGNORABLE) else letter
    if category == "Zs":
        return letter if letter == "\N{IDEOGRAPHIC SPACE}" else " "
    return letter


def _may_vary(shown: list[str]) -> bool:
    """Whether what stands before can be drawn as text or as an emoji."""
    return bool(shown) and (shown[-1] in "0123456789#*" or _is_picture(shown[-1]))


def _joins(joiner: str, text: str, at: int, shown: list[str]) -> bool:
    """Whether a joiner is where people have it: between two emoji, or after a letter of a script
    that needs it.
    """
    before, after = shown[-1] if shown else " ", text[at + 1 : at + 2] or " "
    if any(ord(before) in each for each in _JOINING):
        return before.isalpha() or unicodedata.category(before).startswith("M")
    if joiner != _JOINER or not _is_picture(after):
        return False
    if before == "\ufe0f" and len(shown) > 1:
        before = shown[-2]
    return _is_picture(before) or ord(before) in _TONES


def _is_picture(letter: str) -> bool:
    number = ord(letter)
    return number >= 0x2000 and (
        unicodedata.category(letter) in ("So", "Sm", "Po", "Cn") or number in (0x2194, 0x25FE)
    )


def _is_in_flag(text: str, at: int) -> bool:
    """Whether a tag is part of a flag of a region, which ends as it should."""
    begin = end = at
    while begin and ord(text[begin - 1]) in _TAGS:
        begin -= 1
    while end < len(text) and ord(text[end]) in _TAGS:
        end += 1
    return (
        begin > 0 and text[begin - 1] == _FLAG and text[end : end + 1] == _LAST_TAG and end > begin
    )
