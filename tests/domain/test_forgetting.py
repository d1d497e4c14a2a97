"""What nobody needs any more is forgotten after a time, and nothing else is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from parley.config import Config
from parley.domain import (
    conversations,
    forgetting,
    hooks,
    knocking,
    messages,
    owning,
    participants,
    sessions,
)
from parley.domain.clocks import ClockCheck
from parley.domain.context import Context
from parley.domain.forgetting import Ages, Forgetting
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.domain.presence import Presence
from parley.records import ConversationDeleted, ParticipantLeft
from parley.storage.choice import database_of
from tests.databases import ON_POSTGRESQL, beside
from tests.domain.conftest import Clock, Told

AGES = Ages(sessions_days=30, empty_days=30, away_after_s=3_600)
SESSIONS_ALONE = Ages(AGES.sessions_days, 0, AGES.away_after_s)
LATER = timedelta(days=31)


def goes_by(context: Context, clock: Clock, time: timedelta) -> Context:
    """Time that the clock and the counting agree on; nobody calls."""
    clock.goes_on(time)
    counted = context.elapsed() + time.total_seconds()
    return replace(context, elapsed=lambda: counted)


@pytest.fixture
def counted(context: Context) -> Context:
    return replace(context, elapsed=lambda: 0.0)


async def swept(context: Context, clock: Clock, time: timedelta, ages: Ages = AGES) -> None:
    """A server that ran meanwhile."""
    check = ClockCheck()
    await check.time(context)
    context = goes_by(context, clock, time)
    await Forgetting(context, ages, check).round()


def kept(config: Config, table: str) -> int:
    with beside(config.data) as connection:
        if not ON_POSTGRESQL:  # which checks them itself
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        count: int = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    return count


async def started(context: Context) -> tuple[str, str]:
    """A conversation and its owner's token."""
    created = await conversations.create(context, None)
    assert created.token is not None
    return created.conversation.room_id, created.token


# --- sessions ---


async def test_sessions_that_take_part_in_nothing_are_forgotten(
    counted: Context, clock: Clock, config: Config
) -> None:
    for _ in range(3):
        room_id, token = await started(counted)
        owner = await sessions.resolve(counted, token)
        await participants.join(counted, room_id, Joining(None, username="Ben"))
        await owning.delete(counted, room_id, owner)
    _, kept_token = await started(counted)
    assert kept(config, "sessions") == 7
    await forgetting.note_seen(counted, clock())
    await swept(counted, clock, timedelta(days=29))
    assert kept(config, "sessions") == 7
    await swept(counted, clock, timedelta(days=2), SESSIONS_ALONE)
    assert kept(config, "sessions") == 1
    assert await sessions.resolve(counted, token) is None
    assert await sessions.resolve(counted, kept_token) is not None


async def test_whoever_takes_part_in_anything_is_kept(
    counted: Context, clock: Clock, config: Config
) -> None:
    room_id, token = await started(counted)
    owner = await sessions.resolve(counted, token)
    joined = await participants.join(counted, room_id, Joining(None, "ben-1", "Ben"))
    await messages.send(counted, joined.participant, Draft("Hello"))
    await participants.join(counted, room_id, Joining(None, "ben-1", "Ben"))  # taken up
    await participants.join(counted, room_id, Joining(None, "ben-1", "Ben"))  # and again
    await owning.change(counted, room_id, owner, Wishes(is_knock=True))
    before = kept(config, "sessions")
    await started(counted)
    await swept(counted, clock, LATER, SESSIONS_ALONE)
    assert kept(config, "sessions") == before + 1
    assert joined.token is not None
    back = await sessions.resolve(counted, joined.token)
    again = await participants.join(counted, room_id, Joining(back))
    assert again.participant.user_id == "ben-1"


async def test_a_session_that_calls_or_is_on_a_socket_is_kept(
    counted: Context, clock: Clock, config: Config
) -> None:
    tokens = []
    for _ in range(3):
        room_id, token = await started(counted)
        owner = await sessions.resolve(counted, token)
        await owning.delete(counted, room_id, owner)
        tokens.append((token, owner))
    await started(counted)
    await forgetting.note_seen(counted, clock())
    clock.goes_on(LATER)
    await sessions.resolve(counted, tokens[0][0])
    on_socket = tokens[1][1]
    assert on_socket is not None
    counted = replace(counted, held_sessions=lambda: {on_socket.id})
    await forgetting.forget_sessions(counted, before=clock() - timedelta(days=30), after=0)
    found = [await sessions.resolve(counted, token) is not None for token, _ in tokens]
    assert found == [True, True, False]


async def test_no_session_gets_the_number_of_one_that_was_forgotten(
    counted: Context, clock: Clock
) -> None:
    room_id, token = await started(counted)
    newest = await sessions.resolve(counted, token)
    await owning.delete(counted, room_id, newest)
    await forgetting.note_seen(counted, clock())
    await swept(counted, clock, LATER)
    created = await conversations.create(counted, None)
    assert newest is not None
    assert created.owner.id != newest.id


# --- conversations ---


async def test_conversations_in_which_nobody_ever_spoke_are_forgotten(
    counted: Context, clock: Clock, config: Config, told: Told
) -> None:
    room_id, _ = await started(counted)
    await conversations.count(counted)
    await swept(counted, clock, timedelta(days=29))
    assert kept(config, "conversations") == 1
    await swept(counted, clock, timedelta(days=2))
    assert kept(config, "conversations") == 0
    assert await conversations.count(counted) == (0, 0)
    assert [each.room_id for each in told.events if isinstance(each, ConversationDeleted)] == [
        room_id
    ]


async def test_where_somebody_spoke_nothing_is_forgotten(
    counted: Context, clock: Clock, config: Config
) -> None:
    for keep_days in (0, 7):
        room_id, token = await started(counted)
        owner = await sessions.resolve(counted, token)
        await owning.change(counted, room_id, owner, Wishes(keep_days=keep_days))
        joined = await participants.join(counted, room_id, Joining(owner, username="Ada"))
        await messages.send(counted, joined.participant, Draft("Hello"))
    room_id, token = await started(counted)
    owner = await sessions.resolve(counted, token)
    joined = await participants.join(counted, room_id, Joining(owner, username="Ada"))
    said = await messages.send(counted, joined.participant, Draft("Hello"))
    await messages.delete(counted, room_id, owner, said.message.id)
    await forgetting.note_seen(counted, clock())
    for _ in range(3):
        await swept(counted, clock, LATER)
    assert kept(config, "conversations") == 3


async def test_an_empty_conversation_stays_while_somebody_is_there_or_decides_something(
    counted: Context, clock: Clock, config: Config
) -> None:
    read, decided, joined = [await started(counted) for _ in range(3)]
    id = (await conversations.find(counted, read[0], None)).id
    counted = replace(counted, is_watched=lambda watched: watched == id)
    await participants.join(counted, joined[0], Joining(None, username="Ben", socket="phone"))
    await forgetting.note_seen(counted, clock())
    clock.goes_on(timedelta(days=20))
    owner = await sessions.resolve(counted, decided[1])
    await owning.change(counted, decided[0], owner, Wishes(title="Next term"))
    # Ben is not counted as away, as he is on a socket.
    person = (await conversations.snapshot(counted, joined[0], None)).participants[0]
    counted.presence.enter(person, "phone")
    await swept(counted, clock, timedelta(days=15))
    assert kept(config, "conversations") == 3
    await swept(replace(counted, is_watched=lambda _: False), clock, LATER)
    assert kept(config, "conversations") == 1


async def test_an_empty_conversation_stays_while_somebody_asks_to_come_in(
    counted: Context, clock: Clock, config: Config
) -> None:
    room_id, token = await started(counted)
    owner = await sessions.resolve(counted, token)
    await owning.change(counted, room_id, owner, Wishes(is_knock=True))
    clock.goes_on(timedelta(days=29))
    await knocking.knock(counted, room_id, None, "Kim", "")
    await swept(counted, clock, timedelta(days=2))
    assert kept(config, "conversations") == 1


async def test_an_empty_conversation_stays_while_a_hook_may_yet_speak_in_it(
    counted: Context, clock: Clock, config: Config
) -> None:
    room_id, token = await started(counted)
    owner = await sessions.resolve(counted, token)
    made = await hooks.make(counted, room_id, owner, name="Backup", seal=lambda code: code)
    await swept(counted, clock, LATER)
    assert kept(config, "conversations") == 1
    await hooks.say(counted, made.hook, Draft("It failed"))


# --- people without a socket ---


async def test_people_without_a_socket_are_gone_after_an_hour_without_a_call(
    counted: Context, clock: Clock, told: Told
) -> None:
    room_id, _ = await started(counted)
    ben = await participants.join(counted, room_id, Joining(None, "ben-1", "Ben"))
    cleo = await participants.join(counted, room_id, Joining(None, "cleo-1", "Cleo"))
    dan = Joining(None, "dan-1", "Dan", socket="phone")
    await participants.join(counted, room_id, dan)
    await swept(counted, clock, timedelta(minutes=50))
    await sessions.resolve(counted, cleo.token, room_id)
    await swept(counted, clock, timedelta(minutes=20))
    left = [each for each in told.events if isinstance(each, ParticipantLeft)]
    assert [(each.participant.user_id, each.participant_count) for each in left] == [("ben-1", 2)]
    seen = await conversations.snapshot(counted, room_id, None)
    assert [each.user_id for each in seen.participants] == ["cleo-1", "dan-1"]
    session = await sessions.resolve(counted, ben.token)
    assert (await participants.join(counted, room_id, Joining(session))).came_in
    await swept(counted, clock, timedelta(minutes=50))
    assert len((await conversations.snapshot(counted, room_id, None)).participants) == 3


async def test_who_came_back_over_rest_after_their_socket_is_gone_after_an_hour_too(
    counted: Context, clock: Clock
) -> None:
    room_id, _ = await started(counted)
    ben = await participants.join(counted, room_id, Joining(None, "ben-1", socket="phone"))
    participants.lose(counted, ben.participant, "phone")
    session = await sessions.resolve(counted, ben.token)
    await participants.join(counted, room_id, Joining(session))
    await swept(counted, clock, timedelta(minutes=59))
    assert len((await conversations.snapshot(counted, room_id, None)).participants) == 1
    await swept(counted, clock, timedelta(minutes=70))
    assert (await conversations.snapshot(counted, room_id, None)).participants == ()


async def test_who_calls_about_another_conversation_alone_is_gone_from_this_one(
    counted: Context, clock: Clock
) -> None:
    left, used = [(await started(counted))[0] for _ in range(2)]
    ben = await participants.join(counted, left, Joining(None, "ben-1"))
    session = await sessions.resolve(counted, ben.token)
    await participants.join(counted, used, Joining(session))
    for _ in range(4):
        await sessions.resolve(counted, ben.token, used)
        await swept(counted, clock, timedelta(minutes=20))
        await forgetting.note_seen(counted, clock())
    here = [
        len((await conversations.snapshot(counted, room_id, None)).participants)
        for room_id in (left, used)
    ]
    assert here == [0, 1]


async def test_after_a_start_the_hour_goes_on(
    counted: Context, config: Config, clock: Clock
) -> None:
    room_id, _ = await started(counted)
    ben = await participants.join(counted, room_id, Joining(None, "ben-1", "Ben"))
    await participants.join(counted, room_id, Joining(None, "cleo-1", "Cleo"))
    clock.goes_on(timedelta(minutes=40))
    await sessions.resolve(counted, ben.token, room_id)
    await forgetting.note_seen(counted, clock())
    await counted.database.close()
    database = database_of(config)
    await database.open()
    later = replace(counted, database=database, presence=Presence())
    await participants.forget_sockets(later)
    await swept(later, clock, timedelta(minutes=30))
    seen = await conversations.snapshot(later, room_id, None)
    assert [each.user_id for each in seen.participants] == ["ben-1"]
    await database.close()


@pytest.mark.parametrize("days", [400, 4_000])
async def test_with_0_everything_is_kept(
    counted: Context, clock: Clock, config: Config, days: int
) -> None:
    room_id, token = await started(counted)
    await participants.join(counted, room_id, Joining(None, "ben-1", "Ben"))
    other, token = await started(counted)
    await owning.delete(counted, other, await sessions.resolve(counted, token))
    await started(counted)
    await swept(counted, clock, timedelta(days=days), Ages(0, 0, 0))
    assert (kept(config, "sessions"), kept(config, "conversations")) == (4, 2)
    assert len((await conversations.snapshot(counted, room_id, None)).participants) == 1
