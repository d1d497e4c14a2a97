"""Names that can be taken for one another (Unicode TR 39: confusables)."""

from __future__ import annotations

import functools
import re
import unicodedata

import confusable_homoglyphs
from confusable_homoglyphs.confusables import confusables_data

from parley.grammar.unseen import UNSEEN

RULES = 2
"""Count it up whenever a skeleton becomes another: all stored names are then read again."""
VERSION = f"{RULES}, {unicodedata.unidata_version}, {confusable_homoglyphs.__version__}"
"""By what skeletons are made: the rules, and the tables they go by."""

# And what draws only room: controls, spaces, and what ends lines and paragraphs.
_UNSEEN = re.compile(
    f"[\\x00-\\x20\\x7f-\\xa0\u1680\u2000-\u200a\u2028-\u2029\u202f\u205f\u3000{UNSEEN}]+"
)
# A mark over the same mark is drawn on top of it.
_REPEATED_MARK = re.compile(
    "([\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u06d6-\u06dc"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f])\\1+"
)
_DOUBLE_V = re.compile("[vw]*(?:vv|vw)[vw]*")


@functools.lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """The same for names that look alike: whatever the case, the script of a letter, what draws
    nothing, and the spaces. Accents tell names apart. Empty for a name that nobody can see.
    """
    seen = _UNSEEN.sub("", unicodedata.normalize("NFKD", name))
    # Capitals look like other letters than small ones do.
    alike = _prototypes(_prototypes(seen).casefold()).casefold()
    if not alike.isascii():
        alike = _REPEATED_MARK.sub("\\1", alike)
    # A capital i is an l in many fonts, and cases count the same. TR 39 has rn for m, but not
    # vv for w.
    return _DOUBLE_V.sub(_double_vs, alike.replace("i", "l"))


def _double_vs(found: re.Match[str]) -> str:
    """However they are written: vvv, vw and wv are one."""
    count = len(found[0].replace("w", "vv"))
    return "w" * (count // 2) + "v" * (count % 2)


def _prototypes(text: str) -> str:
    return unicodedata.normalize("NFD", text).translate(_PROTOTYPES)


class _Prototypes(dict[int, str]):
    """Made as they are asked for: most of the table nobody ever needs.

    Of what looks like nothing else only the nearest are kept, not all of Unicode.
    """

    def __missing__(self, point: int) -> str:
        letter = chr(point)
        prototype = _prototype(letter)
        if prototype != letter or point < 0x3000:
            self[point] = prototype
        return prototype


_PROTOTYPES = _Prototypes()


def _prototype(letter: str) -> str:
    """What stands for all that look like it.

    The table lists for a prototype all that look like it, and for each of these the
    prototype alone. Of two that only have one another either would do.
    """
    alike = confusables_data.get(letter, ())
    if len(alike) != 1:
        return letter
    other: str = alike[0]["c"].strip("\u200e")
    back = confusables_data.get(other, ())
    if len(back) == 1 and back[0]["c"].strip("\u200e") == letter:
        return min(letter, other)
    return other
