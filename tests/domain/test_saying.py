"""What is said at the same time is stored together, and comes to what it would come to alone."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from msgspec.structs import replace

from parley.domain import conversations, messages, participants
from parley.domain.context import Context
from parley.domain.messages import Draft, Sent
from parley.domain.participants import Joining
from parley.errors import NotFound, NotJoined
from parley.records import Message, MessageSent, Participant, Session
from parley.storage import saying, sessions
from tests.domain import lasting
from tests.domain.conftest import Told

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context


@dataclass(frozen=True)
class Talk:
    room_id: str
    owner: Session
    ada: Participant
    ben: Participant


async def started(context: Context) -> Talk:
    created = await conversations.create(context, None)
    room_id = created.conversation.room_id
    owner = await context.database.read(sessions.by_id, created.conversation.owner_session_id)
    ada = await participants.join(context, room_id, Joining(owner, username="Ada"))
    ben = await participants.join(context, room_id, Joining(None, username="Ben"))
    return Talk(room_id, owner, ada.participant, ben.participant)


@pytest_asyncio.fixture(loop_scope="module")
async def talks(context: Context) -> list[Talk]:
    return [await started(context) for _ in range(3)]


@pytest.fixture
def lots(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many were stored by one statement each time."""
    counts: list[int] = []
    say = saying.say

    def counted(
        connection: sa.Connection, said: list[tuple[Message, int]], *args: Any, **kwargs: Any
    ) -> bool:
        counts.append(len(said))
        return say(connection, said, *args, **kwargs)

    monkeypatch.setattr(saying, "say", counted)
    return counts


async def together(
    context: Context, *said: tuple[Participant, Draft]
) -> list[Sent | BaseException]:
    """All asked for in one turn of the event loop."""
    return await asyncio.gather(
        *(messages.send(context, person, draft) for person, draft in said), return_exceptions=True
    )


def sent(outcomes: list[Sent | BaseException]) -> list[Sent]:
    found = [each for each in outcomes if isinstance(each, Sent)]
    assert len(found) == len(outcomes), outcomes
    return found


async def log_of(context: Context, talk: Talk) -> list[tuple[int, str, str]]:
    found, _ = await messages.history(context, talk.room_id, talk.owner, limit=200)
    return [(each.seq, each.username, each.text) for each in found]


async def test_all_who_speak_at_once_in_several_rooms_are_stored_by_one_statement(
    context: Context, told: Told, talks: list[Talk], lots: list[int]
) -> None:
    asked = [
        (person, Draft(f"{number}", client_id=f"c{number}"))
        for number in range(10)
        for talk in talks
        for person in (talk.ada, talk.ben)
    ]
    found = sent(await together(context, *asked))
    assert lots == [60]
    heard: dict[int, list[int]] = defaultdict(list)
    for event in told.events:
        if isinstance(event, MessageSent):
            heard[event.message.conversation_id].append(event.message.seq)
    assert list(heard.values()) == [list(range(1, 21))] * 3
    assert len({each.message.id for each in found}) == 60
    for talk in talks:
        assert await log_of(context, talk) == [
            (2 * number + 1 + at, name, str(number))
            for number in range(10)
            for at, name in enumerate(("Ada", "Ben"))
        ]
        conversation = (await conversations.find(context, talk.room_id, None)).conversation
        assert (conversation.seq, conversation.message_count) == (20, 20)


async def test_what_was_said_before_takes_no_seq_from_what_is_said_with_it(
    context: Context, talks: list[Talk]
) -> None:
    talk = talks[0]
    again = Draft("Tea?", client_id="c1")
    first = await messages.send(context, talk.ada, again)
    found = sent(
        await together(
            context, (talk.ben, Draft("Yes.")), (talk.ada, again), (talk.ben, Draft("Two sugars."))
        )
    )
    seqs = [(each.message.seq, each.duplicate) for each in found]
    assert seqs == [(2, False), (1, True), (3, False)]
    assert found[1].message.id == first.message.id
    assert [text for _, _, text in await log_of(context, talk)] == ["Tea?", "Yes.", "Two sugars."]


async def test_what_is_said_twice_at_once_is_stored_once(
    context: Context, told: Told, talks: list[Talk], lots: list[int]
) -> None:
    talk, other = talks[:2]
    draft = Draft("Tea?", client_id="c1")
    found = sent(
        await together(
            context,
            *((talk.ada, draft), (talk.ada, draft)),
            # Of others, and elsewhere, the same id means something else.
            *((talk.ben, draft), (other.ada, draft)),
        )
    )
    assert [each.duplicate for each in found] == [False, True, False, False]
    assert found[0].message == found[1].message
    assert lots == [3]
    assert len([event for event in told.events if isinstance(event, MessageSent)]) == 3
    assert [seq for seq, _, _ in await log_of(context, talk)] == [1, 2]


async def test_whoever_is_refused_holds_up_nobody(
    context: Context, talks: list[Talk], lots: list[int]
) -> None:
    talk, over = talks[:2]
    await conversations.end(context, over.room_id, over.owner)
    stranger = replace(talk.ben, session_id=talk.ada.session_id)
    found = await together(
        context,
        (talk.ada, Draft("one")),
        (over.ada, Draft("too late")),
        (stranger, Draft("I am Ben")),
        (talk.ada, Draft("to nothing", reply_to="9-nothing")),
        (talk.ben, Draft("two")),
    )
    kinds = [type(each).__name__ for each in found]
    assert kinds == ["Sent", "ConversationIsOver", "NotJoined", "NotFound", "Sent"]
    assert isinstance(found[2], NotJoined)
    assert isinstance(found[3], NotFound)
    # In one go, all the same: nothing was undone for those who were refused.
    assert lots == [2]
    assert [(seq, text) for seq, _, text in await log_of(context, talk)] == [(1, "one"), (2, "two")]


async def test_an_answer_and_a_mention_go_with_the_others(
    context: Context, talks: list[Talk], lots: list[int]
) -> None:
    talk = talks[0]
    first = await messages.send(context, talk.ada, Draft("Tea?"))
    lots.clear()
    plain, answer, mention = sent(
        await together(
            context,
            (talk.ada, Draft("Anybody?")),
            (talk.ben, Draft("Yes, @Ada", reply_to=first.message.id)),
            (talk.ada, Draft("*Good*, @Ben")),
        )
    )
    assert lots == [3]
    assert plain.message.answered is None
    assert answer.message.answered is not None
    assert answer.message.answered.id == first.message.id
    assert (talk.ada.user_id in (answer.message.mentions or ""), mention.message.seq) == (True, 4)
    found, _ = await messages.history(context, talk.room_id, talk.owner, limit=10)
    assert list(found) == [each.message for each in (first, plain, answer, mention)]
