"""The page as who works on it sees it: of plain modules, which nothing has bundled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import parley
from parley.pages.assets import BUILT
from tests import lean
from tests.browser.conftest import Arrive

PACKAGE = Path(parley.__file__).parent


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """Of a Parley in which nothing was bundled."""
    left_out = shutil.ignore_patterns(BUILT, "__pycache__")
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=left_out)
    program = tmp_path / "tests" / "lean.py"
    program.parent.mkdir()
    shutil.copy(lean.__file__, program)
    command = [sys.executable, str(program), "serve", "--port", "0", "--data", str(tmp_path / "d")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=os.environ
    ) as server:
        assert server.stdout is not None
        said = next(line for line in server.stdout if " at http" in line)
        yield said.split(" at ")[1].split()[0]
        server.terminate()


def test_people_talk_by_plain_modules(url: str, arrive: Arrive) -> None:
    ada, ben = arrive("Ada", url=url), arrive("Ben", url=url)
    link = ada.starts_nameless("Tea")
    ada.joins()
    ben.comes_by_hand(link)
    ada.says("One module at a time.")
    ben.reads("One module at a time.")
    loaded = ben.measures("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert any(name.endswith("/js/state/store.js") for name in loaded)
    assert not any(f"/{BUILT}/" in name for name in loaded)
