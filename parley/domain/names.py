"""Names that can be taken for one another (Unicode TR 39: confusables)."""

from __future__ import annotations

import functools
import unicodedata

from confusable_homoglyphs.confusables import confusables_data

_VARIATIONS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))


@functools.lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """The same for names that look alike: whatever the case, the script of a letter, what takes
    no room, and the spaces. Accents tell names apart.
    """
    letters = unicodedata.normalize("NFKC", name)
    seen = "".join(letter for letter in letters if not _takes_no_room(letter))
    # Capitals look like other letters than small ones do.
    alike = _prototypes(_prototypes(seen).casefold()).casefold()
    # A capital i is an l in many fonts, and cases count the same.
    return alike.replace("i", "l")


def _prototypes(text: str) -> str:
    return "".join(_prototype(letter) for letter in unicodedata.normalize("NFD", text))


def _takes_no_room(letter: str) -> bool:
    return (
        letter.isspace()
        or unicodedata.category(letter) in ("Cf", "Cc", "Zs")
        or any(ord(letter) in each for each in _VARIATIONS)
    )


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
