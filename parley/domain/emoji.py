"""What is an emoji, and which two are one: by Unicode's list of those that are for general use."""

from __future__ import annotations

import functools
from pathlib import Path

from parley.errors import BadRequest

LIST = Path(__file__).with_name("emoji.txt")
"""Made by `tools/emoji.py`: all that Unicode recommends (RGI_Emoji), fully qualified."""
_VARIATION_SELECTORS = {0xFE0E: None, 0xFE0F: None}


def one_emoji(text: str) -> str:
    """The fully-qualified form of the emoji that a text is. Raises `BadRequest` for any other.

    Variation selectors, which some clients leave out and others add, make no difference.
    """
    emoji = _whole().get(bare(text))
    if emoji is None:
        raise BadRequest(
            "A reaction is a single emoji. This is none, or more than one, "
            "or too new for this server."
        )
    return emoji


def bare(text: str) -> str:
    """Without variation selectors: what all forms of an emoji have in common."""
    return text.translate(_VARIATION_SELECTORS)


@functools.cache
def _whole() -> dict[str, str]:
    """Each in its fully-qualified form, by what all its forms have in common."""
    lines = LIST.read_text("utf-8").splitlines()
    return {bare(emoji): emoji for line in lines[1:] for emoji in line.split()}
