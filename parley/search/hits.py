"""Where in a message it was found, and the words around."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from parley.search import words
from parley.search.queries import Pattern

SNIPPET_CHARS = 160
"""About so much of a text is shown."""
BEFORE_CHARS = 40
"""So much of it before the first hit."""
HITS_MAX = 50
_SPACE = re.compile(r"\s+")


def spans(text: str, patterns: Sequence[Pattern]) -> list[tuple[int, int]]:
    """Where the patterns are found in a text, in its own signs, in order and apart."""
    folded, origins = words.fold_with_origins(text)
    found: list[tuple[int, int]] = []
    for pattern in patterns:
        for start, stop in itertools.islice(pattern.spans(folded), HITS_MAX):
            begin, end = origins[start], origins[stop]
            if end == begin:  # it ends within what one sign comes to
                end = next((each for each in origins[stop:] if each > begin), len(text))
            found.append((begin, end))
    found.sort()
    apart: list[tuple[int, int]] = []
    for begin, end in found:
        if apart and begin <= apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((begin, end))
    return apart


def snippet(text: str, found: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """The words around the first hit, cut into what is one and what isn't."""
    begin = 0
    if found and found[0][0] > BEFORE_CHARS:
        begin = _word_start(text, found[0][0] - BEFORE_CHARS, found[0][0])
    end = len(text)
    if end > begin + SNIPPET_CHARS:
        end = _word_end(text, begin + SNIPPET_CHARS, begin)
        end = max(end, min(len(text), found[0][1])) if found else end
        end = min(end, begin + 2 * SNIPPET_CHARS)
    pieces: list[tuple[str, bool]] = []
    at = begin
    for start, stop in found:
        if start >= end:
            break
        if start > at:
            pieces.append((text[at:start], False))
        pieces.append((text[max(at, start) : min(stop, end)], True))
        at = min(stop, end)
    if at < end:
        pieces.append((text[at:end], False))
    if begin > 0:
        pieces.insert(0, ("…", False))
    if end < len(text):
        pieces.append(("…", False))
    return _joined([(_SPACE.sub(" ", piece), is_hit) for piece, is_hit in pieces if piece])


def _joined(pieces: list[tuple[str, bool]]) -> list[tuple[str, bool]]:
    joined: list[tuple[str, bool]] = []
    for piece, is_hit in pieces:
        if joined and joined[-1][1] == is_hit:
            joined[-1] = (joined[-1][0] + piece, is_hit)
        else:
            joined.append((piece, is_hit))
    return joined


def _word_start(text: str, at: int, limit: int) -> int:
    """The next place after a space, unless none comes soon."""
    match = _SPACE.search(text, at, min(limit, at + 20))
    return match.end() if match else _whole_sign(text, at)


def _word_end(text: str, at: int, limit: int) -> int:
    space = max(text.rfind(" ", max(limit, at - 20), at), text.rfind("\n", max(limit, at - 20), at))
    return space if space > 0 else _whole_sign(text, at)


_GOES_ON = re.compile(f"[{words.MARKS}\u200d\ufe0f\U0001f3fb-\U0001f3ff]")


def _whole_sign(text: str, at: int) -> int:
    """Back to where a sign begins: none is cut from its marks."""
    while 0 < at < len(text) and (_GOES_ON.match(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    return at
