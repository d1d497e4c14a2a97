"""A screen for browsers that want one: nobody sees it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

STOP_WITHIN_S = 45.0
SIZE = "1400x1000x24"


def is_there() -> bool:
    return all(map(shutil.which, ("Xvfb", "setpriv")))


@contextlib.contextmanager
def display() -> Iterator[str]:
    """An X server of our own, until the block ends: what DISPLAY has to be."""
    reading, writing = os.pipe()
    # It takes a number that is free, and says which once it can be used. Should we be killed, it
    # goes with us, and with it all that is shown on it.
    command = f"setpriv --pdeathsig TERM Xvfb -displayfd {writing} -screen 0 {SIZE} -nolisten tcp"
    server = subprocess.Popen(
        command.split(),
        pass_fds=[writing],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        assert number, f"Xvfb ended with {server.wait()}"
        yield f":{number}"
    finally:
        server.terminate()
        server.wait(STOP_WITHIN_S)
