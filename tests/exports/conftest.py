"""Two people, and what they have said."""

from __future__ import annotations

import pytest

from parley.app import Parley
from tests.calls import Caller
from tests.exports.talk import Talk, talk


@pytest.fixture
def ada(app: Parley) -> Caller:
    return Caller(app, "Ada")


@pytest.fixture
def ben(app: Parley) -> Caller:
    return Caller(app, "Ben")


@pytest.fixture
async def said(ada: Caller, ben: Caller) -> Talk:
    return await talk(ada, ben)
