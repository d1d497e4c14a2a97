"""Bots in the domain: where they may speak, how long they stay, and what is kept of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from parley.contract import ASK_KEPT_S
from parley.domain import asks, bots, conversations, messages, owning, participants, sessions
from parley.domain.context import Context
from parley.domain.messages import Draft
from parley.domain.owning import Wishes
from parley.domain.participants import Joining
from parley.errors import BotRefused, NotFound, ReadOnly
from parley.records import Command, May, Session
from parley.storage import bots as stored
from parley.storage.schema import asks as asks_table
from parley.storage.schema import bots as bots_table
from tests.domain.conftest import Clock


class Talk:
    """A conversation of Ada's, with a bot that has the command `echo`."""

    def __init__(self, context: Context, room_id: str, ada: Session) -> None:
        self.context, self.room_id, self.ada = context, room_id, ada

    async def bot(self, name: str = "Echo", may: May = bots.USUAL) -> tuple[Session, str]:
        made = await bots.make(self.context, self.room_id, self.ada, name, may)
        session = await sessions.resolve(self.context, made.token)
        assert session is not None
        await bots.declare(self.context, self.room_id, session, [Command("echo", "Says it again")])
        return session, made.bot.user_id

    async def asks(self, bot: str) -> str:
        id = asks.new_id()
        await asks.use_command(
            self.context, self.room_id, self.ada, id, bot=bot, name="echo", words="tea"
        )
        return id

    async def rows(self, table: sa.Table) -> int:
        def count(connection: sa.Connection) -> int:
            query = sa.select(sa.func.count()).select_from(table)
            return int(connection.execute(query).scalar_one())

        return await self.context.database.read(count)


@pytest.fixture
async def talk(context: Context) -> Talk:
    created = await conversations.create(context, None)
    ada = created.owner
    await participants.join(context, created.conversation.room_id, Joining(ada, username="Ada"))
    return Talk(context, created.conversation.room_id, ada)


async def test_it_speaks_where_only_owners_do_if_they_let_it(talk: Talk) -> None:
    writes, _ = await talk.bot()
    reads, _ = await talk.bot("Reads", May.READ)
    guest = await participants.join(talk.context, talk.room_id, Joining(None, username="Ben"))
    await owning.change(talk.context, talk.room_id, talk.ada, Wishes(is_read_only=True))
    await messages.send_as(talk.context, talk.room_id, writes, Draft("News"))
    with pytest.raises(BotRefused):
        await messages.send_as(talk.context, talk.room_id, reads, Draft("News"))
    with pytest.raises(ReadOnly):
        await messages.send_as(talk.context, talk.room_id, guest.session, Draft("News"))


async def test_it_is_not_counted_as_gone(talk: Talk, clock: Clock) -> None:
    session, user_id = await talk.bot()
    joined = await participants.join(talk.context, talk.room_id, Joining(session, socket="s-1"))
    await participants.leave(talk.context, joined.participant, "s-1")
    clock.goes_on(timedelta(days=3))
    await participants.count_gone(talk.context, since=clock() - timedelta(hours=1))
    await participants.forget_sockets(talk.context)
    person = (await conversations.find(talk.context, talk.room_id, session)).person
    assert person is not None
    assert (person.user_id, person.left_at) == (user_id, None)


async def test_what_is_asked_goes_with_the_answer_or_its_time(talk: Talk, clock: Clock) -> None:
    session, user_id = await talk.bot()
    answered, waiting = await talk.asks(user_id), await talk.asks(user_id)
    await asks.answer(talk.context, talk.room_id, session, answered, "TEA")
    assert await talk.rows(asks_table) == 1
    clock.goes_on(timedelta(seconds=ASK_KEPT_S + 1))
    with pytest.raises(NotFound):
        await asks.answer(talk.context, talk.room_id, session, waiting, "TEA")
    await asks.forget(talk.context)
    assert await talk.rows(asks_table) == 0


async def test_a_revoked_bot_leaves_nothing_to_answer(talk: Talk) -> None:
    _, user_id = await talk.bot()
    await talk.asks(user_id)
    await bots.revoke(talk.context, talk.room_id, talk.ada, user_id)
    assert await talk.rows(asks_table) == await talk.rows(bots_table) == 0


async def test_a_deleted_conversation_takes_its_bots_along(talk: Talk) -> None:
    _, user_id = await talk.bot()
    await talk.asks(user_id)
    await owning.delete(talk.context, talk.room_id, talk.ada)
    await owning.erase_deleted(talk.context)
    assert await talk.rows(asks_table) == await talk.rows(bots_table) == 0


async def test_when_it_acted_is_noted_with_what_it_says(talk: Talk, clock: Clock) -> None:
    session, user_id = await talk.bot()
    clock.goes_on(timedelta(hours=1))
    sent = await messages.send_as(talk.context, talk.room_id, session, Draft("Hi"))
    conversation_id = sent.message.conversation_id
    bot = await talk.context.database.read(stored.find, conversation_id, user_id)
    assert bot is not None
    assert bot.acted_at == sent.message.sent_at
