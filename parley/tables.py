"""Tables for whoever reads a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from parley import harmless

CELL_MAX = 48
"""Columns of the screen that one cell may take."""


def lines(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A line for the heads, and one for each row, the cells of a column below each other."""
    table = [tuple(heads), *(tuple(map(plain, row)) for row in rows)]
    widths = [max(map(_width, column)) for column in zip(*table, strict=True)]
    return ["  ".join(map(_filled, row, widths)).rstrip() for row in table]


def plain(text: str) -> str:
    """Cut to a cell, and without what would move the cursor or turn the line around."""
    text = harmless.line(text)
    if _width(text) <= CELL_MAX:
        return text
    while _width(text) >= CELL_MAX:
        text = text[:-1]
    return text + "…"


def _filled(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns it takes: letters of East Asia take two, and marks on others none."""
    return sum(
        0 if unicodedata.combining(letter) else 1 + (unicodedata.east_asian_width(letter) in "WF")
        for letter in text
    )
