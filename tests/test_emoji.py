"""What is taken as an emoji, and what is offered."""

from __future__ import annotations

import json

import pytest

from parley.domain.emoji import bare, one_emoji
from parley.errors import BadRequest
from tests.cases import together
from tools import emoji, made

WHOLE = {
    "a thumb": "👍",
    "with a skin tone": "👍🏽",
    "a heart, which is a text without its selector": "❤️",
    "a digit on a key": "1️⃣",
    "a country": "🇩🇪",
    "a part of a country": "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
    "a family of joined people": "👨‍👩‍👧‍👦",
    "joined, with a selector inside": "🏳️‍🌈",
    "of two skin tones": "🧑🏻‍❤️‍💋‍🧑🏿",
    "from Unicode 17": "🫪",
}
NO_EMOJI = {
    "nothing": "",
    "a letter": "a",
    "a digit": "1",
    "a word": "like",
    "two emoji": "👍👍",
    "an emoji and a word": "👍 yes",
    "an emoji with room around it": " 👍",
    "half a country": "🇩",
    "two countries": "🇩🇪🇫🇷",
    "a selector alone": "\ufe0f",
    "a joiner alone": "\u200d",
    "two that nobody draws as one": "🐈‍🚀",
    "a skin tone on what has no skin": "🚀🏽",
    "a letter in an emoji's dress": "a\ufe0f",
    "a flag of nowhere": "🇽🇽",
    "longer than any": "👍" * 5_000,
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_one_emoji_is_taken_in_whatever_form(text: str) -> None:
    spread = "".join(character + "\ufe0f" for character in bare(text))
    for form in (text, bare(text), spread, bare(text) + "\ufe0e"):
        assert one_emoji(form) == text


@together("text", NO_EMOJI.values())
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        one_emoji(text)
    assert "single emoji" in refused.value.text


def test_what_is_offered_is_taken_as_it_is() -> None:
    table = json.loads(emoji.OFFERED.read_text("utf-8").split("TABLE = ", 1)[1].rstrip(";\n"))
    lines = [line.split("\t") for line in table.splitlines() if line]
    assert len(lines) > 1_800
    for whole, name, *more in lines:
        assert one_emoji(whole) == whole
        assert name
        toned = more[1] if len(more) > 1 else ""
        for tone in "🏻🏼🏽🏾🏿" if toned else "":
            form = toned.replace("🏻", tone)
            assert one_emoji(form) == form


def test_the_lists_are_as_they_were_made() -> None:
    assert list(made.problems(emoji.MADE)) == []
