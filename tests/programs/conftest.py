"""People with programs, at the test client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from parley.app import Parley
from parley.config import Config
from tests.calls import Caller
from tests.mail.postbox import with_mail
from tests.oidc.provider import Provider, serving, with_providers


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with serving() as started:
        yield started


@pytest.fixture
def config(config: Config, provider: Provider) -> Config:
    """With all the calls there are."""
    return with_providers(with_mail(config), provider.row())


@pytest.fixture
def ada(app: Parley) -> Caller:
    return Caller(app, "Ada")


@pytest.fixture
def ben(app: Parley) -> Caller:
    return Caller(app, "Ben")
