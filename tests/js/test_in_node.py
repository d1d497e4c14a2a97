"""The browser code's own tests, which Node.js runs while other workers begin with theirs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.test.*js"))
WITHIN_S = 200

pytestmark = [
    pytest.mark.longer,
    pytest.mark.skipif(
        shutil.which("node") is None and os.environ.get("CI") != "true",
        reason="Node.js 20 or newer was not found",
    ),
]


@pytest.mark.parametrize("name", FILES)
def test_it_passes_in_node(name: str) -> None:
    ran = subprocess.run(
        ["node", "--test-reporter=spec", name],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"^\S+ pass [1-9]", ran.stdout, re.MULTILINE), ran.stdout


def test_all_of_them_are_run() -> None:
    """A name that says otherwise would hide one."""
    others = {path.name for path in HERE.glob("*.*js")} - {*FILES, "fake-server.mjs"}
    assert not others
