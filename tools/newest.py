"""The newest releases that resolve of all that Parley stands on, whatever `pyproject.toml` allows.

    python -m tools.newest

Installs them, and Parley on them, into the environment of the Python that runs it. Prints which
of them `pyproject.toml` rules out, and what is held back all the same. `make newest` gives it an
environment of its own and runs the tests there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
OURS = "parley"
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
COMES_WITH_PYTHON = {"pip", "setuptools"}
KEPT = {"playwright": "must drive the browsers the system has"}
"""What keeps the versions that `pyproject.toml` allows, and why."""


def main() -> None:
    asked = list(requirements(_pyproject()))
    try:
        install(asked)
        behind = outdated()
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)  # pip has said why.
    print("\n".join([*newer_lines(asked), *held_back_lines(behind)]))


def requirements(pyproject: Mapping[str, Any]) -> Iterator[Requirement]:
    """All that `pyproject.toml` asks for on this machine: at run time, for extras, for tests."""
    lists = [
        pyproject["project"]["dependencies"],
        *pyproject["project"]["optional-dependencies"].values(),
        *pyproject["dependency-groups"].values(),
    ]
    lines = dict.fromkeys(line for each in lists for line in each)
    for asked in map(Requirement, lines):
        if asked.marker is None or asked.marker.evaluate():
            yield asked


def loosened(asked: Requirement) -> Requirement:
    """The same, with nothing that rules out a newer release."""
    loose = Requirement(str(asked))
    if asked.name not in KEPT:
        loose.specifier = SpecifierSet(",".join(_floors(asked.specifier)))
    return loose


def install(asked: Iterable[Requirement]) -> None:
    """Raises `CalledProcessError` where they do not resolve."""
    _pip("-qq", "install", "--upgrade", *(str(loosened(each)) for each in asked))
    # Without what it asks for, which would bring the older releases back.
    _pip("-qq", "install", "--no-deps", "--editable", str(ROOT))


def outdated() -> list[dict[str, str]]:
    """As pip lists what is not the newest release that this Python can have."""
    listed: list[dict[str, str]] = json.loads(_pip("list", "--outdated", "--format", "json"))
    return [each for each in listed if each["name"] not in {OURS, *COMES_WITH_PYTHON}]


def newer_lines(asked: Iterable[Requirement]) -> Iterator[str]:
    """A table of the installed releases that `pyproject.toml` rules out."""
    found = [(each.name, str(each.specifier), version(each.name)) for each in asked]
    rows = [row for row in found if not SpecifierSet(row[1]).contains(row[2])]
    if not rows:
        yield "Nothing is newer than pyproject.toml allows."
        return
    yield "Newer than pyproject.toml allows:"
    yield from _table(("package", "allowed", "here"), rows)


def held_back_lines(behind: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """A table of the releases that could not be installed."""
    rows = [
        (name, here, newest, KEPT.get(name) or ", ".join(against(name, newest)))
        for each in behind
        for name, here, newest in [(each["name"], each["version"], each["latest_version"])]
    ]
    if rows:
        yield "Held back:"
        yield from _table(("package", "here", "newest", "why"), rows)


def against(name: str, release: str) -> Iterator[str]:
    """The packages here that do not want this release of a package, and what they want instead."""
    for package in distributions():
        for asked in map(Requirement, package.requires or ()):
            is_it = canonicalize_name(asked.name) == canonicalize_name(name)
            if is_it and package.name != OURS and not asked.specifier.contains(release):
                yield f"{package.name} asks for {asked.specifier}"


def _floors(specifiers: SpecifierSet) -> Iterator[str]:
    """Of a pin, that it be no older; of a range, where it begins and what it leaves out."""
    for each in specifiers:
        if each.operator == "==":
            yield f">={each.version}"
        elif each.operator in {">=", ">", "!="}:
            yield str(each)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    whole = [head, *rows]
    widths = [max(map(len, column)) for column in zip(*whole, strict=True)]
    for row in whole:
        yield "  " + "  ".join(map(str.ljust, row, widths)).rstrip()


def _pip(*arguments: str) -> str:
    return subprocess.run([*PIP, *arguments], stdout=subprocess.PIPE, text=True, check=True).stdout


def _pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
