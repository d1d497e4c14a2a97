"""What webhooks are told: put in their queues, and settled once it was tried.

The log of a conversation is the queue of what is said there: nothing is stored with a message. What
a webhook has not been told of it is found behind the place up to which it was looked at, so that
nothing is lost however the server ends. All else is queued as it happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from msgspec import Struct

from parley.domain.context import Context
from parley.domain.webhooks import new_event_id
from parley.records import Conversation, Delivery, DeliveryState, Message, PausedFor, Webhook
from parley.storage import audit as stored_audit
from parley.storage import conversations as stored_conversations
from parley.storage import messages as stored_messages
from parley.storage import webhooks as stored
from parley.storage.webhooks import New, Tried

WAITING_MAX = 10_000
"""Of one webhook. What is said beyond waits in the log; what else happens is not told."""
FILLED_AT_ONCE = 200
"""Messages of one conversation, for each of its webhooks."""
SENT_AT_ONCE = 20
"""Read of one webhook's queue, and settled together."""
KEPT = timedelta(days=3)
"""So long what happened is told, or can be sent again."""
DONE_KEPT = 100
"""Of each webhook, of what was sent."""
FORGOTTEN_AT_ONCE = 500
FAILING_MAX = timedelta(days=1)
"""A webhook that takes nothing for so long is paused."""
WAITS_S = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)
"""After each failure in a row; the last is repeated."""
REFUSALS_MAX = 5
"""What is refused for what it says is given up after so many tries: those behind it are not."""
LOST_S = 5.0
"""When what nobody knows of is tried again."""
REFUSED = (400, 413, 415, 422)
GONE = 410
WHY_MAX_CHARS = 200
SERVER = "The server"
"""Who did it, in the list of acts."""


class Happened(Struct, frozen=True):
    """Something that has no place in the log of messages."""

    event: str
    data: str
    """In JSON."""
    user_id: str | None
    at: datetime


class Filled(Struct, frozen=True):
    webhook_ids: frozenset[int]
    """For these something is waiting."""
    is_all: bool
    """Whether the whole log was looked at."""


class Batch(Struct, frozen=True):
    """What a webhook is to be told next."""

    webhook: Webhook
    conversation: Conversation
    waiting: list[tuple[Delivery, Message | None]]


class Outcome(Struct, frozen=True):
    """What became of a try."""

    delivery: Delivery
    status: int
    why: str
    at: datetime
    retry_after_s: float = 0.0
    is_for_good: bool = False
    """Whether its address may not be asked."""
    is_lost: bool = False
    """Whether nobody knows."""
    is_erased: bool = False
    """Whether there is nothing to tell any more."""

    @property
    def is_done(self) -> bool:
        return self.is_erased or 200 <= self.status < 300


async def asked_for(context: Context) -> dict[int, frozenset[str]]:
    """By conversation, the events that any of its webhooks is told."""
    return await context.database.search(stored.asked_for)


async def behind(context: Context) -> set[int]:
    """The conversations in whose log is more than was looked at."""
    return await context.database.search(stored.behind)


async def ready(context: Context) -> dict[int, datetime | None]:
    """The webhooks for which something waits, and until when they are left alone."""
    return await context.database.search(stored.ready)


async def fill(context: Context, conversation_id: int, happened: Sequence[Happened]) -> Filled:
    """Queue what is new in the log, then what else happened."""
    at = context.clock()

    def work(connection: sa.Connection) -> Filled:
        conversation = stored_conversations.by_id(connection, conversation_id)
        if conversation is None:
            return Filled(frozenset(), is_all=True)
        found, is_all = set[int](), True
        for webhook in stored.of(connection, conversation_id):
            filled = _fill_one(connection, conversation, webhook, happened, at=at)
            is_all = is_all and filled.is_all
            found |= filled.webhook_ids
        return Filled(frozenset(found), is_all)

    return await context.database.write(work, conversation=conversation_id)


def _fill_one(
    connection: sa.Connection,
    conversation: Conversation,
    webhook: Webhook,
    happened: Sequence[Happened],
    *,
    at: datetime,
) -> Filled:
    room = min(FILLED_AT_ONCE, WAITING_MAX - webhook.waiting)
    if room <= 0:
        return Filled(frozenset({webhook.id}), is_all=True)
    through, log = _of_log(connection, conversation, webhook, limit=room, at=at)
    new = [*log]
    for each in happened[: WAITING_MAX - webhook.waiting - len(log)]:
        if each.event in webhook.events:
            new.append(New(new_event_id(), each.event, None, each.data, each.user_id, each.at))
    if new or through != webhook.through_seq:
        stored.add(connection, webhook, new, through=through)
    ids = frozenset({webhook.id}) if new or webhook.waiting else frozenset()
    return Filled(ids, is_all=through >= conversation.seq)


def _of_log(
    connection: sa.Connection,
    conversation: Conversation,
    webhook: Webhook,
    *,
    limit: int,
    at: datetime,
) -> tuple[int, list[New]]:
    """What there is to tell behind the place it was looked at, and up to where that is now."""
    id, after = conversation.id, webhook.through_seq
    if after >= conversation.seq:
        return after, []
    said = stored.said_after(connection, id, after, limit=limit)
    through = conversation.seq if len(said) < limit else said[-1][0]
    changed = stored.changed_after(connection, id, after, through=through, limit=limit)
    if len(changed) == limit:
        through = changed[-1][1]
    found = [
        (seq, New(new_event_id(), "new_message", seq, None, None, sent_at))
        for seq, sent_at in said
        if seq <= through and at - sent_at < KEPT
    ]
    found += [
        (changed_seq, New(new_event_id(), "message_changed", seq, None, None, at))
        for seq, changed_seq in changed
        if changed_seq <= through
    ]
    found.sort(key=lambda each: each[0])
    return through, [new for _, new in found if new.event in webhook.events]


async def next_of(context: Context, webhook_id: int) -> Batch | None:
    """None where nothing is to be sent now."""
    now = context.clock()

    def query(connection: sa.Connection) -> Batch | None:
        webhook = stored.by_id(connection, webhook_id)
        if webhook is None or webhook.is_paused:
            return None
        if webhook.retry_at is not None and webhook.retry_at > now:
            return None
        found = stored.next_of(connection, webhook_id, limit=SENT_AT_ONCE)
        conversation = stored_conversations.by_id(connection, webhook.conversation_id)
        if not found or conversation is None:
            return None
        return Batch(
            webhook, conversation, [(each, _message_of(connection, each)) for each in found]
        )

    return await context.database.search(query)


def _message_of(connection: sa.Connection, delivery: Delivery) -> Message | None:
    if delivery.message_seq is None:
        return None
    return stored_messages.at_seq(connection, delivery.conversation_id, delivery.message_seq)


async def settle(context: Context, webhook_id: int, outcomes: Sequence[Outcome]) -> datetime | None:
    """Store what became of these, in their order, of which the last alone may have failed. Until
    when the webhook is left alone now, if it is.
    """

    def work(connection: sa.Connection) -> datetime | None:
        webhook = stored.by_id(connection, webhook_id)
        if webhook is None:
            return None
        tried = [_tried(each) for each in outcomes]
        done = sum(each.state is not DeliveryState.WAITING for each in tried)
        stored.note_tries(connection, tried, {webhook_id: done} if done else {})
        changes = _changes(webhook, outcomes)
        if changes:
            stored.change(connection, webhook_id, **changes)
        if "paused_for" in changes:
            _note_paused(connection, webhook, changes)
        retry_at: datetime | None = changes.get("retry_at")
        return retry_at

    return await context.database.write(work)


def _tried(outcome: Outcome) -> Tried:
    delivery, state = outcome.delivery, DeliveryState.WAITING
    if outcome.is_erased:
        state = DeliveryState.ERASED
    elif outcome.is_done:
        state = DeliveryState.SENT
    elif outcome.status in REFUSED and delivery.tries + 1 >= REFUSALS_MAX:
        state = DeliveryState.GIVEN_UP
    counts = not (outcome.is_lost or outcome.is_erased)
    why = outcome.why[:WHY_MAX_CHARS].replace("\0", "")
    return Tried(delivery.id, state, counts, outcome.status, why, outcome.at)


def _changes(webhook: Webhook, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Of the webhook, by what became of what it was sent."""
    taken = [each for each in outcomes if each.is_done and not each.is_erased]
    changes: dict[str, Any] = {}
    if taken:
        changes = {"took_at": taken[-1].at, "failures": 0, "failing_since": None, "retry_at": None}
    last = outcomes[-1] if outcomes else None
    if last is None or last.is_done:
        return changes
    if last.is_lost:
        return changes | {"retry_at": last.at + timedelta(seconds=LOST_S)}
    failures = 1 if taken else webhook.failures + 1
    since = last.at if taken else webhook.failing_since or last.at
    wait_s = max(WAITS_S[min(failures, len(WAITS_S)) - 1], min(3600.0, last.retry_after_s))
    changes |= {
        "failures": failures,
        "failing_since": since,
        "retry_at": last.at + timedelta(seconds=wait_s),
    }
    reason = _reason(last, last.at - since)
    if reason is not None:
        changes |= {"paused_at": last.at, "paused_for": reason.value}
    return changes


def _reason(last: Outcome, failing: timedelta) -> PausedFor | None:
    if last.is_for_good:
        return PausedFor.ADDRESS
    if last.status == GONE:
        return PausedFor.GONE
    return PausedFor.FAILING if failing >= FAILING_MAX else None


def _note_paused(connection: sa.Connection, webhook: Webhook, changes: dict[str, Any]) -> None:
    """For owners to read: nobody else did it."""
    stored_audit.note(
        connection,
        webhook.conversation_id,
        at=changes["paused_at"],
        who=SERVER,
        act="paused_webhook",
        about=urlsplit(webhook.url).hostname or "",
    )


async def forget_old(context: Context) -> None:
    """What happened too long ago to be told, or to be told again."""
    before = context.clock() - KEPT
    gone = FORGOTTEN_AT_ONCE
    while gone == FORGOTTEN_AT_ONCE:
        gone = await context.database.write(
            lambda connection: stored.forget_old(connection, before=before, limit=FORGOTTEN_AT_ONCE)
        )


async def forget_done(context: Context, webhook_id: int) -> None:
    """Of what was sent all but the newest."""
    gone = FORGOTTEN_AT_ONCE
    while gone == FORGOTTEN_AT_ONCE:
        gone = await context.database.write(
            lambda connection: stored.forget_done(
                connection, webhook_id, but=DONE_KEPT, limit=FORGOTTEN_AT_ONCE
            )
        )
