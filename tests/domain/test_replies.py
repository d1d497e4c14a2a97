"""Answering: what a message answers is told with it, as it is now."""

from __future__ import annotations

from datetime import timedelta

import pytest
import pytest_asyncio

from parley import present
from parley.domain import conversations, messages, owning, participants
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.participants import Joined, Joining
from parley.errors import ConversationIsOver, NotFound
from parley.records import Answered, Message, MessageSent, Session
from parley.storage import sessions
from tests.domain import lasting
from tests.domain.conftest import Clock, Told

pytestmark = lasting.in_one_loop
database, context = lasting.database, lasting.context


class Talk:
    def __init__(self, context: Context, room_id: str, owner: Session, ben: Joined) -> None:
        self.context, self.id, self.owner, self.ben = context, room_id, owner, ben

    async def says(
        self, text: str, reply_to: str | None = None, client_id: str | None = None
    ) -> Message:
        draft = Draft(text, client_id=client_id, reply_to=reply_to)
        return (await messages.send(self.context, self.ben.participant, draft)).message

    async def read(self) -> list[Message]:
        found, _ = await messages.history(self.context, self.id, self.owner, limit=100)
        return list(found)


@pytest_asyncio.fixture(loop_scope="module")
async def talk(context: Context) -> Talk:
    created = await conversations.create(context, None, user_id="ada")
    room_id = created.conversation.room_id
    owner = await context.database.read(sessions.by_id, created.conversation.owner_session_id)
    await participants.join(context, room_id, Joining(owner, None, "Ada"))
    ben = await participants.join(context, room_id, Joining(None, "ben", "Ben"))
    return Talk(context, room_id, owner, ben)


async def test_an_answer_is_told_with_what_it_answers_and_read_so(talk: Talk, told: Told) -> None:
    first = await talk.says("Tea?\nOr coffee?")
    answer = await talk.says("Tea", first.id)
    quote = Answered(first.id, first.seq, "ben", "Ben", "Tea?\nOr coffee?", is_gone=False)
    assert answer.answered == quote
    assert [e.message for e in told.events if isinstance(e, MessageSent)] == [first, answer]
    assert await talk.read() == [first, answer]
    sent = present.message(answer).reply_to
    assert sent
    assert sent.excerpt == "Tea? Or coffee?"


async def test_a_long_text_is_told_by_how_it_begins(talk: Talk) -> None:
    first = await talk.says("word " * 1_600)
    answer = await talk.says("Too long", first.id)
    assert await talk.read() == [first, answer]
    excerpt = present.message(answer).reply_to.excerpt  # type: ignore[union-attr]
    assert len(excerpt) == 120
    assert excerpt.endswith("…")


async def test_a_quote_says_so_once_what_it_answers_is_deleted(talk: Talk) -> None:
    first = await talk.says("Secret")
    answer = await talk.says("Oh", first.id)
    await messages.delete(talk.context, talk.id, talk.owner, first.id)
    _, read = await talk.read()
    assert read.changed_seq == answer.changed_seq  # the change of what it answers tells it
    assert read.answered == Answered(first.id, first.seq, "ben", "Ben", "", is_gone=True)
    sent = present.message(read).reply_to
    assert sent
    assert (sent.deleted, sent.excerpt) == (True, "")


async def test_a_quote_says_so_once_what_it_answers_is_erased(talk: Talk, clock: Clock) -> None:
    first = await talk.says("Long ago")
    clock.goes_on(timedelta(days=2))
    await talk.says("Yes", first.id)
    await owning.change(talk.context, talk.id, talk.owner, owning.Wishes(keep_days=1))
    await owning.erase_outdated(talk.context)
    (read,) = await talk.read()
    assert read.answered == Answered(first.id, first.seq, "", "", "", is_gone=True)


async def test_an_answer_that_is_deleted_answers_nothing(talk: Talk) -> None:
    first = await talk.says("Tea?")
    answer = await talk.says("Tea", first.id)
    deleted = await messages.delete(talk.context, talk.id, talk.owner, answer.id)
    assert deleted.answered is None
    assert (await talk.read())[1] == deleted


@pytest.mark.parametrize(
    "id", ["1-another-key", "2-nothing", "99-nothing", "nonsense", "\ud800", "9" * 64, "1"]
)
async def test_what_is_not_there_cannot_be_answered(talk: Talk, id: str) -> None:
    first = await talk.says("Tea?")
    with pytest.raises(NotFound, match="isn't here"):
        await talk.says("Tea", id)
    assert await talk.read() == [first]


async def test_what_is_elsewhere_cannot_be_answered(talk: Talk, context: Context) -> None:
    other = (await conversations.create(context, talk.ben.session)).conversation
    ben = await participants.join(context, other.room_id, Joining(talk.ben.session))
    there = (await messages.send(context, ben.participant, Draft("There"))).message
    await talk.says("Here")
    with pytest.raises(NotFound):
        await talk.says("Tea", there.id)


async def test_what_is_deleted_cannot_be_answered_but_an_answer_can_be_repeated(
    talk: Talk,
) -> None:
    first = await talk.says("Tea?")
    answer = await talk.says("Tea", first.id, client_id="c-1")
    await messages.delete(talk.context, talk.id, talk.owner, first.id)
    with pytest.raises(NotFound, match="was deleted"):
        await talk.says("Tea", first.id, client_id="c-2")
    again = await talk.says("Something else", first.id, client_id="c-1")
    assert (again.id, again.text) == (answer.id, "Tea")


async def test_after_the_end_nothing_is_answered(talk: Talk) -> None:
    first = await talk.says("Tea?")
    await conversations.end(talk.context, talk.id, talk.owner)
    with pytest.raises(ConversationIsOver):
        await talk.says("Tea", first.id)
