"""Whatever `make test` leaves out, `make torture` or `make browsers` runs."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.cases import together

TESTS = Path(__file__).parent
WHOLE = "FAULTS=full"
LONG = "-m 'long or longer or hypothesis'"


def recipe(target: str) -> list[str]:
    """The lines by which a target of the Makefile runs tests."""
    makefile = (TESTS.parent / "Makefile").read_text("utf-8")
    makefile = makefile.replace("$(IN_BROWSERS)", in_browsers(makefile))
    [lines] = re.findall(rf"^{target}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    return [line for line in lines.splitlines() if "-m pytest" in line]


def in_browsers(makefile: str) -> str:
    [folders] = re.findall(r"^IN_BROWSERS := (.*)$", makefile, re.MULTILINE)
    return str(folders)


def left_out(line: str) -> set[str]:
    return set(re.findall(r"--ignore (tests/\S+)", line))


def named(line: str) -> set[str]:
    return set(re.findall(r"(?<!--ignore )\btests/\S+", line))


def test_what_torture_leaves_out_it_or_another_target_runs_whole() -> None:
    torture, browsers = recipe("torture"), recipe("browsers")
    assert all(WHOLE in line for line in (*torture, *browsers))
    [rest] = [line for line in torture if LONG in line]
    assert not named(rest), "it is of all that is there"
    whole = set.union(*(named(line) for line in (*torture, *browsers)))
    assert left_out(rest) <= whole
    # Each browser leaves out what is of the other one.
    assert set.intersection(*map(left_out, browsers)) == set()


def has_mark(text: str) -> bool:
    return re.search(r"mark\.long(er)?\b|@examples\(", text) is not None


OUTSIDE = [
    path
    for path in sorted(TESTS.rglob("test_*.py"))
    if not {"faults", "cluster", "browser"} & set(path.relative_to(TESTS).parts)
]


@together("path", OUTSIDE)
def test_what_goes_further_in_torture_is_marked_so(path: Path) -> None:
    text = path.read_text("utf-8")
    if "effort" not in text:
        return  # to take it apart takes as long as all else here
    imported = {
        alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module in ("tests", "tests.effort")
        for alias in node.names
    }
    if path.name != "test_docs.py" and imported & {"effort", "times", "IS_EVERYTHING"}:
        assert has_mark(text), f"{path.name}: pytest.mark.longer has `make torture` run it"
