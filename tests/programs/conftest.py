"""People with programs, at the test client."""

from __future__ import annotations

import pytest

from parley.app import Parley
from parley.config import Config
from tests.calls import Caller
from tests.mail.postbox import with_mail


@pytest.fixture
def config(config: Config) -> Config:
    """With all the calls there are."""
    return with_mail(config)


@pytest.fixture
def ada(app: Parley) -> Caller:
    return Caller(app, "Ada")


@pytest.fixture
def ben(app: Parley) -> Caller:
    return Caller(app, "Ben")
