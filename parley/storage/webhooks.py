"""Addresses that are told what happens, and what is on its way to them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from parley.records import PausedFor, Webhook
from parley.storage.prepared import Prepared, p
from parley.storage.schema import (
    CHANGED_LATER,
    conversations,
    messages,
    webhook_deliveries,
    webhooks,
)

_events = msgspec.json.Decoder(tuple[str, ...])
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
_PLACES = Prepared(
    sa.select(webhooks.c.through_seq)
    .where(webhooks.c.conversation_id == p("conversation_id"), webhooks.c.waiting < p("most"))
    .distinct(),
    [webhooks.c.through_seq],
)
_WAITED_FOR = Prepared(
    sa.select(webhooks.c.id).where(
        webhooks.c.conversation_id == p("conversation_id"), webhooks.c.waiting > 0
    ),
    [webhooks.c.id],
)


def wanting(event: str) -> str:
    """For LIKE: how the list of events looks in which this one is."""
    return f'%"{event}"%'


def _wants(event: str) -> sa.ColumnElement[bool]:
    return webhooks.c.events.like(wanting(event))


_FILLED = Prepared(
    webhooks.update()
    .where(
        webhooks.c.conversation_id == p("conversation_id"),
        webhooks.c.through_seq == p("after"),
        webhooks.c.waiting < p("most"),
    )
    .values(
        through_seq=p("through"),
        waiting=webhooks.c.waiting
        + sa.case((_wants("new_message"), p("said", sa.Integer)), else_=0)
        + sa.case((_wants("message_changed"), p("changed", sa.Integer)), else_=0),
    )
)
_MORE = Prepared(
    webhooks.update().where(webhooks.c.id == p("id")).values(waiting=webhooks.c.waiting + p("more"))
)
_SETTLE = Prepared(
    webhooks.update()
    .where(webhooks.c.id == p("id"))
    .values(
        # Some may have been forgotten since they were read, and wait no more already.
        waiting=webhooks.c.waiting
        - sa.select(sa.func.count())
        .select_from(webhook_deliveries)
        .where(
            webhook_deliveries.c.webhook_id == webhooks.c.id,
            webhook_deliveries.c.id > webhooks.c.done_through,
            webhook_deliveries.c.id <= p("through"),
        )
        .correlate(webhooks)
        .scalar_subquery(),
        done_through=p("through"),
    )
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


def some(connection: sa.Connection, ids: Collection[int]) -> list[Webhook]:
    """Those of these that are there, of conversations that are not deleted."""
    rows = connection.execute(
        sa.select(*webhooks.c)
        .join_from(webhooks, conversations, conversations.c.id == webhooks.c.conversation_id)
        .where(webhooks.c.id.in_(ids), conversations.c.deleted_at.is_(None))
    )
    return [_webhook(row) for row in rows]


def places(connection: sa.Connection, conversation_id: int, *, most: int) -> list[int]:
    """Up to where the log was looked at for those for which fewer than `most` wait."""
    rows = _PLACES.run(connection, conversation_id=conversation_id, most=most)
    return [row.through_seq for row in rows]


def waited_for(connection: sa.Connection, conversation_id: int) -> list[int]:
    """The ids of those for which something waits, paused or not."""
    return [row.id for row in _WAITED_FOR.run(connection, conversation_id=conversation_id)]


def note_filled(
    connection: sa.Connection,
    conversation_id: int,
    after: int,
    *,
    through: int,
    said: int,
    changed: int,
    most: int,
) -> None:
    """For those at one place of the log so many events of each kind were queued that they want, and
    up to `through` nothing is to be looked at again.
    """
    _FILLED.write(
        connection,
        conversation_id=conversation_id,
        after=after,
        through=through,
        said=said,
        changed=changed,
        most=most,
    )


def note_more(connection: sa.Connection, webhook_id: int, more: int) -> None:
    """So many more wait."""
    _MORE.write(connection, id=webhook_id, more=more)


def settle(connection: sa.Connection, webhook_id: int, *, through: int) -> None:
    """Those up to a delivery wait no longer."""
    _SETTLE.write(connection, id=webhook_id, through=through)


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
