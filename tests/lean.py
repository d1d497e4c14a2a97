"""`parley`, without the packages that only tests need: as it is installed, and sooner started.

Engine.IO, Socket.IO and structlog import them where they can, which is a third of what a start
takes.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ONLY_FOR_TESTS = ("aiohttp", "requests", "rich", "websocket")
OF_THE_DOCTOR = "aiohttp"
"""Of these, what `parley doctor` needs."""
PROVIDERS = "--oidc-providers"
"""The flag of servers that need it, too."""
EXTRA = "redis"
"""As an installation has it that keeps its limits there."""
COMMAND = (sys.executable, str(Path(__file__).resolve()))
"""To be followed by the arguments of `parley`."""


def leave_out(*names: str) -> None:
    """Have it as if these could not be imported."""
    for name in names:
        sys.modules[name] = None  # type: ignore[assignment]


def parley() -> None:
    """Do as `sys.argv` says, and exit."""
    from parley.cli import main

    main(prog_name="parley")


def main() -> None:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    is_asked_for = any(f"{EXTRA}:" in said for said in (*sys.argv, *os.environ.values()))
    leave_out(*ONLY_FOR_TESTS, *(() if is_asked_for else (EXTRA,)))
    if PROVIDERS in sys.argv:
        del sys.modules[OF_THE_DOCTOR]
    parley()


if __name__ == "__main__":
    main()
