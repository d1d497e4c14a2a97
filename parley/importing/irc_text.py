"""Colours and the like in what was said on IRC: they are written as controls.

Sources: modern.ircdocs.horse/formatting.
"""

from __future__ import annotations

import re
from itertools import groupby

from parley.importing.lines import without_controls

_CODE = re.compile(
    "(\x03(?:\\d{1,2}(?:,\\d{1,2})?)?|\x04(?:[0-9a-fA-F]{6}(?:,[0-9a-fA-F]{6})?)?|"
    "[\x02\x0f\x11\x16\x1d\x1e\x1f])"
)
_MARKS = {"\x02": "**", "\x1d": "*", "\x1e": "~~", "\x11": "`"}
_RESET = "\x0f"
_EDGES = re.compile(r"(\s*)(.*?)(\s*)", re.DOTALL)


def converted(text: str) -> str:
    """As Parley writes it: bold, italic, struck and code. Colours go."""
    if text.isprintable():
        return text
    on: list[str] = []
    pieces: list[tuple[tuple[str, ...], str]] = []
    for code in _CODE.split(text):
        if code == _RESET:
            on = []
        elif code in _MARKS:
            on = [each for each in on if each != code] if code in on else [*on, code]
        elif not _CODE.fullmatch(code):
            pieces.append((tuple(on), without_controls(code)))
    return "".join(
        _marked("".join(piece for _, piece in same), codes)
        for codes, same in groupby(pieces, key=lambda piece: piece[0])
    )


def plain(text: str) -> str:
    """Without any of them."""
    return text if text.isprintable() else _CODE.sub("", text)


def _marked(text: str, codes: tuple[str, ...]) -> str:
    before, core, after = _EDGES.fullmatch(text).groups()  # type: ignore[union-attr]
    if not core:
        return text
    opened = "".join(_MARKS[code] for code in codes)
    closed = "".join(_MARKS[code] for code in reversed(codes))
    return f"{before}{opened}{core}{closed}{after}"
