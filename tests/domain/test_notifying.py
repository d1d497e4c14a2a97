"""What is usual, and what a database from elsewhere may hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from parley.domain import conversations, notices, notifying, sessions
from parley.domain.context import Context
from parley.domain.notices import TOLD_WITHIN, Due, Told
from parley.domain.notifying import Subscription, level_of, quiet_until
from parley.push.encryption import AUTH_BYTES
from parley.records import Level, QuietHours, Subject, TakingAway, Wanted
from tests.domain.conftest import Clock


def test_in_a_conversation_of_two_everything_is_said_to_one() -> None:
    assert level_of(Wanted(), 2) is Level.ALL
    assert level_of(Wanted(), 3) is Level.MENTIONS
    assert level_of(Wanted(Level.NONE), 2) is Level.NONE
    assert level_of(Wanted(Level.ALL), 3) is Level.ALL


def test_in_a_time_zone_that_is_unknown_here_nothing_is_quiet() -> None:
    quiet = QuietHours(0, 1_439, "Europe/Atlantis")
    assert quiet_until(quiet, datetime(2030, 1, 1, 12, tzinfo=UTC)) is None


async def test_what_is_new_is_not_dropped_with_what_waited_for_a_day(
    context: Context, clock: Clock
) -> None:
    created = await conversations.create(context, None, title="Tea")
    session = await sessions.resolve(context, created.token)
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    given = Subscription("https://push.example/1", point, bytes(AUTH_BYTES), True, None)
    device = await notifying.add_device(context, session, given)

    async def is_said() -> None:
        due = Due(device.id, device.session_id, created.conversation.id, Subject.TALK, clock())
        await notices.make_due(context, [due])

    async def is_not_taken() -> int:
        clock.goes_on(timedelta(seconds=1))
        [(notice, _)] = await notices.due(context, limit=10)
        told = Told(notice, TakingAway(), again_at=clock(), is_failure=True)
        await notices.settle(context, [told])
        return len(await notices.due(context, limit=10))

    await is_said()
    assert await is_not_taken() == 1
    clock.goes_on(TOLD_WITHIN - timedelta(hours=1))
    await is_said()
    clock.goes_on(timedelta(hours=2))
    assert await is_not_taken() == 1
    clock.goes_on(TOLD_WITHIN)
    assert await is_not_taken() == 0
