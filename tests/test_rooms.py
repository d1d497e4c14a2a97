"""Every file of the program stands where the map in docs/architecture.md says."""

from __future__ import annotations

import re
from pathlib import Path

PROGRAM = Path(__file__).parent.parent / "parley"
DOCS = PROGRAM.parent / "docs" / "architecture.md"
NOTHING = {"__init__.py", "__pycache__", "documentation"}
"""The last is built of `docs/`, and part of no clone."""


def the_map() -> set[str]:
    """The rooms, with a slash at their end, and the files that stand in none."""
    section = DOCS.read_text().partition("## The rooms")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", section, re.M)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def the_house() -> set[str]:
    return {
        f"{path.name}/" if path.is_dir() else path.name
        for path in PROGRAM.iterdir()
        if path.name not in NOTHING and not path.name.startswith(".")
    }


def test_every_file_stands_where_the_map_says() -> None:
    assert the_house() == the_map()


def test_every_room_says_what_it_is_for() -> None:
    rooms = [PROGRAM / name / "__init__.py" for name in the_map() if name.endswith("/")]
    rooms = [room for room in rooms if any(room.parent.glob("*.py"))]
    assert len(rooms) > 8
    for room in rooms:
        assert room.read_text().startswith('"""'), room
