"""The browser code's own tests, which Node.js runs while other workers begin with theirs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.test.*js"))
WITHIN_S = 200
AT_ONCE = 4
WAITING = ("sealed.test.mjs", "fingerprints.test.mjs", "pages.test.mjs")
"""Those that wait for most of their time, and so are begun first."""

Ran = subprocess.CompletedProcess[str]

pytestmark = [
    pytest.mark.longer,
    pytest.mark.skipif(
        shutil.which("node") is None and os.environ.get("CI") != "true",
        reason="Node.js 20 or newer was not found",
    ),
]


@pytest.fixture(scope="module")
def runs(request: pytest.FixtureRequest) -> Iterator[dict[str, Future[Ran]]]:
    """By its name each file that is asked for, several at once: one waits while others compute."""
    here = [item for item in request.session.items if item.path == request.path]
    asked = {item.callspec.params["name"] for item in here if hasattr(item, "callspec")}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        first = [name for name in WAITING if name in asked]
        rest = [name for name in FILES if name in asked - {*first}]
        yield {name: pool.submit(run, name) for name in first + rest}


def run(name: str) -> Ran:
    return subprocess.run(
        ["node", "--test-reporter=spec", name],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )


@pytest.mark.parametrize("name", FILES)
def test_it_passes_in_node(name: str, runs: dict[str, Future[Ran]]) -> None:
    ran = runs[name].result()
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^\S+ pass [1-9]", ran.stdout, re.MULTILINE), ran.stdout


def test_all_of_them_are_run() -> None:
    """A name that says otherwise would hide one."""
    others = {path.name for path in HERE.glob("*.*js")} - {*FILES, "fake-server.mjs"}
    assert not others
