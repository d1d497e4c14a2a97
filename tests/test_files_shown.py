"""What stands beside files, in the words and sizes that the browser's code finds too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parley import contract
from parley.pages import attached

CASES = json.loads((Path(__file__).parent / "files_cases.json").read_text("utf-8"))


def file(name: str = "a", type: str = "text/plain", size: int = 0, width: int = 0) -> contract.File:
    return contract.File(id="1", name=name, type=type, size=size, url="/files/1/a", width=width)


@pytest.mark.parametrize(("name", "size", "words"), CASES["about"])
def test_what_a_file_is_is_said_in_words(name: str, size: int, words: str) -> None:
    assert attached.about(file(name, size=size)) == words


@pytest.mark.parametrize(("width", "height", "wide", "high"), CASES["fitted"])
def test_a_picture_has_its_place_before_it_is_there(
    width: int, height: int, wide: int, high: int
) -> None:
    assert attached.fitted(width, height) == (wide, high)


@pytest.mark.parametrize(("name", "type", "seconds", "words"), CASES["label"])
def test_a_player_says_whose_voice_it_plays_and_how_long(
    name: str, type: str, seconds: float, words: str
) -> None:
    sent = file(name, type)
    if seconds:
        sent.duration_s = seconds
    assert attached.label(sent, "Ada") == words


@pytest.mark.parametrize(("type", "width", "kind"), CASES["kind"])
def test_only_what_browsers_show_safely_is_shown(type: str, width: int, kind: str) -> None:
    assert attached.kind_of(file(type=type, width=width)) == kind
