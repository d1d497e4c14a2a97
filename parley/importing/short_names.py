"""What Slack and Mattermost call emoji: `+1`, `wave::skin-tone-3`."""

from __future__ import annotations

import functools
import re
from pathlib import Path

LIST = Path(__file__).with_name("short_names.txt")
"""Made by `tools/emoji.py`."""
_ALSO = {"simple_smile": "slightly_smiling_face"}
"""Slack's own, which no list has."""
_TONES = "🏻🏼🏽🏾🏿"
_TONE_NAMES = {
    **{f"skin-tone-{number + 2}": tone for number, tone in enumerate(_TONES)},
    "light_skin_tone": _TONES[0],
    "medium_light_skin_tone": _TONES[1],
    "medium_skin_tone": _TONES[2],
    "medium_dark_skin_tone": _TONES[3],
    "dark_skin_tone": _TONES[4],
}
"""Slack counts from two; Mattermost says it in words."""
_NAMED = re.compile(r":([\w+'.-]+)(?:::(skin-tone-[2-6]))?:")
_MATTERMOST = re.compile(r"(.+?)_((?:medium_)?(?:light|dark)_skin_tone|medium_skin_tone)")


def emoji(name: str) -> str | None:
    """The emoji of that name, without colons around it; None for what is none of Unicode's."""
    base, _, tone = name.partition("::")
    if found := _emoji().get(base):
        return _toned(*found, _TONE_NAMES.get(tone))
    if (worded := _MATTERMOST.fullmatch(name)) and (found := _emoji().get(worded[1])):
        return _toned(*found, _TONE_NAMES[worded[2]])
    return None


def reaction(name: str) -> str:
    """The emoji, or the name as `:name:` where it is none of Unicode's."""
    return emoji(name) or f":{name}:"


def replaced(text: str) -> str:
    """With emoji for the names that stand between colons; others stay as they are."""
    if ":" not in text:
        return text
    return _NAMED.sub(lambda match: emoji(match[0][1:-1]) or match[0], text)


def _toned(emoji: str, light: str, tone: str | None) -> str:
    """In that skin tone where there is one of it."""
    return light.replace(_TONES[0], tone) if tone and light else emoji


@functools.cache
def _emoji() -> dict[str, tuple[str, str]]:
    """Each, and it in the lightest skin tone (empty where it has none), by its names."""
    named: dict[str, tuple[str, str]] = {}
    for line in LIST.read_text("utf-8").splitlines()[1:]:
        emoji, light, names = line.split("\t")
        named |= dict.fromkeys(names.split(), (emoji, light))
    return named | {name: named[known] for name, known in _ALSO.items()}
