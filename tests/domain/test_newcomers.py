"""Those who come for the first time at the same time join together, as each would alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace as with_fields
from datetime import UTC, datetime
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from parley.domain import conversations, owning, participants, removal, sessions
from parley.domain.context import Context
from parley.domain.conversations import Created
from parley.domain.newcomers import Newcomer
from parley.domain.participants import Joined, Joining
from parley.errors import (
    BadRequest,
    ConversationIsOver,
    ConversationNotFound,
    NameTaken,
    OldLink,
    PassphraseRequired,
)
from parley.records import Participant, ParticipantArrived
from parley.storage import participants as stored
from parley.storage.schema import participants as table
from parley.storage.schema import sessions as sessions_table
from tests.domain import lasting
from tests.domain.conftest import Told

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context

Outcome = Joined | BaseException


@pytest_asyncio.fixture(loop_scope="module")
async def rooms(context: Context) -> list[Created]:
    return [await conversations.create(context, None) for _ in range(3)]


@pytest.fixture
def lots(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were stored by one statement each time."""
    counts: list[int] = []
    insert_all = stored.insert_all

    def counted(connection: sa.Connection, people: list[tuple[Participant, str]]) -> None:
        counts.append(len(people))
        insert_all(connection, people)

    monkeypatch.setattr(stored, "insert_all", counted)
    return counts


def socket(name: str, number: int = 0, **fields: Any) -> Joining:
    return Joining(None, username=name, socket=f"{name}{number}", address="203.0.113.7", **fields)


async def together(context: Context, *asked: tuple[str, Joining]) -> list[Outcome]:
    """All asked for in one turn of the event loop."""
    return await asyncio.gather(
        *(participants.join(context, room_id, joining) for room_id, joining in asked),
        return_exceptions=True,
    )


def joined(outcomes: list[Outcome]) -> list[Joined]:
    found = [each for each in outcomes if isinstance(each, Joined)]
    assert len(found) == len(outcomes), outcomes
    return found


async def rows(context: Context, person: Joined) -> tuple[dict[str, Any], dict[str, Any]]:
    """All that is stored of them."""

    def query(connection: sa.Connection) -> tuple[dict[str, Any], dict[str, Any]]:
        who, session = person.participant, person.session
        of_person = sa.select(table).where(
            table.c.conversation_id == who.conversation_id, table.c.user_id == who.user_id
        )
        of_session = sa.select(sessions_table).where(sessions_table.c.id == session.id)
        return tuple(dict(connection.execute(q).one()._mapping) for q in (of_person, of_session))  # type: ignore[return-value]

    return await context.database.read(query)


async def counts(context: Context, rooms: list[Created]) -> list[int]:
    found = [
        (await conversations.find(context, room.conversation.room_id, None)).conversation
        for room in rooms
    ]
    return [each.participant_count for each in found]


async def test_all_who_come_at_once_to_several_rooms_are_stored_by_one_statement(
    context: Context, told: Told, rooms: list[Created], lots: list[int]
) -> None:
    asked = [
        (room.conversation.room_id, socket(f"Guest {number}", at))
        for number in range(15)
        for at, room in enumerate(rooms)
    ]
    found = joined(await together(context, *asked))
    assert lots == [45]
    assert await counts(context, rooms) == [15, 15, 15]
    for room in rooms:
        arrived = [
            (event.participant.username, event.participant_count)
            for event in told.events
            if isinstance(event, ParticipantArrived)
            and event.conversation_id == room.conversation.id
        ]
        assert arrived == [(f"Guest {number}", number + 1) for number in range(15)]
    assert len({each.participant.user_id for each in found}) == 45
    assert len({each.session.id for each in found}) == 45
    for each in found:
        session = await sessions.resolve(context, each.token)
        assert session is not None
        assert session.id == each.session.id


@pytest.mark.parametrize(
    "joining",
    [socket("Ada"), socket("Ada", keeps_cookie=True), Joining(None, username="Ada"), Joining(None)],
    ids=["on a socket", "with a cookie", "over REST", "without a name"],
)
async def test_what_is_kept_of_who_comes_with_others_is_the_same(
    context: Context, rooms: list[Created], joining: Joining, lots: list[int]
) -> None:
    [alone] = joined(await together(context, (rooms[0].conversation.room_id, joining)))
    assert lots == []
    # In the same room, for where somebody came from is kept as a key of that.
    owner = rooms[0].owner
    await removal.remove(context, rooms[0].conversation.room_id, owner, alone.participant.user_id)
    await removal.let_back(context, rooms[0].conversation.room_id, owner, alone.participant.user_id)
    there = with_fields(joining, username=joining.username and "Bea")
    other = (rooms[1].conversation.room_id, socket("Cleo"))
    first, _ = joined(await together(context, (rooms[0].conversation.room_id, there), other))
    assert lots == [2]
    (person, session), (person_alone, session_alone) = [
        await rows(context, each) for each in (first, alone)
    ]
    told_apart = {"user_id", "username", "name_key", "session_id", "left_at", "removed_at"}
    assert {k: v for k, v in person.items() if k not in told_apart} == {
        k: v for k, v in person_alone.items() if k not in told_apart
    }
    for key in ("id", "token_hash"):
        assert session.pop(key) != session_alone.pop(key)
    assert session == session_alone
    assert (first.session.token_used, first.session.created_at) == (
        alone.session.token_used,
        alone.session.created_at,
    )
    is_waited_for = context.presence.is_on_socket(first.participant)
    assert is_waited_for is (joining.socket is not None)


async def test_of_several_with_one_name_the_first_has_it_and_all_are_told_in_order(
    context: Context, told: Told, rooms: list[Created], lots: list[int]
) -> None:
    moments = (datetime(2030, 1, 2, second=second, tzinfo=UTC) for second in range(60))
    context = with_fields(context, clock=lambda: next(moments))
    room_id = rooms[0].conversation.room_id
    names = ["Ben", "Ada", "ben", "Cleo", "B\u0435n"]  # the last with a Cyrillic letter
    found = joined(
        await together(context, *((room_id, socket(name, at)) for at, name in enumerate(names)))
    )
    assert lots == [2]
    alike = [each.participant.is_alike for each in found]
    assert alike == [False, False, True, False, True]
    counted = [
        each.participant_count for each in told.events if isinstance(each, ParticipantArrived)
    ]
    assert counted == [1, 2, 3, 4, 5]
    assert (await counts(context, rooms))[0] == 5


async def test_who_is_refused_keeps_nobody_else_out(
    context: Context, rooms: list[Created], lots: list[int]
) -> None:
    room, over, moved = rooms
    closed = await conversations.create(context, None)
    await owning.change(
        context,
        closed.conversation.room_id,
        closed.owner,
        owning.Wishes(passphrase="correct horse"),
    )
    await conversations.end(context, over.conversation.room_id, over.owner)
    await owning.replace_link(context, moved.conversation.room_id, moved.owner)
    asked = [
        (room.conversation.room_id, socket("Ada")),
        (over.conversation.room_id, socket("Ben")),
        (moved.conversation.room_id, socket("Cleo")),
        ("nowhere", socket("Dan")),
        ("n\u00f6where", socket("Eve")),
        ("", socket("Finn")),
        (closed.conversation.room_id, socket("Gus")),
        (room.conversation.room_id, socket("\u2800")),
        (room.conversation.room_id, socket("Hal")),
    ]
    found = await together(context, *asked)
    assert [type(each) for each in found] == [
        Joined,
        ConversationIsOver,
        OldLink,
        ConversationNotFound,
        ConversationNotFound,
        ConversationNotFound,
        PassphraseRequired,
        BadRequest,
        Joined,
    ]
    assert lots == [2]
    assert await counts(context, [room]) == [2]


async def test_a_name_that_is_kept_for_who_was_put_out_is_nobodys(
    context: Context, rooms: list[Created]
) -> None:
    room_id = rooms[0].conversation.room_id
    [ben] = joined(await together(context, (room_id, socket("Ben"))))
    await removal.remove(context, room_id, rooms[0].owner, ben.participant.user_id)
    found = await together(
        context, (room_id, socket("Ada")), (room_id, socket("Ben", 2)), (room_id, socket("Cleo"))
    )
    assert [type(each) for each in found] == [Joined, NameTaken, Joined]
    assert (await counts(context, rooms))[0] == 2
    assert not context.presence.is_taken(ben.participant, but=None)


async def test_what_fails_of_one_is_done_for_each_alone(
    context: Context, rooms: list[Created], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: sa.Connection, works: list[Newcomer]) -> list[Joined]:
        stored_before = works[0].alone(connection)
        raise ValueError(stored_before)

    monkeypatch.setattr(Newcomer, "together", staticmethod(fails))
    room_id = rooms[0].conversation.room_id
    joined(await together(context, *((room_id, socket(f"Guest {n}")) for n in range(5))))
    assert (await counts(context, rooms))[0] == 5
