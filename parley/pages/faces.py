"""The round marks beside what people say: their initials, in a colour of their own.

`static/js/people/faces.js` does the same in the browser; `tests/faces_cases.json` holds both to it.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable

from msgspec import UNSET

from parley import contract
from parley.pages import text

HUES = contract.HUES
"""The colours in `static/css/faces.css`."""
_FAMILIES = 6
"""Each is there in two tones: `hue` and `hue + 6`."""
_STEP = 5
"""To the next colour when one is taken. No divisor in common with `HUES`: so all are tried."""
_PICTURE = re.compile(text.EMOJI)
_BLANK = re.compile("[\u115f\u1160\u3164\uffa0]")
"""Letters by their category that draw nothing."""


@functools.lru_cache(maxsize=4096)
def initials(name: str) -> str:
    """What stands in the mark: an emoji the name begins with, or one or two letters.

    The second is the last word's, where the first letter is of a script with capitals: those
    of others say enough alone, or join up.
    """
    composed = unicodedata.normalize("NFC", _BLANK.sub("", name)).strip()
    if picture := _PICTURE.match(composed):
        return picture[0]
    letters = [letter for word in composed.split() if (letter := _first_letter(word))]
    if not letters:
        return composed[:1]
    first = letters[0]
    is_cased = first.upper() != first.lower()
    return _capital(first) + (_capital(letters[-1]) if is_cased and len(letters) > 1 else "")


def hues(
    people: Iterable[contract.Participant],
    messages: Iterable[contract.Message],
    looks: Iterable[contract.Look] = (),
) -> dict[str, int]:
    """A colour for each person by `user_id`: what they chose, what their id asks for, or the next
    unlike all others.

    Who came first chooses first, so nobody who comes later changes anyone's; those who have
    left and are still read take what is over. When none is free, each has what they ask for.
    """
    ids = [person.user_id for person in people] + [message.user_id for message in messages]
    chosen = {each.user_id: each.hue for each in looks if each.hue is not UNSET}
    found = {user_id: chosen[user_id] for user_id in ids if user_id in chosen}
    taken = set(found.values())
    for user_id in dict.fromkeys(ids):
        if user_id in found:
            continue
        found[user_id] = _choose(asked_for(user_id), taken)
        taken.add(found[user_id])
    return found


@functools.lru_cache(maxsize=4096)
def asked_for(user_id: str) -> int:
    """FNV-1a over the code points, which a few lines compute alike in any language."""
    number = 0x811C9DC5
    for letter in user_id:
        number = ((number ^ ord(letter)) * 0x01000193) & 0xFFFFFFFF
    return (number ^ (number >> 16)) % HUES


def _choose(asked: int, taken: set[int]) -> int:
    """Two tones of one family are told apart, but not as easily as two families."""
    tried = [(asked + number * _STEP) % HUES for number in range(HUES)]
    families = {hue % _FAMILIES for hue in taken}
    alone = (hue for hue in tried if hue % _FAMILIES not in families)
    return next(alone, next((hue for hue in tried if hue not in taken), asked))


def _first_letter(word: str) -> str:
    return next((letter for letter in word if unicodedata.category(letter)[0] in "LN"), "")


def _capital(letter: str) -> str:
    """One character, where the capital of some is two."""
    return capital if len(capital := letter.upper()) == 1 else letter
