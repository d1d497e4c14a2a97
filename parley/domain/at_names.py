"""Where names may stand in a text: after an "@", and up to where a word ends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from parley.contract.terms import MEANT_MAX, USERNAME_MAX_CHARS
from parley.grammar import markdown_rules

_WINDOW = 2 * USERNAME_MAX_CHARS
"""Accents that are written as characters of their own make a name longer than it is kept."""
LOOKS_MAX = 300
"""How many stretches of one text are looked at as names: 20 names of many words are fewer."""
_UNSPACED = re.compile(markdown_rules.UNSPACED)
_JOINER = "\u200d"


def people_in(text: str, known: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Each name as it is written there, without the "@", and the user_id of whom it means.

    `known` are user_ids by their `folded` names.
    """
    people: dict[tuple[str, str], None] = {}
    at, left = text.find("@"), LOOKS_MAX
    while at >= 0 and left > 0 and len(people) < MEANT_MAX:
        end = at + 1
        for stop in ends(text, at + 1) if may_begin(text, at) else ():
            left -= 1
            user_id = known.get(folded(text[at + 1 : stop]))
            if user_id is not None:
                end, found = stop, (text[at + 1 : stop], user_id)
            if left <= 0:
                break
        if end > at + 1:
            people[found] = None
        at = text.find("@", end)
    return tuple(people)


def folded(name: str) -> str:
    """The same for what counts as one name."""
    whole = unicodedata.normalize("NFC", " ".join(name.split()))
    return unicodedata.normalize("NFC", whole.casefold())


def may_begin(text: str, at: int) -> bool:
    """Whether the "@" there is no part of a word or an address."""
    before = text[at - 1 : at]
    return not before or (before != "/" and (not _is_of_word(before) or _is_unspaced(before)))


def ends(text: str, start: int) -> Iterator[int]:
    """Where what begins there could end, if it were a name."""
    if text[start : start + 1].isspace():
        return
    for end in range(start + 1, min(len(text), start + _WINDOW) + 1):
        last = text[end - 1]
        if last in "\n\r":
            return
        if not last.isspace() and (end == len(text) or not _goes_on(last, text[end])):
            yield end


def _goes_on(last: str, following: str) -> bool:
    """Whether two characters next to each other are of one word."""
    if last.isascii() and following.isascii():  # the same as below, for a fifth
        return _is_ascii_of_word(last) and _is_ascii_of_word(following)
    if following == _JOINER or unicodedata.category(following).startswith("M"):
        return True
    if _is_unspaced(last) or _is_unspaced(following):
        return False
    return _is_of_word(last) and _is_of_word(following)


def _is_ascii_of_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _is_of_word(character: str) -> bool:
    return (
        character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")
    )


def _is_unspaced(character: str) -> bool:
    return _UNSPACED.match(character) is not None
