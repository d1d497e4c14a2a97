"""The marks beside what people say: initials and colours, as the browser makes them too."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parley.contract import Message, Participant
from parley.pages import faces
from tests.cases import together

CASES = json.loads((Path(__file__).parent / "faces_cases.json").read_text("utf-8"))
FAMILIES = 6
NOW = "2026-01-02T03:04:05.678Z"


def person(user_id: str) -> Participant:
    return Participant(user_id=user_id, username="Ada", joined_at=NOW, role="member", online=True)


def said_by(user_id: str) -> Message:
    return Message(
        type="message",
        id="1-a",
        seq=1,
        user_id=user_id,
        username="Ada",
        message="Hi",
        timestamp=NOW,
        changed_seq=1,
    )


def people(count: int) -> list[Participant]:
    return [person(f"person {number}") for number in range(count)]


@together(("name", "expected"), CASES["initials"])
def test_a_mark_says_who_it_is_in_one_or_two_letters(name: str, expected: str) -> None:
    assert faces.initials(name) == expected


@pytest.mark.parametrize(("user_id", "hue"), CASES["asked_for"])
def test_an_id_asks_for_one_colour(user_id: str, hue: int) -> None:
    assert faces.asked_for(user_id) == hue
    assert faces.hues([person(user_id)], []) == {user_id: hue}


def test_nobody_has_a_colour_twice_before_all_are_taken() -> None:
    hues = list(faces.hues(people(faces.HUES), []).values())
    assert sorted(hues) == list(range(faces.HUES))
    assert len({hue % FAMILIES for hue in hues[:FAMILIES]}) == FAMILIES


def test_who_comes_later_changes_nobodys_colour() -> None:
    before = faces.hues(people(9), [])
    after = faces.hues(people(30), [])
    assert before == {user_id: after[user_id] for user_id in before}


def test_who_left_has_a_colour_that_nobody_here_has() -> None:
    here = people(faces.HUES - 1)
    hues = faces.hues(here, [said_by("gone"), said_by("person 3")])
    assert hues["gone"] not in {hues[each.user_id] for each in here}
    assert hues["person 3"] == faces.hues(here, [])["person 3"]


def test_in_a_crowd_each_has_the_colour_their_id_asks_for() -> None:
    hues = faces.hues(people(200), [])
    assert hues["person 199"] == faces.asked_for("person 199")
