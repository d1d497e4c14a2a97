"""Deleting for everyone what somebody said, wherever that was, once they deleted their account.

It is done beside the work, and goes on after a kill: until it is done the account stays, though
nobody can sign in to it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import sqlalchemy as sa
import structlog
from msgspec import Struct

from parley.domain import calls, envelopes, files
from parley.domain.context import Context
from parley.records import Account, Message, MessageChanged
from parley.storage import accounts as stored
from parley.storage import conversations as stored_conversations
from parley.storage import deliveries as stored_deliveries
from parley.storage import messages as stored_messages

log = structlog.get_logger(__name__)

LOOKED_AT_ONCE = 500
"""Messages in one reading."""


class _Step(Struct, frozen=True):
    """What one slice came to."""

    looked_at: int
    deleted: tuple[Message, ...]


async def go_on(context: Context) -> None:
    """Do all that is left to do."""
    for account in await context.database.read(stored.erasing):
        count = await _erase(context, account)
        await context.database.forget_erased()
        files.erase_soon(context)
        log.info("account_erased", messages=count)


async def _erase(context: Context, account: Account) -> int:
    mine = await context.database.read(stored.sessions_of, account.session_id)
    count = 0
    for conversation_id in await context.database.read(stored.said_in, mine):
        count += await _erase_in(context, conversation_id, mine)
    await context.database.write(lambda connection: stored.erase(connection, account.id))
    return count


async def _erase_in(context: Context, conversation_id: int, mine: Collection[int]) -> int:
    await calls.disown(context, conversation_id, mine)
    await context.database.write(
        lambda connection: stored_deliveries.forget_about(connection, conversation_id, mine)
    )
    count, last = 0, 0
    while True:
        next_, seqs = await context.database.search(
            stored.said, conversation_id, mine, after=last, limit=LOOKED_AT_ONCE
        )
        while seqs:
            step = await _slice(context, conversation_id, seqs)
            seqs, count = seqs[step.looked_at :], count + len(step.deleted)
        if next_ is None:
            return count
        last = next_


async def _slice(context: Context, conversation_id: int, seqs: list[int]) -> _Step:
    at = context.clock()

    def work(connection: sa.Connection, is_time_left: Callable[[], bool]) -> _Step:
        conversation = stored_conversations.by_id(connection, conversation_id)
        if conversation is None:  # deleted meanwhile
            return _Step(len(seqs), ())
        deleted: list[Message] = []
        for looked_at, each in enumerate(seqs, 1):
            message = stored_messages.at_seq(connection, conversation_id, each)
            if message is not None and message.deleted_at is None:
                seq = stored_conversations.count_change(connection, conversation_id)
                left = envelopes.left_of(message.text) if conversation.is_encrypted else ""
                deleted.append(
                    stored_messages.delete(connection, message, seq=seq, at=at, left=left)
                )
            if not is_time_left():
                return _Step(looked_at, tuple(deleted))
        return _Step(len(seqs), tuple(deleted))

    def tell(step: _Step) -> None:
        for message in step.deleted:
            context.bus.publish(MessageChanged(message))

    return await context.slices.take(context.database, work, tell)
