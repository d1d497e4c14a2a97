"""What webhooks are told: put in their queues, and settled once it was tried.

The log of a conversation is the queue of what is said there: nothing is stored with a message. What
a webhook has not been told of it is found behind the place up to which it was looked at, so that
nothing is lost however the server ends. All else is queued as it happens.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley.domain.context import Context
from parley.domain.settling import Outcome, settle
from parley.domain.webhooks import new_event_id
from parley.records import Conversation, Delivery, Message, Webhook
from parley.storage import conversations as stored_conversations
from parley.storage import deliveries
from parley.storage import messages as stored_messages
from parley.storage import webhooks as stored

WAITING_MAX = 10_000
"""Of one webhook. What is said beyond waits in the log; what else happens is not told."""
FILLED_AT_ONCE = 20
"""Messages of one conversation, for each of its webhooks."""
ROWS_AT_ONCE = 50
"""Written in one go, about: whoever speaks then waits for it, or for the core it takes."""
SENT_AT_ONCE = 20
"""Of one webhook, before it is stored what became of them."""
KEPT = timedelta(days=3)
"""So long what happened is told, or can be sent again."""
DONE_KEPT = 100
"""Of each webhook, of what was sent."""
FORGOTTEN_AT_ONCE = 500


class Happened(Struct, frozen=True):
    """Something that has no place in the log of messages."""

    event: str
    data: str
    """In JSON."""
    user_id: str | None
    at: datetime


class Stored(Struct, frozen=True):
    """What came of a round."""

    settled: frozenset[int]
    """The webhooks of which it was settled what was tried."""
    filled: frozenset[int]
    """The conversations of which it was queued what else happened there."""
    looked_at: frozenset[int]
    """Those in whose logs nothing is new now."""
    ready: frozenset[int]
    """For these webhooks something waits."""
    rest_until: dict[int, datetime]
    """These are left alone until then."""


class Batch(Struct, frozen=True):
    """What a webhook is to be told next."""

    webhook: Webhook
    conversation: Conversation
    waiting: list[tuple[Delivery, Message | None]]


async def asked_for(context: Context) -> dict[int, frozenset[str]]:
    """By conversation, the events that any of its webhooks is told."""
    return await context.database.search(stored.asked_for)


async def behind(context: Context) -> set[int]:
    """The conversations in whose log is more than was looked at."""
    return await context.database.search(stored.behind)


async def ready(context: Context) -> dict[int, datetime | None]:
    """The webhooks for which something waits, and until when they are left alone."""
    return await context.database.search(stored.ready)


async def store(
    context: Context,
    outcomes: Mapping[int, Sequence[Outcome]],
    happened: Mapping[int, Sequence[Happened]],
) -> Stored:
    """Settle, by webhook, what was tried, in its order, of which the last alone may have failed.
    Then queue what is new in the logs of these conversations, and what else happened there.

    As much of it in one go as nobody waits for: each commit is one that people wait for.
    """
    at, database = context.clock(), context.database

    def work(connection: sa.Connection) -> Stored:
        rest_until: dict[int, datetime] = {}
        settled, ready, filled, looked_at = set[int](), set[int](), set[int](), set[int]()
        left = ROWS_AT_ONCE

        def is_enough() -> bool:
            return bool(settled or filled) and (left <= 0 or database.is_awaited)

        for webhook_id, tried in outcomes.items():
            if is_enough():
                break
            until = settle(connection, webhook_id, tried)
            if until is not None:
                rest_until[webhook_id] = until
            left -= len(tried)
            settled.add(webhook_id)
        for id, more in happened.items():
            if is_enough():
                break
            is_all, count = _fill(connection, id, more, ready, at=at)
            left -= count
            filled.add(id)
            if is_all:
                looked_at.add(id)
        return Stored(
            settled=frozenset(settled),
            filled=frozenset(filled),
            looked_at=frozenset(looked_at),
            ready=frozenset(ready),
            rest_until=rest_until,
        )

    return await database.write(work, gives_way=True)


def _fill(
    connection: sa.Connection,
    conversation_id: int,
    happened: Sequence[Happened],
    ready: set[int],
    *,
    at: datetime,
) -> tuple[bool, int]:
    """Whether the whole log was looked at, and how many rows that wrote."""
    conversation = stored_conversations.by_id(connection, conversation_id)
    if conversation is None:
        return True, 0
    is_all, count = True, 0
    for after in stored.places(connection, conversation_id, most=WAITING_MAX):
        through, new = _log(connection, conversation, after, at=at)
        is_all = is_all and through >= conversation.seq
        if through == after:
            continue
        count += 1 + deliveries.add_to_all(
            connection, conversation_id, after, new, most=WAITING_MAX
        )
        said = sum(each.event == "new_message" for each in new)
        stored.note_filled(
            connection,
            conversation_id,
            after,
            through=through,
            said=said,
            changed=len(new) - said,
            most=WAITING_MAX,
        )
    if happened:
        count += _add_happened(connection, conversation_id, happened)
    ready.update(stored.waited_for(connection, conversation_id))
    return is_all, count


def _add_happened(
    connection: sa.Connection, conversation_id: int, happened: Sequence[Happened]
) -> int:
    count = 0
    for webhook in stored.of(connection, conversation_id):
        new = [
            deliveries.New(new_event_id(), each.event, each.data, each.user_id, each.at)
            for each in happened
            if each.event in webhook.events and each.at >= webhook.created_at
        ][: max(0, WAITING_MAX - webhook.waiting)]
        deliveries.add(connection, webhook, new)
        count += len(new)
    return count


def _log(
    connection: sa.Connection, conversation: Conversation, after: int, *, at: datetime
) -> tuple[int, list[deliveries.Logged]]:
    """What there is to tell behind a place of the log, and up to where."""
    id, limit = conversation.id, FILLED_AT_ONCE
    if after >= conversation.seq:
        return after, []
    said = stored.said_after(connection, id, after, limit=limit)
    through = conversation.seq if len(said) < limit else said[-1][0]
    changed = stored.changed_after(connection, id, after, through=through, limit=limit)
    if len(changed) == limit:
        through = changed[-1][1]
    found = [
        (seq, ("new_message", seq, sent_at))
        for seq, sent_at in said
        if seq <= through and at - sent_at < KEPT
    ]
    found += [
        (changed_seq, ("message_changed", seq, at))
        for seq, changed_seq in changed
        if changed_seq <= through
    ]
    found.sort(key=lambda each: each[0])
    return through, [deliveries.Logged(new_event_id(), *each) for _, each in found]


async def batches(context: Context, ids: Collection[int]) -> list[Batch]:
    """What these are to be told next; without those that nothing is to be sent now."""
    now = context.clock()

    def query(connection: sa.Connection) -> list[Batch]:
        conversations: dict[int, Conversation | None] = {}
        messages: dict[tuple[int, int], Message | None] = {}

        def message_of(delivery: Delivery) -> Message | None:
            if delivery.message_seq is None:
                return None
            place = delivery.conversation_id, delivery.message_seq
            if place not in messages:
                messages[place] = stored_messages.at_seq(connection, *place)
            return messages[place]

        found = []
        for webhook in stored.some(connection, ids):
            is_resting = webhook.retry_at is not None and webhook.retry_at > now
            if webhook.is_paused or is_resting:
                continue
            first = deliveries.first_of(connection, webhook, limit=SENT_AT_ONCE)
            id = webhook.conversation_id
            if id not in conversations:
                conversations[id] = stored_conversations.by_id(connection, id)
            conversation = conversations[id]
            if first and conversation is not None:
                waiting = [(each, message_of(each)) for each in first]
                found.append(Batch(webhook, conversation, waiting))
        return found

    return await context.database.search(query)


async def forget_old(context: Context) -> None:
    """What happened too long ago to be told, or to be told again."""
    before = context.clock() - KEPT

    def work(connection: sa.Connection) -> int:
        return deliveries.forget_old(connection, before=before, limit=FORGOTTEN_AT_ONCE)

    while await context.database.write(work, gives_way=True) == FORGOTTEN_AT_ONCE:
        pass


async def forget_done(context: Context, webhook_id: int) -> None:
    """Of what was sent all but the newest."""

    def work(connection: sa.Connection) -> int:
        webhook = stored.by_id(connection, webhook_id)
        if webhook is None:
            return 0
        return deliveries.forget_done(connection, webhook, but=DONE_KEPT, limit=FORGOTTEN_AT_ONCE)

    while await context.database.write(work, gives_way=True) == FORGOTTEN_AT_ONCE:
        pass
