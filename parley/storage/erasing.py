"""Erasing, bit by bit: what is of deleted conversations, and messages whose time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.storage import files, search
from parley.storage import reports as stored_reports
from parley.storage.prepared import Prepared, p
from parley.storage.schema import (
    DELETED,
    Instant,
    asks,
    audit,
    bots,
    call_peers,
    calls,
    claims,
    complaints,
    contact_invites,
    conversations,
    desk_conversations,
    drafts,
    epochs,
    former_names,
    grants,
    hooks,
    knocks,
    links,
    looks,
    mentions,
    messages,
    notification_levels,
    old_links,
    participants,
    pinned_conversations,
    reactions,
    readings,
    reports,
    search_loose,
    search_segments,
    search_states,
    webhook_deliveries,
    webhooks,
)
from parley.storage.schema import files as stored_files

STEP_ROWS = 25
"""Erased by one statement; then the time is looked at. Long messages take eight pages each."""
ROUND_TRIP_ROWS = 200
"""The same on PostgreSQL, where a statement costs more than the rows do."""
LOOKS = 64
"""At so many places, the same distance apart, a conversation is looked at for outdated messages."""
LOOKS_APART = 100
"""The least distance between two of them, in seqs."""

_OF_ONE = messages.c.conversation_id == p("conversation_id")
_FIRST_DELETED = Prepared(
    sa.select(conversations.c.id).where(DELETED).order_by(conversations.c.id).limit(1),
    [conversations.c.id],
)
_ERASE_LAST = Prepared(conversations.delete().where(conversations.c.id == p("id")))
_NEXT = Prepared(
    sa.select(messages.c.seq, messages.c.sent_at)
    .where(_OF_ONE, messages.c.seq >= p("seq"))
    .order_by(messages.c.seq)
    .limit(p("limit")),
    [messages.c.seq, messages.c.sent_at],
)
_ERASE_THROUGH = Prepared(messages.delete().where(_OF_ONE, messages.c.seq <= p("seq")))
_ERASE_OF_THEM = [
    Prepared(
        table.delete().where(
            table.c.conversation_id == p("conversation_id"), table.c.seq <= p("seq")
        )
    )
    for table in (reactions, mentions)
]


def _erase_some(table: sa.Table) -> Prepared:
    # Compared by one column: SQLite finds pairs with a text in them by reading all there are.
    *of, key = table.primary_key.columns
    is_of_it = table.c.conversation_id == p("conversation_id")
    some = sa.select(key).where(is_of_it).limit(p("limit"))
    # PostgreSQL would read the whole conversation for each few, or all again that went before: so
    # they are found in the order of an index, and by their places.
    ctid: sa.ColumnClause[Any] = sa.column("ctid")
    own = table.alias("own")
    places = (
        sa.select(ctid)
        .select_from(own)
        .where(own.c.conversation_id == p("conversation_id"))
        .order_by(own.c.conversation_id, own.c.get("seq", own.c[key.name]))
        .limit(p("limit"))
    )
    array = sa.func.array(places.scalar_subquery())
    return Prepared(
        table.delete().where(key.in_(some), *([is_of_it] if of else [])),
        on_postgresql=table.delete().where(ctid == sa.any_(array)),
    )


def _erase_deliveries() -> Prepared:
    """Those have no index by their conversation."""
    some = (
        sa.select(webhook_deliveries.c.id)
        .join_from(webhooks, webhook_deliveries, webhook_deliveries.c.webhook_id == webhooks.c.id)
        .where(webhooks.c.conversation_id == p("conversation_id"))
        .limit(p("limit"))
    )
    return Prepared(webhook_deliveries.delete().where(webhook_deliveries.c.id.in_(some)))


_ERASE = [
    _erase_deliveries(),
    # Grants name links, so they go before those.
    *(
        _erase_some(table)
        for table in (
            search_loose,
            search_states,
            reactions,
            mentions,
            messages,
            grants,
            links,
            knocks,
            contact_invites,
            desk_conversations,
            claims,
            audit,
            complaints,
            reports,
            old_links,
            readings,
            notification_levels,
            pinned_conversations,
            drafts,
            looks,
            former_names,
            call_peers,
            calls,
            asks,
            bots,
            webhooks,
            hooks,
            participants,
        )
    ),
]

_ERASE_LARGE = [_erase_some(table) for table in (search_segments, epochs)]
"""Of rows so large that the time is looked at after each."""


def mark_deleted(
    connection: sa.Connection, conversation_id: int, *, at: datetime
) -> dict[str, int]:
    """From now on nobody finds it, and nothing is said in it; how many rows are to go, by table."""
    connection.execute(
        conversations.update()
        .where(conversations.c.id == conversation_id)
        .values(
            deleted_at=at,
            ended_at=sa.func.coalesce(conversations.c.ended_at, sa.literal(at, Instant)),
        )
    )
    return {
        table.name: connection.execute(
            sa.select(sa.func.count())
            .select_from(table)
            .where(table.c.conversation_id == conversation_id)
        ).scalar_one()
        for table in (participants, links, audit, stored_files)
    }


def is_any_deleted(connection: sa.Connection) -> bool:
    """Whether there is a deleted conversation of which not all is erased."""
    return _FIRST_DELETED.first(connection) is not None


def erase_deleted(connection: sa.Connection, is_time_left: Callable[[], bool]) -> bool:
    """Erase what is of deleted conversations, while there is time; whether all of it went."""
    step = _step_rows(connection)
    while (first := _FIRST_DELETED.first(connection)) is not None:
        while files.erase_some(connection, first.id):
            if not is_time_left():
                return False
        for some in _ERASE_LARGE:
            while some.write(connection, conversation_id=first.id, limit=1):
                if not is_time_left():
                    return False
        for some in _ERASE:
            while some.write(connection, conversation_id=first.id, limit=step) == step:
                if not is_time_left():
                    return False
        _ERASE_LAST.write(connection, id=first.id)
        if not is_time_left():
            return False
    return True


def outdated_through(
    connection: sa.Connection, conversation_id: int, *, newest: int, before: datetime
) -> int | None:
    """A seq up to which all messages are outdated, about the last one; None where none is.

    Messages are dated in the order of their seqs, but for a clock that was put back: then a
    message that is outdated may stand behind some that are not. Not to read all of them for
    that, it looks here and there.
    """
    first = _seq_and_date(connection, conversation_id, 0)
    if first is None:
        return None
    found: int | None = None
    apart = max(LOOKS_APART, (newest - first[0]) // LOOKS)
    for seq in range(first[0], newest + 1, apart):
        there = _seq_and_date(connection, conversation_id, seq)
        if there is not None and there[1] < before:
            found = there[0]
    return found


def erase_outdated(
    connection: sa.Connection,
    conversation_id: int,
    *,
    through: int,
    before: datetime,
    is_time_left: Callable[[], bool],
) -> tuple[int | None, int, bool]:
    """Erase up to `through`, and from there on what was sent before, while there is time.

    The seq that was erased through, None where nothing was; how many messages went; and
    whether there may be more.
    """
    erased, count, step = None, 0, _step_rows(connection)
    while True:
        rows = _NEXT.run(connection, conversation_id=conversation_id, seq=0, limit=step)
        due = [row.seq for row in rows if row.seq <= through or row.sent_at < before]
        if not due:
            if erased is not None:
                search.forget_through(connection, conversation_id, erased)
            return erased, count, False
        erased = due[-1]
        files.erase_through(connection, conversation_id, erased)
        for of_them in _ERASE_OF_THEM:
            of_them.write(connection, conversation_id=conversation_id, seq=erased)
        stored_reports.erase_through(connection, conversation_id, erased)
        count += _ERASE_THROUGH.write(connection, conversation_id=conversation_id, seq=erased)
        if not is_time_left():
            search.forget_through(connection, conversation_id, erased)
            return erased, count, True


def _step_rows(connection: sa.Connection) -> int:
    return ROUND_TRIP_ROWS if connection.dialect.name == "postgresql" else STEP_ROWS


def _seq_and_date(
    connection: sa.Connection, conversation_id: int, seq: int
) -> tuple[int, datetime] | None:
    """Of the first message from this seq on."""
    row = _NEXT.first(connection, conversation_id=conversation_id, seq=seq, limit=1)
    return None if row is None else (row.seq, row.sent_at)
