"""Reacting to what was said: on and off, counted, and told once."""

from __future__ import annotations

import time
from dataclasses import dataclass

import msgspec
import pytest
import sqlalchemy as sa

from parley.contract import REACTIONS_MAX, REACTORS_NAMED, Reaction
from parley.domain import conversations, messages, owning, participants, reactions, removal
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.errors import (
    BadRequest,
    ConversationIsOver,
    ConversationNotFound,
    NotFound,
    NotJoined,
    ReadOnly,
)
from parley.records import Message, MessageChanged, ParticipantArrived, Session
from parley.storage import sessions
from parley.storage.schema import reactions as rows
from tests.domain.conftest import Told
from tests.effort import times

HEART, BARE_HEART = "❤️", "❤"
TWENTY_ONE = "😀😃😄😁😆😅🤣😂🙂🙃🫠😉😊😇🥰😍🤩😘😗😚😙"


@dataclass
class Room:
    context: Context
    id: str
    ada: Session
    ben: Session
    said: Message

    async def reacts(
        self, who: Session, emoji: str, *, on: bool = True
    ) -> list[tuple[str, int, list[str]]]:
        """What the message's reactions come to then."""
        reacted = await reactions.react_as(self.context, self.id, who, self.said.id, emoji, on=on)
        return sums(reacted.message)


def sums(message: Message) -> list[tuple[str, int, list[str]]]:
    found = msgspec.json.decode(message.reactions or "[]", type=list[Reaction])
    return [(each.emoji, each.count, each.user_ids) for each in found]


async def newcomer(context: Context, room_id: str, user_id: str) -> Session:
    joined = await participants.join(context, room_id, Joining(None, user_id=user_id))
    return joined.session


@pytest.fixture
async def room(context: Context) -> Room:
    created = await conversations.create(context, None, user_id="ada")
    room_id = created.conversation.room_id
    ada = await context.database.read(sessions.by_id, created.conversation.owner_session_id)
    await participants.join(context, room_id, Joining(ada))
    ben = await newcomer(context, room_id, "ben")
    sent = await messages.send_as(context, room_id, ada, Draft("Tea?"))
    return Room(context, room_id, ada, ben, sent.message)


async def test_a_reaction_is_counted_once_however_often_it_is_given(room: Room, told: Told) -> None:
    await room.reacts(room.ada, "👍")
    assert await room.reacts(room.ben, "👍") == [("👍", 2, ["ada", "ben"])]
    assert await room.reacts(room.ben, "👍") == [("👍", 2, ["ada", "ben"])]
    assert await room.reacts(room.ada, "👍", on=False) == [("👍", 1, ["ben"])]
    assert await room.reacts(room.ada, "👍", on=False) == [("👍", 1, ["ben"])]
    assert await room.reacts(room.ben, "👍", on=False) == []
    changed = [each.message for each in told.events if isinstance(each, MessageChanged)]
    assert [each.changed_seq for each in changed] == [2, 3, 4, 5]
    assert changed[-1].reactions is None


@pytest.mark.parametrize("form", [BARE_HEART, HEART, BARE_HEART + "\ufe0e"])
async def test_a_variation_selector_makes_no_other_reaction(room: Room, form: str) -> None:
    await room.reacts(room.ada, form)
    assert await room.reacts(room.ben, BARE_HEART) == [(HEART, 2, ["ada", "ben"])]
    assert await room.reacts(room.ada, HEART, on=False) == [(HEART, 1, ["ben"])]


async def test_reactions_stand_in_the_order_in_which_each_was_first_used(room: Room) -> None:
    for who, emoji in ((room.ada, "🎉"), (room.ben, "👍"), (room.ada, "👍"), (room.ben, "🎉")):
        found = await room.reacts(who, emoji)
    assert [emoji for emoji, *_ in found] == ["🎉", "👍"]
    assert [emoji for emoji, *_ in await room.reacts(room.ada, "🎉", on=False)] == ["🎉", "👍"]
    await room.reacts(room.ben, "🎉", on=False)
    assert [emoji for emoji, *_ in await room.reacts(room.ada, "🎉")] == ["👍", "🎉"]


async def test_a_message_has_so_many_different_reactions_and_no_more(room: Room) -> None:
    for emoji in TWENTY_ONE[:REACTIONS_MAX]:
        await room.reacts(room.ada, emoji)
    with pytest.raises(BadRequest) as refused:
        await room.reacts(room.ben, TWENTY_ONE[-1])
    assert "20 different reactions" in refused.value.text
    found = await room.reacts(room.ben, TWENTY_ONE[0])
    assert (len(found), found[0][1]) == (REACTIONS_MAX, 2)
    await room.reacts(room.ada, TWENTY_ONE[1], on=False)
    assert (await room.reacts(room.ben, TWENTY_ONE[-1]))[-1] == (TWENTY_ONE[-1], 1, ["ben"])


async def test_the_first_fifty_are_named_and_who_came_next_moves_up(room: Room) -> None:
    ids = [f"person-{number}" for number in range(REACTORS_NAMED + 3)]
    people = [await newcomer(room.context, room.id, each) for each in ids]
    for person in people:
        found = await room.reacts(person, "👍")
    assert found == [("👍", len(ids), ids[:REACTORS_NAMED])]
    [(_, count, named)] = await room.reacts(people[3], "👍", on=False)
    assert (count, named) == (len(ids) - 1, [*ids[:3], *ids[4 : REACTORS_NAMED + 1]])
    [(_, count, again)] = await room.reacts(people[-1], "👍", on=False)
    assert (count, again) == (len(ids) - 2, named)
    assert (await room.reacts(people[3], "👍"))[0][2] == named


@pytest.mark.longer
@pytest.mark.sqlite("It asks for its plan.")
async def test_a_reaction_costs_the_same_however_many_there_are(room: Room) -> None:
    """Five thousand people on one message: what they did is never read again."""
    ids = [f"p-{number:04}" for number in range(times(2_000, full=5_000))]
    conversation_id, seq = room.said.conversation_id, room.said.seq

    def crowd(connection: sa.Connection) -> None:
        place = {"conversation_id": conversation_id, "seq": seq, "emoji": "👍"}
        connection.execute(rows.insert(), [{**place, "user_id": each} for each in ids])
        named = [Reaction(emoji="👍", count=len(ids), user_ids=ids[:REACTORS_NAMED])]
        text = msgspec.json.encode(named).decode()
        connection.execute(sa.text("UPDATE messages SET reactions = :all"), {"all": text})

    async def cost_s(rounds: int) -> float:
        begin = time.process_time()
        for _ in range(rounds):
            await room.reacts(room.ben, "👍")
            await room.reacts(room.ben, "👍", on=False)
        return (time.process_time() - begin) / rounds

    few = min([await cost_s(10) for _ in range(3)])
    await room.context.database.write(crowd)
    many = min([await cost_s(10) for _ in range(3)])
    assert many < 3 * few + 0.001
    steps = await room.context.database.read(plan_of_moving_up)
    assert all("SCAN" not in step and "TEMP B-TREE" not in step for step in steps), steps


def plan_of_moving_up(connection: sa.Connection) -> list[str]:
    """How SQLite finds who came next."""
    found = connection.execute(
        sa.text(
            "EXPLAIN QUERY PLAN SELECT user_id FROM reactions WHERE conversation_id = 1 AND seq = 1"
            " AND emoji = 'x' AND id > (SELECT id FROM reactions WHERE conversation_id = 1"
            " AND seq = 1 AND emoji = 'x' AND user_id = 'a') ORDER BY id LIMIT 1"
        )
    )
    return [row[3] for row in found]


async def test_whoever_may_not_post_may_not_react(room: Room) -> None:
    stranger = await newcomer(room.context, await another(room.context), "zoe")
    with pytest.raises(NotJoined):
        await room.reacts(stranger, "👍")
    await owning.change(room.context, room.id, room.ada, Wishes(is_read_only=True))
    with pytest.raises(ReadOnly):
        await room.reacts(room.ben, "👍")
    assert await room.reacts(room.ada, "👍") == [("👍", 1, ["ada"])]
    await conversations.end(room.context, room.id, room.ada)
    for on in (True, False):
        with pytest.raises(ConversationIsOver):
            await room.reacts(room.ada, "👍", on=on)


async def test_on_a_socket_the_same_holds_for_whoever_sits_there(room: Room) -> None:
    context, id = room.context, room.said.id
    cleo = (await participants.join(context, room.id, Joining(None, socket="cleo"))).participant

    async def reacts(emoji: str, *, on: bool = True) -> list[tuple[str, int, list[str]]]:
        return sums((await reactions.react(context, cleo, id, emoji, on=on)).message)

    assert await reacts(BARE_HEART) == [(HEART, 1, [cleo.user_id])]
    assert await reacts(HEART, on=False) == []
    with pytest.raises(BadRequest):
        await reacts("like")
    with pytest.raises(NotFound):
        await reactions.react(context, cleo, "1-nothing", "👍", on=True)
    await owning.change(context, room.id, room.ada, Wishes(is_read_only=True))
    with pytest.raises(ReadOnly):
        await reacts("👍")
    await removal.remove(context, room.id, room.ada, cleo.user_id)
    with pytest.raises(ConversationNotFound):
        await reacts("👍")


async def another(context: Context) -> str:
    return (await conversations.create(context, None)).conversation.room_id


async def test_what_was_deleted_has_no_reactions_and_gets_none(room: Room) -> None:
    await room.reacts(room.ben, "👍")
    gone = await messages.delete(room.context, room.id, room.ada, room.said.id)
    assert gone.reactions is None
    with pytest.raises(NotFound) as refused:
        await room.reacts(room.ben, "🎉")
    assert refused.value.text == "This message was deleted."
    assert await room.reacts(room.ben, "👍", on=False) == []
    count = sa.select(sa.func.count()).select_from(rows)
    assert await room.context.database.read(lambda connection: connection.scalar(count)) == 0


async def test_the_reactions_of_who_was_removed_stay(room: Room) -> None:
    await room.reacts(room.ben, "👍")
    await removal.remove(room.context, room.id, room.ada, "ben")
    with pytest.raises(ConversationNotFound):
        await room.reacts(room.ben, "🎉")
    assert await room.reacts(room.ada, "👍") == [("👍", 2, ["ben", "ada"])]


async def test_who_had_left_is_back_by_a_reaction_that_changes_something(
    room: Room, told: Told
) -> None:
    await participants.leave_as(room.context, room.id, room.ben)
    told.events.clear()
    await room.reacts(room.ben, "👍", on=False)
    assert told.events == []
    await room.reacts(room.ben, "👍")
    arrived, changed = told.events
    assert isinstance(arrived, ParticipantArrived)
    assert isinstance(changed, MessageChanged)
    assert arrived.participant.user_id == "ben"


async def test_who_was_away_gets_reactions_in_their_place_among_the_changes(room: Room) -> None:
    second = await messages.send_as(room.context, room.id, room.ben, Draft("Yes"))
    await room.reacts(room.ben, "👍")
    third = await messages.send_as(room.context, room.id, room.ada, Draft("At four"))
    missed = await conversations.changes(room.context, room.id, room.ben, since=1, limit=10)
    assert [(each.seq, each.changed_seq) for each in missed.messages] == [
        (second.message.seq, 2),
        (room.said.seq, 3),
        (third.message.seq, 4),
    ]
    assert sums(missed.messages[1]) == [("👍", 1, ["ben"])]


async def test_long_lists_of_reactions_count_as_what_a_state_may_hold(room: Room) -> None:
    """Else a hundred messages that a crowd reacted to would be megabytes for a phone."""
    for number in range(40):
        await messages.send_as(room.context, room.id, room.ada, Draft(str(number)))
    ids = [f"{number:064}" for number in range(REACTORS_NAMED)]
    long = msgspec.json.encode([Reaction(emoji="👍", count=50, user_ids=ids)] * 2).decode()

    def fill(connection: sa.Connection) -> None:
        connection.execute(sa.text("UPDATE messages SET reactions = :all"), {"all": long})

    await room.context.database.write(fill)
    state = await conversations.snapshot(room.context, room.id, room.ben)
    assert 1 < len(state.messages) < 12
    assert state.has_more
