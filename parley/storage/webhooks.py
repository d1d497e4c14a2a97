"""Addresses that are told what happens, and what is on its way to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from parley.records import Delivery, DeliveryState, PausedFor, Webhook
from parley.storage.prepared import Prepared, p
from parley.storage.schema import (
    CHANGED_LATER,
    Instant,
    conversations,
    messages,
    participants,
    webhook_deliveries,
    webhooks,
)

_events = msgspec.json.Decoder(tuple[str, ...])
_ADD = Prepared(
    webhook_deliveries.insert().values(
        {
            name: p(name)
            for name in (
                *("conversation_id", "webhook_id", "event_id", "event"),
                *("message_seq", "data", "user_id", "happened_at", "state"),
            )
        }
    )
)
_OF = Prepared(
    sa.select(webhooks)
    .where(webhooks.c.conversation_id == p("conversation_id"))
    .order_by(webhooks.c.id),
    webhooks.c,
)
_BY_ID = Prepared(
    sa.select(*webhooks.c)
    .join_from(webhooks, conversations, conversations.c.id == webhooks.c.conversation_id)
    .where(webhooks.c.id == p("id"), conversations.c.deleted_at.is_(None)),
    webhooks.c,
)
_FILLED = Prepared(
    webhooks.update()
    .where(webhooks.c.id == p("id"))
    .values(through_seq=p("through"), waiting=webhooks.c.waiting + p("more"))
)
_FIRST = Prepared(
    sa.select(webhook_deliveries)
    .where(
        webhook_deliveries.c.webhook_id == p("webhook_id"),
        webhook_deliveries.c.id > p("after"),
    )
    .order_by(webhook_deliveries.c.id)
    .limit(p("limit")),
    webhook_deliveries.c,
)
_TRIED = Prepared(
    webhook_deliveries.update()
    .where(webhook_deliveries.c.id == p("id"))
    .values(
        state=p("state"),
        tries=webhook_deliveries.c.tries + p("more"),
        status=p("status"),
        why=p("why"),
        tried_at=p("at"),
    )
)
_SETTLE = Prepared(
    webhooks.update()
    .where(webhooks.c.id == p("id"))
    .values(waiting=webhooks.c.waiting - p("done"), done_through=p("through"))
)


_SAID = Prepared(
    sa.select(messages.c.seq, messages.c.sent_at)
    .where(
        messages.c.conversation_id == p("conversation_id"),
        messages.c.seq > p("after"),
    )
    .order_by(messages.c.seq)
    .limit(p("limit")),
    [messages.c.seq, messages.c.sent_at],
)
_CHANGED = Prepared(
    sa.select(messages.c.seq, messages.c.changed_seq)
    .where(
        messages.c.conversation_id == p("conversation_id"),
        messages.c.changed_seq > p("after"),
        messages.c.changed_seq <= p("through"),
        CHANGED_LATER,
    )
    .order_by(messages.c.changed_seq)
    .limit(p("limit")),
    [messages.c.seq, messages.c.changed_seq],
)


class New(Struct, frozen=True):
    """What is to be told."""

    event_id: str
    event: str
    message_seq: int | None
    data: str | None
    user_id: str | None
    happened_at: datetime


class Tried(Struct, frozen=True):
    """What became of one try."""

    delivery_id: int
    state: DeliveryState
    counts: bool
    """Whether it was one of the tries that are counted."""
    status: int
    why: str
    at: datetime


def insert(
    connection: sa.Connection,
    *,
    conversation_id: int,
    url: str,
    events: Sequence[str],
    salt: str,
    through: int,
    at: datetime,
) -> Webhook:
    row = connection.execute(
        webhooks.insert()
        .values(
            conversation_id=conversation_id,
            url=url,
            events=_encoded(events),
            salt=salt,
            created_at=at,
            through_seq=through,
            waiting=0,
            failures=0,
        )
        .returning(*webhooks.c)
    ).one()
    return _webhook(row)


def of(connection: sa.Connection, conversation_id: int) -> tuple[Webhook, ...]:
    """Of a conversation, the oldest first."""
    return tuple(_webhook(row) for row in _OF.run(connection, conversation_id=conversation_id))


def by_id(connection: sa.Connection, webhook_id: int) -> Webhook | None:
    """None where it is none, or of a conversation that is deleted."""
    row = _BY_ID.first(connection, id=webhook_id)
    return None if row is None else _webhook(row)


def change(connection: sa.Connection, webhook_id: int, **changes: Any) -> None:
    if "events" in changes:
        changes["events"] = _encoded(changes["events"])
    connection.execute(webhooks.update().where(webhooks.c.id == webhook_id).values(**changes))


def remove(connection: sa.Connection, webhook_id: int) -> None:
    """And all that was on its way to it."""
    connection.execute(
        webhook_deliveries.delete().where(webhook_deliveries.c.webhook_id == webhook_id)
    )
    connection.execute(webhooks.delete().where(webhooks.c.id == webhook_id))


def asked_for(connection: sa.Connection) -> dict[int, frozenset[str]]:
    """By conversation, the events that any of its webhooks is told."""
    found: dict[int, frozenset[str]] = {}
    for id, events in connection.execute(sa.select(webhooks.c.conversation_id, webhooks.c.events)):
        found[id] = found.get(id, frozenset()) | set(_events.decode(events))
    return found


def behind(connection: sa.Connection) -> set[int]:
    """The conversations in whose log is more than was looked at."""
    rows = connection.execute(
        sa.select(webhooks.c.conversation_id)
        .join_from(webhooks, conversations, conversations.c.id == webhooks.c.conversation_id)
        .where(conversations.c.seq > webhooks.c.through_seq)
        .distinct()
    )
    return {row.conversation_id for row in rows}


def said_after(
    connection: sa.Connection, conversation_id: int, after: int, *, limit: int
) -> list[tuple[int, datetime]]:
    """The first messages with a seq above, and when they were sent."""
    rows = _SAID.run(connection, conversation_id=conversation_id, after=after, limit=limit)
    return [(row.seq, row.sent_at) for row in rows]


def changed_after(
    connection: sa.Connection, conversation_id: int, after: int, *, through: int, limit: int
) -> list[tuple[int, int]]:
    """The messages that changed after a seq and since they were said, up to `through`, and where
    they did.
    """
    rows = _CHANGED.run(
        connection, conversation_id=conversation_id, after=after, through=through, limit=limit
    )
    return [(row.seq, row.changed_seq) for row in rows]


def ready(connection: sa.Connection) -> dict[int, datetime | None]:
    """Those for which something waits, and until when they are left alone."""
    rows = connection.execute(
        sa.select(webhooks.c.id, webhooks.c.retry_at).where(
            webhooks.c.waiting > 0, webhooks.c.paused_at.is_(None)
        )
    )
    return {row.id: row.retry_at for row in rows}


def add(connection: sa.Connection, webhook: Webhook, new: Sequence[New], *, through: int) -> None:
    """Queue these; up to `through` nothing is to be looked at again."""
    if new:
        _ADD.write_many(
            connection,
            [
                {
                    "conversation_id": webhook.conversation_id,
                    "webhook_id": webhook.id,
                    "event_id": each.event_id,
                    "event": each.event,
                    "message_seq": each.message_seq,
                    "data": each.data,
                    "user_id": each.user_id,
                    "happened_at": each.happened_at,
                    "state": DeliveryState.WAITING.value,
                }
                for each in new
            ],
        )
    _FILLED.write(connection, id=webhook.id, through=through, more=len(new))


def add_again(
    connection: sa.Connection, webhook: Webhook, delivery_id: int, *, at: datetime
) -> bool:
    """Queue once more what was queued before, as new. Whether there is such a one."""
    copied = (
        "conversation_id",
        "webhook_id",
        "event_id",
        "event",
        "message_seq",
        "data",
        "user_id",
    )
    before = (
        sa.select(
            *(webhook_deliveries.c[name] for name in copied),
            sa.literal(at, Instant),
            sa.literal(DeliveryState.WAITING.value),
        )
        .where(webhook_deliveries.c.id == delivery_id)
        .where(webhook_deliveries.c.webhook_id == webhook.id)
    )
    if delivery(connection, webhook.id, delivery_id) is None:
        return False
    connection.execute(
        webhook_deliveries.insert().from_select([*copied, "happened_at", "state"], before)
    )
    _FILLED.write(connection, id=webhook.id, through=webhook.through_seq, more=1)
    return True


def was_told(connection: sa.Connection, webhook_id: int, event: str) -> bool:
    """Whether such an event is in its queue, or was."""
    found = connection.execute(
        sa.select(webhook_deliveries.c.id)
        .where(webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.event == event)
        .limit(1)
    )
    return found.one_or_none() is not None


def some(connection: sa.Connection, ids: Collection[int]) -> list[Webhook]:
    """Those of these that are there, of conversations that are not deleted."""
    rows = connection.execute(
        sa.select(*webhooks.c)
        .join_from(webhooks, conversations, conversations.c.id == webhooks.c.conversation_id)
        .where(webhooks.c.id.in_(ids), conversations.c.deleted_at.is_(None))
    )
    return [_webhook(row) for row in rows]


def first_of(connection: sa.Connection, webhook: Webhook, *, limit: int) -> list[Delivery]:
    """The first that wait, in their order."""
    rows = _FIRST.run(connection, webhook_id=webhook.id, after=webhook.done_through, limit=limit)
    return [_delivery(row) for row in rows]


def newest(connection: sa.Connection, webhook_id: int, *, limit: int) -> tuple[Delivery, ...]:
    rows = connection.execute(
        sa.select(webhook_deliveries)
        .where(webhook_deliveries.c.webhook_id == webhook_id)
        .order_by(webhook_deliveries.c.id.desc())
        .limit(limit)
    )
    return tuple(_delivery(row) for row in rows)


def delivery(connection: sa.Connection, webhook_id: int, delivery_id: int) -> Delivery | None:
    row = connection.execute(
        sa.select(webhook_deliveries).where(
            webhook_deliveries.c.id == delivery_id, webhook_deliveries.c.webhook_id == webhook_id
        )
    ).one_or_none()
    return None if row is None else _delivery(row)


def note_tries(connection: sa.Connection, tried: Sequence[Tried]) -> None:
    """What became of these."""
    _TRIED.write_many(
        connection,
        [
            {
                "id": each.delivery_id,
                "state": each.state.value,
                "more": int(each.counts),
                "status": each.status,
                "why": each.why,
                "at": each.at,
            }
            for each in tried
        ],
    )


def settle(connection: sa.Connection, webhook_id: int, *, done: int, through: int) -> None:
    """So many more wait no longer, of those up to a delivery."""
    _SETTLE.write(connection, id=webhook_id, done=done, through=through)


def forget_about(
    connection: sa.Connection, conversation_id: int, session_ids: Collection[int]
) -> None:
    """What names somebody, waiting or not."""
    its = sa.select(webhooks.c.id).where(webhooks.c.conversation_id == conversation_id)
    theirs = sa.select(participants.c.user_id).where(
        participants.c.conversation_id == conversation_id,
        participants.c.session_id.in_(session_ids),
    )
    about = sa.and_(
        webhook_deliveries.c.webhook_id.in_(its), webhook_deliveries.c.user_id.in_(theirs)
    )
    connection.execute(webhook_deliveries.delete().where(about))
    _count_waiting(connection, webhooks.c.conversation_id == conversation_id)


def forget_old(connection: sa.Connection, *, before: datetime, limit: int) -> int:
    """Of the first `limit` there are what happened before then, waiting or not; how many that were.
    Ids rise with time.
    """
    first = (
        sa.select(webhook_deliveries.c.id, webhook_deliveries.c.happened_at)
        .order_by(webhook_deliveries.c.id)
        .limit(limit)
        .subquery()
    )
    some = sa.select(first.c.id).where(first.c.happened_at < before)
    gone = connection.execute(
        webhook_deliveries.delete()
        .where(webhook_deliveries.c.id.in_(some))
        .returning(webhook_deliveries.c.webhook_id, webhook_deliveries.c.state)
    ).all()
    waited = {row.webhook_id for row in gone if row.state == DeliveryState.WAITING.value}
    if waited:
        _count_waiting(connection, webhooks.c.id.in_(waited))
    return len(gone)


def forget_done(connection: sa.Connection, webhook: Webhook, *, but: int, limit: int) -> int:
    """Of what waits no more all but the newest `but`, `limit` at most; how many went."""
    of_it = webhook_deliveries.c.webhook_id == webhook.id
    last = (
        sa.select(webhook_deliveries.c.id)
        .where(of_it, webhook_deliveries.c.id <= webhook.done_through)
        .order_by(webhook_deliveries.c.id.desc())
        .offset(but)
        .limit(1)
        .scalar_subquery()
    )
    some = (
        sa.select(webhook_deliveries.c.id)
        .where(of_it, webhook_deliveries.c.id <= last)
        .order_by(webhook_deliveries.c.id)
        .limit(limit)
    )
    gone = connection.execute(webhook_deliveries.delete().where(webhook_deliveries.c.id.in_(some)))
    return gone.rowcount


def _count_waiting(connection: sa.Connection, which: Any) -> None:
    count = (
        sa.select(sa.func.count())
        .where(
            webhook_deliveries.c.webhook_id == webhooks.c.id,
            webhook_deliveries.c.id > webhooks.c.done_through,
        )
        .scalar_subquery()
    )
    connection.execute(webhooks.update().where(which).values(waiting=count))


def _encoded(events: Sequence[str]) -> str:
    return msgspec.json.encode(events).decode()


def _webhook(row: Any) -> Webhook:
    return Webhook(
        id=row.id,
        conversation_id=row.conversation_id,
        url=row.url,
        events=_events.decode(row.events),
        salt=row.salt,
        created_at=row.created_at,
        through_seq=row.through_seq,
        done_through=row.done_through,
        waiting=row.waiting,
        paused_at=row.paused_at,
        paused_for=None if row.paused_for is None else PausedFor(row.paused_for),
        failing_since=row.failing_since,
        failures=row.failures,
        retry_at=row.retry_at,
        took_at=row.took_at,
    )


def _delivery(row: Any) -> Delivery:
    return Delivery(
        id=row.id,
        webhook_id=row.webhook_id,
        conversation_id=row.conversation_id,
        event_id=row.event_id,
        event=row.event,
        message_seq=row.message_seq,
        data=row.data,
        happened_at=row.happened_at,
        state=DeliveryState(row.state),
        tries=row.tries,
        status=row.status,
        why=row.why,
        tried_at=row.tried_at,
    )
