"""People with programs, at the test client."""

from __future__ import annotations

import pytest

from parley.app import Parley
from tests.calls import Caller


@pytest.fixture
def ada(app: Parley) -> Caller:
    return Caller(app, "Ada")


@pytest.fixture
def ben(app: Parley) -> Caller:
    return Caller(app, "Ben")
