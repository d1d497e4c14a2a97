"""How hard the fuzz tries: a little in every run, more in `make torture`, or as `FUZZ` says."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.effort import times

EFFORT = int(os.environ.get("FUZZ", "0"))
"""How many times the usual number of examples, then chosen afresh; 0 for the usual ones."""


def examples(number: int) -> Any:
    """Try so many examples, a fifth of them in every run; without `FUZZ` always the same, so that a
    run tells of its change.
    """
    chosen = settings(
        max_examples=number * EFFORT or times(-(-number // 5), full=number),
        derandomize=EFFORT == 0,
        deadline=None,
        database=None,
        # One server for all examples: what one leaves behind must not harm the next.
        suppress_health_check=list(HealthCheck),
    )

    def decorate(test: Any) -> Any:
        return pytest.mark.longer(pytest.mark.timeout(240 * max(1, EFFORT))(chosen(test)))

    return decorate
