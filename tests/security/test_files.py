"""The database and its log are for their user's eyes only, whoever made them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from parley.storage.folder import NAME
from tests.databases import sqlite_only
from tests.servers import process

FILES = (NAME, f"{NAME}-wal", f"{NAME}-shm")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")


def modes(folder: Path) -> dict[str, int]:
    return {name: (folder / name).stat().st_mode & 0o777 for name in FILES}


@sqlite_only
def test_those_that_others_could_read_are_closed_at_the_start_and_that_is_told_once(
    tmp_path: Path,
) -> None:
    with process(tmp_path) as server:
        server.stop(signal.SIGKILL)  # so that the log stays behind
    for name in FILES:
        (tmp_path / name).chmod(0o644)
    with process(tmp_path) as server:
        assert set(modes(tmp_path).values()) == {0o600}
        _, log = server.stop()
    assert log.count("database_was_open") == 1
    with process(tmp_path) as server:
        assert set(modes(tmp_path).values()) == {0o600}
        assert server.stop() == (0, "")


@sqlite_only
def test_a_new_one_is_closed_without_a_word(tmp_path: Path) -> None:
    with process(tmp_path) as server:
        assert set(modes(tmp_path).values()) == {0o600}
        assert server.stop() == (0, "")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files away")
def test_one_that_cannot_be_closed_is_told_of_and_keeps_nobody_from_starting() -> None:
    # Not under pytest's folder, which is closed to everybody else.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        (folder / NAME).touch()
        (folder / NAME).chmod(0o666)
        # As somebody who may write it but not change its mode.
        script = (
            "import os, sys, pathlib; from parley.storage import folder;"
            "os.setgroups([]); os.setgid(65534); os.setuid(65534);"
            "folder.close_to_others(pathlib.Path(sys.argv[1]), is_new=False); print('goes on')"
        )
        ended = subprocess.run(
            [sys.executable, "-c", script, name], capture_output=True, text=True, check=False
        )
    assert ended.stdout.endswith("goes on\n"), ended.stderr
    assert ended.stdout.count("database_is_open") == 1
    assert "database_was_open" not in ended.stdout
