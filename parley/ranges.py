"""Byte ranges: which pieces of a file are asked for (RFC 9110, section 14)."""

from __future__ import annotations

import re

RANGES_MAX = 16
"""Of more pieces in one request the whole is answered."""
_ONE = re.compile(r"(\d*)-(\d*)", re.ASCII)


class NotSatisfiable(Exception):
    """None of the ranges is within the file."""


def asked_for(header: str, size: int) -> list[tuple[int, int]] | None:
    """The pieces that a `Range` asks for, as where each begins and where what follows it does.

    None where the whole is to be answered: without one, with one that is not understood, and where
    the pieces are many, or together more than the whole. Raises `NotSatisfiable`.
    """
    unit, has_equals, text = header.partition("=")
    if not has_equals or unit.strip().lower() != "bytes":
        return None
    pieces = []
    # A list may have empty elements (section 5.6.1.2).
    named = [each.strip() for each in text.split(",") if each.strip()]
    for each in named:
        match = _ONE.fullmatch(each)
        if match is None or match.group() == "-" or len(each) > 40:
            return None
        first, last = match.groups()
        if not first:
            start, end = max(0, size - int(last)), size
        else:
            start, end = int(first), min(size, int(last) + 1) if last else size
            if last and int(last) < start:
                return None
        if start < end:
            pieces.append((start, end))
    if not named or len(named) > RANGES_MAX:
        return None
    if not pieces:
        raise NotSatisfiable
    if len(pieces) > 1 and sum(end - start for start, end in pieces) > size:
        return None
    return pieces
