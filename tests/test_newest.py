"""`make newest` puts aside what rules out a newer release, and nothing else."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from tools import newest

PYPROJECT = {
    "project": {
        "dependencies": ["quart==0.22.0", "nothing>=1; python_version < '3'"],
        "optional-dependencies": {"redis": ["limits[redis]>=5.8,<6"]},
    },
    "dependency-groups": {"dev": ["limits[redis]>=5.8,<6", "pytest>=9,<10"]},
}


def test_all_that_is_asked_for_here_is_tried_once() -> None:
    names = [asked.name for asked in newest.requirements(PYPROJECT)]
    assert names == ["quart", "limits", "pytest"]


@pytest.mark.parametrize(
    ("asked", "loose"),
    [
        ("quart==0.22.0", "quart>=0.22.0"),
        ("limits[redis]>=5.8,<6", "limits[redis]>=5.8"),
        ("click>=8,!=8.2,<9", "click!=8.2,>=8"),
        ("uvloop<1; sys_platform != 'win32'", "uvloop; sys_platform != 'win32'"),
        ("playwright==1.64.1", "playwright==1.64.1"),
    ],
)
def test_what_rules_out_a_newer_release_is_put_aside(asked: str, loose: str) -> None:
    assert str(newest.loosened(Requirement(asked))) == str(Requirement(loose))


def test_what_is_newer_than_allowed_is_told() -> None:
    lines = newest.newer_lines([Requirement("pytest==9.0.0"), Requirement("packaging>=25")])
    (title, _head, row) = lines
    assert title == "Newer than pyproject.toml allows:"
    assert row.split()[:2] == ["pytest", "==9.0.0"]


def test_what_is_held_back_names_who_holds_it() -> None:
    behind = [{"name": "h11", "version": "0.16.0", "latest_version": "999"}]
    (_title, _head, row) = newest.held_back_lines(behind)
    assert "wsproto asks for" in row
