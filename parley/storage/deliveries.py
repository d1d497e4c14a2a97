"""What is on its way to webhooks, and what was sent to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from parley.records import Delivery, DeliveryState, Webhook
from parley.storage import webhooks as stored
from parley.storage.prepared import Prepared, p
from parley.storage.schema import Instant, participants, webhook_deliveries, webhooks

_ADD = Prepared(
    webhook_deliveries.insert().values(
        {
            name: p(name)
            for name in (
                *("conversation_id", "webhook_id", "event_id", "event"),
                *("data", "user_id", "happened_at", "state"),
            )
        }
    )
)
_ADD_TO_ALL = Prepared(
    webhook_deliveries.insert().from_select(
        [
            *("conversation_id", "webhook_id", "event_id", "event"),
            *("message_seq", "happened_at", "state"),
        ],
        sa.select(
            webhooks.c.conversation_id,
            webhooks.c.id,
            p("event_id", sa.Text),
            p("event", sa.Text),
            p("message_seq", sa.BigInteger),
            p("happened_at", Instant),
            p("state", sa.Text),
        )
        .where(
            webhooks.c.conversation_id == p("conversation_id"),
            webhooks.c.through_seq == p("after"),
            webhooks.c.waiting < p("most"),
            webhooks.c.events.like(p("wanted", sa.Text)),
        )
        .order_by(webhooks.c.id),
    )
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


class New(Struct, frozen=True):
    """What is to be told, and has no place in the log."""

    event_id: str
    event: str
    data: str
    """In JSON."""
    user_id: str | None
    happened_at: datetime


class Logged(Struct, frozen=True):
    """What is to be told of a message."""

    event_id: str
    """The same for all that are told, as Standard Webhooks has it."""
    event: str
    message_seq: int
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


def add(connection: sa.Connection, webhook: Webhook, new: Sequence[New]) -> None:
    """Queue these for one."""
    if not new:
        return
    _ADD.write_many(
        connection,
        [
            {
                "conversation_id": webhook.conversation_id,
                "webhook_id": webhook.id,
                "event_id": each.event_id,
                "event": each.event,
                "data": each.data,
                "user_id": each.user_id,
                "happened_at": each.happened_at,
                "state": DeliveryState.WAITING.value,
            }
            for each in new
        ],
    )
    stored.note_more(connection, webhook.id, len(new))


def add_to_all(
    connection: sa.Connection, conversation_id: int, after: int, new: Sequence[Logged], *, most: int
) -> int:
    """Queue these for all that want them, are at one place of the log, and for which fewer than
    `most` wait; how many rows that were.
    """
    rows = [
        {
            "conversation_id": conversation_id,
            "after": after,
            "most": most,
            "event_id": each.event_id,
            "event": each.event,
            "wanted": stored.wanting(each.event),
            "message_seq": each.message_seq,
            "happened_at": each.happened_at,
            "state": DeliveryState.WAITING.value,
        }
        for each in new
    ]
    return _ADD_TO_ALL.write_many(connection, rows) if rows else 0


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
    stored.note_more(connection, webhook.id, 1)
    return True


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
