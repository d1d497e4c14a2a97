"""The domain with a real database, and a clock that tests turn."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from parley.bus.local import LocalBus
from parley.config import Config
from parley.domain.context import Context
from parley.domain.presence import Presence
from parley.mail.choice import mail_of
from parley.records import Event
from parley.storage.choice import database_of
from tests.domain.mailed import House, Two
from tests.mail.postbox import postbox, with_mail


@dataclass
class Clock:
    now: datetime = datetime(2030, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def goes_on(self, by: timedelta) -> None:
        self.now += by


@dataclass
class Told:
    """What was published, in order."""

    events: list[Event] = field(default_factory=list)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def context(config: Config, clock: Clock, told: Told) -> AsyncIterator[Context]:
    database = database_of(config)
    await database.open()
    bus = LocalBus()
    bus.subscribe(told.events.append)
    yield Context(database, bus, Presence(), config.leave_grace_s, clock)
    await database.close()


@pytest.fixture
async def house(context: Context, clock: Clock, config: Config) -> AsyncIterator[House]:
    began = clock()
    async with postbox() as box:
        sending = replace(
            context,
            mail=mail_of(with_mail(config, box.url)),
            elapsed=lambda: (clock() - began).total_seconds(),
        )
        yield House(sending, clock, box)


@pytest.fixture
async def two(house: House) -> Two:
    """Ada and Ben in a conversation of two; Ben wants mail."""
    talk, ada = await house.starts()
    ben = await house.joins(talk, "Ben")
    await house.wants(ben)
    return talk, ada, ben
