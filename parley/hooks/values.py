"""Looking into what some program sent: nothing in it need be what it should."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from parley.importing.markdown import Piece, escape, literal

LINE_MAX_CHARS = 500
"""Of what is to stand in one line."""
_BRACKET = re.compile(r"(?<!\\)[\[\]]")
_UNSAFE = re.compile(r"[\s<>()\\\x00-\x1f]")
"""What would end a link before its address does."""


def text(value: Any, *path: str) -> str:
    """What stands there, if it is words or a number; else empty."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()


def line(value: Any, *path: str) -> str:
    """The same in one line that is not too long."""
    words = " ".join(text(value, *path).split())
    return words if len(words) <= LINE_MAX_CHARS else words[: LINE_MAX_CHARS - 1] + "…"


def first_line(value: Any, *path: str) -> str:
    return line(text(value, *path).partition("\n")[0])


def objects(value: Any, name: str) -> list[dict[str, Any]]:
    """A list's objects; none where there is no such list."""
    found = value.get(name) if isinstance(value, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def address(value: Any, *path: str) -> str:
    """Where a link may lead; else empty."""
    found = text(value, *path)
    return found if found.startswith(("https://", "http://")) and len(found) < 2_000 else ""


def strong(words: str) -> Piece:
    return Piece(words, ("strong",))


def plain(words: str) -> Piece:
    return Piece(words)


def linked(words: str, address: str) -> Piece:
    """Words that lead there, or the words alone."""
    return Piece(words, (), address)


def written(pieces: Iterable[Piece]) -> str:
    """As Markdown, in which all that is no mark of ours is what it was."""
    found = list(pieces)
    if not any(piece.marks or piece.address for piece in found):
        return literal("".join(piece.text for piece in found))
    said = ""
    for piece in found:
        words = escape(piece.text, is_line_start=not said or said.endswith("\n"))
        if piece.address and words:
            words = f"[{_BRACKET.sub(_escaped, words)}]({_UNSAFE.sub(_encoded, piece.address)})"
        elif piece.marks and words.strip():
            words = f"**{words.strip()}**"
        said += words
    return said


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())
