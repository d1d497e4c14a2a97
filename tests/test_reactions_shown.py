"""Whose reactions they are, in the words that the browser's code finds too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parley.contract import Reaction
from parley.pages import reactions

CASES = json.loads((Path(__file__).parent / "reactions_cases.json").read_text("utf-8"))


@pytest.mark.parametrize(("ids", "count", "own", "words"), CASES["who"])
def test_who_reacted_is_said_in_words(ids: list[str], count: int, own: str, words: str) -> None:
    reaction = Reaction(emoji="👍", count=count, user_ids=ids)
    assert reactions.who(reaction, own or None, CASES["names"]) == words
