"""How a message begins, where it is only named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parley.present.excerpts import EXCERPT_CHARS, excerpt

CASES: list[tuple[str, str]] = json.loads(
    Path(__file__).with_name("excerpt_cases.json").read_text("utf-8")
)


@pytest.mark.parametrize(("text", "begins"), CASES)
def test_it_is_one_line_without_signs(text: str, begins: str) -> None:
    assert excerpt(text) == begins


def test_a_long_one_is_cut_and_says_so() -> None:
    assert excerpt("word " * 2_000) == ("word " * 24)[: EXCERPT_CHARS - 1] + "…"
    assert excerpt("x" * EXCERPT_CHARS) == "x" * EXCERPT_CHARS
