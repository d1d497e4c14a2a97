"""Servers of somebody else's making, each in a process of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def until_ready(
    command: list[str], environ: dict[str, str], *, until: str, folder: Path | None = None
) -> Iterator[None]:
    """Runs it until the block ends, which begins once it says `until`."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **environ},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if until in line:
                break
        else:
            raise AssertionError(f"{command[0]} did not start: {''.join(said)}")
        # A pipe that nobody empties would stop it.
        reading = threading.Thread(target=process.stdout.read)
        reading.start()
        try:
            yield
        finally:
            process.kill()
            reading.join()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
