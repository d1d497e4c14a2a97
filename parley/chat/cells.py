"""Text in cells of the screen: how wide it is, and where it is broken. By what is read as one
letter, so that no emoji is cut in two.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from wcwidth import iter_graphemes, wcswidth

from parley.harmless import STRANGE

ELLIPSIS = "…"
_WORDS = re.compile(r"\s+|\S+")


def letters(text: str) -> Iterator[tuple[str, int]]:
    """What is read as one letter, and how wide it is.

    Textual counts in its own way: what it counts otherwise than terminals do is not shown, as
    everything behind it would be shifted.
    """
    if text.isascii():
        for letter in text:
            yield letter, 1
        return
    for letter in iter_graphemes(text):
        width = wcswidth(letter)
        yield (letter, width) if width == cell_len(letter) and width >= 0 else (STRANGE, 1)


def width(text: str) -> int:
    return len(text) if text.isascii() else sum(each for _, each in letters(text))


def fitted(text: str, room: int) -> str:
    """Cut where it is wider than that."""
    if width(text) <= room:
        return shown(text)
    taken, used = [], width(ELLIPSIS)
    for letter, wide in letters(text):
        if used + wide > room:
            break
        taken.append(letter)
        used += wide
    return "".join(taken).rstrip() + ELLIPSIS if room > 0 else ""


def shown(text: str) -> str:
    """Without what can't be shown."""
    return text if text.isascii() else "".join(letter for letter, _ in letters(text))


def filled(text: str, room: int) -> str:
    """Cut or filled to be as wide."""
    text = fitted(text, room)
    return text + " " * (room - width(text))


def wrapped(text: str, room: int) -> list[str]:
    """Lines no wider than that, broken between words where they can be. At least one."""
    room = max(room, 2)
    if text.isascii() and len(text) <= room:
        return [text]
    lines: list[str] = []
    line, used = "", 0
    for word in _WORDS.findall(text):
        wide = width(word)
        if used + wide > room and not word.isspace() and wide <= room:
            lines.append(line.rstrip())
            line, used = "", 0
        if used + wide <= room:
            line, used = line + shown(word), used + wide
            continue
        if word.isspace():
            continue  # it would begin the next line
        for letter, wide in letters(word):
            if used + wide > room:
                lines.append(line)
                line, used = "", 0
            line, used = line + letter, used + wide
    lines.append(line.rstrip() if lines else line)
    return lines
