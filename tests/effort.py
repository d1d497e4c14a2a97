"""How much trouble a run makes: some in every `make test`, all of it in `make torture`."""

from __future__ import annotations

import os

IS_EVERYTHING = os.environ.get("FAULTS") == "full"


def times(usual: int, *, full: int) -> int:
    """So many times usually, or `full` with `FAULTS=full` in the environment."""
    return full if IS_EVERYTHING else usual
