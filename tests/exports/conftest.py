"""Two people, and what they have said."""

from __future__ import annotations

import pytest
import pytest_asyncio

from parley.app import Parley
from tests.calls import Caller
from tests.exports.talk import Talk, talk


@pytest.fixture
def ada(app: Parley) -> Caller:
    return Caller(app, "Ada")


@pytest.fixture
def ben(app: Parley) -> Caller:
    return Caller(app, "Ben")


@pytest_asyncio.fixture(loop_scope="module")
async def said(ada: Caller, ben: Caller) -> Talk:
    return await talk(ada, ben)
