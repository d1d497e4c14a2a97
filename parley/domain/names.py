"""Names that can be taken for one another (Unicode TR 39: confusables)."""

from __future__ import annotations

import functools
import re
import unicodedata

from confusable_homoglyphs.confusables import confusables_data

# Default_Ignorable_Code_Point (Unicode 16, DerivedCoreProperties.txt), and the Braille pattern
# without a dot, which is as blank.
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_DOUBLE_V = re.compile("[vw]*(?:vv|vw)[vw]*")


@functools.lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """The same for names that look alike: whatever the case, the script of a letter, what takes
    no room, and the spaces. Accents tell names apart. Empty for a name that nobody can see.
    """
    letters = unicodedata.normalize("NFKC", _UNSEEN.sub("", name))
    seen = "".join(letter for letter in letters if not _takes_no_room(letter))
    # Capitals look like other letters than small ones do.
    alike = _prototypes(_prototypes(seen).casefold()).casefold()
    # A capital i is an l in many fonts, and cases count the same. TR 39 has rn for m, but not
    # vv for w.
    return _DOUBLE_V.sub(_double_vs, alike.replace("i", "l"))


def _double_vs(found: re.Match[str]) -> str:
    """However they are written: vvv, vw and wv are one."""
    count = len(found[0].replace("w", "vv"))
    return "w" * (count // 2) + "v" * (count % 2)


def _prototypes(text: str) -> str:
    return "".join(_prototype(letter) for letter in unicodedata.normalize("NFD", text))


def _takes_no_room(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) in ("Cf", "Cc", "Zs")


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
