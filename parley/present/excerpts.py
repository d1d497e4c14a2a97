"""How a message begins, where it is only named: in a quote, a pin, a list.

`parley/static/js/state/excerpt.js` follows the same rules, and both are held to
`tests/excerpt_cases.json`.
"""

from __future__ import annotations

import re

EXCERPT_CHARS = 120
BEGINS_CHARS = 300
"""So much of a text is looked at."""

# The signs of Markdown, where a pair of them stands around words. What looks like more than it is
# stays as it was typed.
_SIGNS = (
    (re.compile(r"^(?:>[ \t]?)+|^```[\w+#.-]*[ \t]*$", re.M), ""),
    (re.compile(r"`+([^`\n]+)`+"), r"\1"),
    (re.compile(r"\[([^\[\]\n]+)\]\(https?://[^()\s]+\)"), r"\1"),
    (re.compile(r"(?<![*\w])\*\*(?=\S)([^*\n]+)(?<=\S)\*\*(?![*\w])"), r"\1"),
    (re.compile(r"(?<![_\w])__(?=\S)([^_\n]+)(?<=\S)__(?![_\w])"), r"\1"),
    (re.compile(r"(?<![~\w])~~(?=\S)([^~\n]+)(?<=\S)~~(?![~\w])"), r"\1"),
    (re.compile(r"(?<![*\w])\*(?=\S)([^*\n]+)(?<=\S)\*(?![*\w])"), r"\1"),
    (re.compile(r"(?<![_\w/])_(?=\S)([^_\n]+)(?<=\S)_(?![_\w/])"), r"\1"),
)


def excerpt(text: str, chars: int = EXCERPT_CHARS) -> str:
    """On one line, without the signs of its Markdown; at most so many characters."""
    words = text[: max(BEGINS_CHARS, 2 * chars)]
    for signs, within in _SIGNS:
        words = signs.sub(within, words)
    words = " ".join(words.split())
    return words if len(words) <= chars else words[: chars - 1] + "…"
