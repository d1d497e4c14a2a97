"""`parley`, without the packages that only tests need: as it is installed, and sooner started.

Engine.IO and structlog import them where they can, which is a third of what a start takes.
"""

from __future__ import annotations

import sys
from pathlib import Path

ONLY_FOR_TESTS = ("aiohttp", "requests", "rich", "websocket")
COMMAND = (sys.executable, str(Path(__file__).resolve()))
"""To be followed by the arguments of `parley`."""


def main() -> None:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    for name in ONLY_FOR_TESTS:
        sys.modules[name] = None  # type: ignore[assignment]  # as if it could not be imported
    from parley.cli import main as parley

    parley(prog_name="parley")


if __name__ == "__main__":
    main()
