"""A clock that cannot be right erases nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from structlog.testing import capture_logs

from parley.domain import conversations, messages, owning, participants
from parley.domain.clocks import ClockCheck
from parley.domain.context import Context
from parley.domain.forgetting import Ages, Forgetting
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from tests.domain.conftest import Clock

AGES = Ages(sessions_days=30, empty_days=30, away_after_s=3_600)
DAY_S = 86_400.0


@dataclass
class Server:
    """One that runs: its clock may be set, what it counts goes on."""

    context: Context
    clock: Clock
    counted: float = 0.0
    today: date | None = None
    room_id: str = ""
    check: ClockCheck = field(default_factory=ClockCheck)

    def __post_init__(self) -> None:
        self.context = replace(self.context, elapsed=lambda: self.counted)
        self.starts()

    def starts(self) -> None:
        """Anew, on the same data."""
        self.check = ClockCheck(self.today)
        self.forgets = Forgetting(self.context, AGES, self.check)

    def runs(self, days: float) -> None:
        self.clock.goes_on(timedelta(days=days))
        self.counted += days * DAY_S

    def is_set(self, days: float) -> None:
        """Somebody, or something, sets its clock."""
        self.clock.goes_on(timedelta(days=days))

    async def keeps(self) -> int:
        """How many messages and conversations are there after a round."""
        await self.forgets.round()
        said = await conversations.snapshot(self.context, self.room_id, None)
        total = (await conversations.count(self.context))[1]
        return len(said.messages) + total


@pytest.fixture
async def server(context: Context, clock: Clock) -> Server:
    """With a conversation that keeps its message for 30 days, and one that is empty."""
    server = Server(context, clock)
    created = await conversations.create(context, None)
    server.room_id = created.conversation.room_id
    await owning.change(context, server.room_id, created.owner, Wishes(keep_days=30))
    ada = await participants.join(context, server.room_id, Joining(created.owner, username="Ada"))
    await messages.send(context, ada.participant, Draft("Hello"))
    await conversations.create(context, None)
    assert await server.keeps() == 3
    return server


async def test_what_is_old_by_a_clock_that_went_on_is_erased(server: Server) -> None:
    server.runs(29)
    assert await server.keeps() == 3
    server.runs(2)
    assert await server.keeps() == 1


@pytest.mark.parametrize("is_start", [True, False])
async def test_a_clock_that_is_400_days_ahead_erases_nothing_and_it_is_said_once(
    server: Server, *, is_start: bool
) -> None:
    server.is_set(400)
    if is_start:
        server.starts()
    with capture_logs() as logs:
        assert await server.keeps() == 3
        assert await server.keeps() == 3
    assert [each["event"] for each in logs] == ["clock_in_doubt"]
    assert "--today 2031-02-05" in logs[0]["hint"]
    server.is_set(-400)
    assert await server.keeps() == 3
    server.runs(1)
    assert await server.keeps() == 3
    server.runs(30)
    assert await server.keeps() == 1


async def test_what_is_said_by_a_wrong_clock_makes_it_no_more_believable(server: Server) -> None:
    server.is_set(400)
    server.starts()
    await server.forgets.round()
    joined = await participants.join(server.context, server.room_id, Joining(None, username="Ben"))
    await messages.send(server.context, joined.participant, Draft("Happy new year"))
    server.starts()
    assert await server.keeps() == 4


async def test_a_server_that_was_off_for_a_year_waits_for_a_steady_week(server: Server) -> None:
    server.is_set(365)
    server.starts()
    for _ in range(6):
        assert await server.keeps() == 3
        server.runs(1)
    server.starts()  # the week counts from each start
    for _ in range(7):
        assert await server.keeps() == 3
        server.runs(1)
    assert await server.keeps() == 1


async def test_a_clock_that_is_set_during_the_week_begins_another(server: Server) -> None:
    server.is_set(365)
    server.starts()
    assert await server.keeps() == 3
    server.runs(4)
    server.is_set(35)
    assert await server.keeps() == 3
    server.runs(4)
    assert await server.keeps() == 3
    server.runs(4)
    assert await server.keeps() == 1


async def test_the_host_says_that_the_clock_is_right(server: Server) -> None:
    server.is_set(365)
    server.today = server.clock().date() - timedelta(days=365)
    server.starts()
    assert await server.keeps() == 3
    server.today = server.clock().date()
    server.starts()
    assert await server.keeps() == 1


async def test_a_weekend_off_and_a_clock_set_back_are_no_reason_to_wait(server: Server) -> None:
    server.runs(29)
    assert await server.keeps() == 3
    server.is_set(-300)  # a machine without a battery for its clock, before it asked for the time
    server.starts()
    assert await server.keeps() == 3
    server.is_set(300 + 0.9)
    server.runs(1)
    assert await server.keeps() == 1
