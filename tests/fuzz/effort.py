"""How hard the fuzz tries: the same few seconds in every run, or as long as `FUZZ` says."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

EFFORT = int(os.environ.get("FUZZ", "0"))
"""How many times the usual number of examples, then chosen afresh; 0 for the usual ones."""


def examples(number: int) -> Any:
    """Try so many examples; without `FUZZ` always the same, so that a run tells of its change."""
    chosen = settings(
        max_examples=number * max(1, EFFORT),
        derandomize=EFFORT == 0,
        deadline=None,
        database=None,
        # One server for all examples: what one leaves behind must not harm the next.
        suppress_health_check=list(HealthCheck),
    )

    def decorate(test: Any) -> Any:
        return pytest.mark.timeout(240 * max(1, EFFORT))(chosen(test))

    return decorate
