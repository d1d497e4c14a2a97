"""The browser code's own tests, which Node.js runs while other workers begin with theirs.

Most share one process, since its start is most of what a file costs; a file has one of its own that
changes what all in it have, or that waits.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.test.*js"))
HELPERS = {"fake-server.mjs", "each-file.mjs"}
WITHIN_S = 200
AT_ONCE = 4
WAITING = ("sealed.test.mjs", "fingerprints.test.mjs", "pages.test.mjs")
"""Those that wait for most of their time, and so are begun first."""
CHANGES_WHAT_IS_SHARED = re.compile(r"\bglobalThis\b|\bprocess\.env\.\w+ = |\bmock\b")
IMPORTS = "for (const name of process.argv.slice(1)) await import(`./${name}`);"

pytestmark = [
    pytest.mark.longer,
    pytest.mark.skipif(
        shutil.which("node") is None and os.environ.get("CI") != "true",
        reason="Node.js 20 or newer was not found",
    ),
]


@dataclass(frozen=True)
class Ran:
    """One process."""

    code: int
    said: str
    passed: set[str]
    """The files of which it says that a test passed."""
    failed: set[str]


@pytest.fixture(scope="module")
def runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Ran]]]:
    """By its name each file that is asked for, several at once: one waits while others compute."""
    here = [item for item in request.session.items if item.path == request.path]
    asked = {item.callspec.params["name"] for item in here if hasattr(item, "callspec")}
    alone = [name for name in FILES if name in asked and is_run_alone(name)]
    alone.sort(key=lambda name: name not in WAITING)
    batches: list[tuple[str, ...]] = [(name,) for name in alone]
    if shared := tuple(name for name in FILES if name in asked.difference(alone)):
        batches.insert(len(WAITING), shared)
    told = tmp_path_factory.mktemp("node")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = {batch: pool.submit(run, batch, told / batch[0]) for batch in batches}
        yield {name: ran for batch, ran in begun.items() for name in batch}


def is_run_alone(name: str) -> bool:
    text = (HERE / name).read_text("utf-8")
    return name in WAITING or CHANGES_WHAT_IS_SHARED.search(text) is not None


def run(names: tuple[str, ...], told: Path) -> Ran:
    reporters = [("spec", "stdout"), ("./each-file.mjs", str(told))]
    flags = [
        flag
        for reporter, to in reporters
        for flag in (f"--test-reporter={reporter}", f"--test-reporter-destination={to}")
    ]
    ran = subprocess.run(
        ["node", *flags, "--input-type=module", "--eval", IMPORTS, *names],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )
    lines = told.read_text("utf-8").splitlines() if told.exists() else []
    passed, failed = (
        {name for how, name in (line.split(" ", 1) for line in lines) if how == wanted}
        for wanted in ("pass", "fail")
    )
    return Ran(ran.returncode, ran.stdout + ran.stderr, passed, failed)


@pytest.mark.parametrize("name", FILES)
def test_it_passes_in_node(name: str, runs: dict[str, Future[Ran]]) -> None:
    ran = runs[name].result()
    assert name not in ran.failed, ran.said
    assert name in ran.passed, ran.said
    # What is of no test, such as an import that fails, is of all that were run with it.
    assert ran.code == 0 or ran.failed, ran.said


def test_all_of_them_are_run() -> None:
    """A name that says otherwise would hide one."""
    assert not {path.name for path in HERE.glob("*.*js")} - {*FILES, *HELPERS}
