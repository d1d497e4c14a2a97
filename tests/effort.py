"""How much trouble a run makes: some in every `make test`, all of it in `make torture`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import settings

IS_EVERYTHING = os.environ.get("FAULTS") == "full"


def times(usual: int, *, full: int) -> int:
    """So many times usually, or `full` with `FAULTS=full` in the environment."""
    return full if IS_EVERYTHING else usual


def examples(usual: int = 30, *, full: int = 100) -> settings:
    """So many examples of hypothesis usually; what has them is marked `longer`."""
    return settings(max_examples=times(usual, full=full))


def some(cases: Sequence[Any], *, every: int, why: str) -> list[Any]:
    """As parameters, tuples for several: one in so many of them every time, the others by
    `make torture`.
    """
    long = pytest.mark.long(why)
    return [
        pytest.param(
            *(case if isinstance(case, tuple) else (case,)), marks=long if number % every else ()
        )
        for number, case in enumerate(cases)
    ]
