"""The log of a conversation: every change counted once, without holes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
import pytest_asyncio

from parley.domain import conversations, messages, participants
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joining
from parley.errors import ConversationIsOver
from parley.records import ConversationEnded, MessageSent, Participant, Session
from parley.storage import sessions
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


@pytest_asyncio.fixture(loop_scope="module")
async def talk(context: Context) -> Talk:
    created = await conversations.create(context, None, user_id="ada-1")
    room_id = created.conversation.room_id
    owner = await context.database.read(sessions.by_id, created.conversation.owner_session_id)
    ada = await participants.join(context, room_id, Joining(owner))
    ben = await participants.join(context, room_id, Joining(None))
    return Talk(room_id, owner, ada.participant, ben.participant)


async def test_seq_has_no_holes_however_many_speak_at_once(
    context: Context, told: Told, talk: Talk
) -> None:
    sent = await asyncio.gather(
        *(
            messages.send(context, person, Draft(str(number)))
            for number in range(50)
            for person in (talk.ada, talk.ben)
        )
    )
    assert sorted(each.message.seq for each in sent) == list(range(1, 101))
    assert [e.message.seq for e in told.events if isinstance(e, MessageSent)] == list(range(1, 101))


async def test_a_message_that_is_refused_leaves_no_hole(context: Context, talk: Talk) -> None:
    def fails(_connection: object) -> None:
        raise RuntimeError("unlucky")

    results = await asyncio.gather(
        messages.send(context, talk.ada, Draft("one")),
        context.database.write(fails),
        messages.send(context, talk.ada, Draft("one again", client_id="c")),
        messages.send(context, talk.ada, Draft("one again", client_id="c")),
        messages.send(context, talk.ada, Draft("two")),
        return_exceptions=True,
    )
    seqs = [each.message.seq for each in results if isinstance(each, messages.Sent)]
    assert seqs == [1, 2, 2, 3]


async def test_the_end_is_the_last_of_the_log(context: Context, told: Told, talk: Talk) -> None:
    async def send(text: str) -> messages.Sent:
        return await messages.send(context, talk.ben, Draft(text))

    results = await asyncio.gather(
        send("in time"),
        conversations.end(context, talk.room_id, talk.owner),
        send("too late"),
        return_exceptions=True,
    )
    assert isinstance(results[0], messages.Sent)
    assert isinstance(results[2], ConversationIsOver)
    ended = [event for event in told.events if isinstance(event, ConversationEnded)]
    assert [event.seq for event in ended] == [2]
    assert (await conversations.find(context, talk.room_id, None)).conversation.seq == 2


async def test_after_the_end_nothing_is_said_and_what_is_taken_away_counts_on(
    context: Context, told: Told, talk: Talk
) -> None:
    said = [await messages.send(context, talk.ben, Draft(text)) for text in ("one", "two")]
    await conversations.end(context, talk.room_id, talk.owner)
    with pytest.raises(ConversationIsOver):
        await messages.send(context, talk.ben, Draft("too late"))
    await messages.delete(context, talk.room_id, talk.owner, said[0].message.id)
    changes = await conversations.changes(context, talk.room_id, talk.owner, since=3, limit=10)
    assert changes.seq == 4
    assert [(m.seq, m.changed_seq) for m in changes.messages] == [(1, 4)]
    with pytest.raises(ConversationIsOver):
        await messages.send(context, talk.ben, Draft("too late"))


async def test_a_deleted_message_that_is_repeated_is_not_said_again(
    context: Context, talk: Talk
) -> None:
    draft = Draft("Hello", client_id="c-1")
    first = await messages.send(context, talk.ben, draft)
    await messages.delete(context, talk.room_id, talk.owner, first.message.id)
    again = await messages.send(context, talk.ben, draft)
    assert again.duplicate
    assert (again.message.id, again.message.seq) == (first.message.id, 1)
    assert again.message.text == ""


async def test_it_ends_once(context: Context, told: Told, talk: Talk) -> None:
    results = await asyncio.gather(
        *(conversations.end(context, talk.room_id, talk.owner) for _ in range(5)),
        return_exceptions=True,
    )
    assert [type(result) for result in results[1:]] == [ConversationIsOver] * 4
    assert len([e for e in told.events if isinstance(e, ConversationEnded)]) == 1


async def test_a_client_id_sent_many_times_at_once_is_stored_once(
    context: Context, told: Told, talk: Talk
) -> None:
    draft = Draft("Hello", client_id="c-1")
    sent = await asyncio.gather(*(messages.send(context, talk.ben, draft) for _ in range(20)))
    assert len({each.message.id for each in sent}) == 1
    assert [each.duplicate for each in sent] == [False] + [True] * 19
    assert len([event for event in told.events if isinstance(event, MessageSent)]) == 1
