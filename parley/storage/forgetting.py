"""What nobody needs any more: sessions that take part in nothing, conversations that stayed
empty; and who has joined without a socket and has not called since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from parley.records import Participant
from parley.storage import mail, push
from parley.storage.participants import PRESENT, participant
from parley.storage.prepared import Prepared, p
from parley.storage.schema import (
    OF_ACCOUNT,
    TAKEN_UP,
    Instant,
    accounts,
    audit,
    conversations,
    desk_conversations,
    desks,
    grants,
    hooks,
    invited,
    knocks,
    messages,
    notification_levels,
    participants,
    pinned_conversations,
    sessions,
)
from parley.storage.sessions import UNPROVEN_MAX

STEP_ROWS = 25
"""Written before the time is looked at."""

_SEE = Prepared(sessions.update().where(sessions.c.id == p("id")).values(seen_at=p("at")))
_SEE_IN = Prepared(
    participants.update()
    .where(
        participants.c.conversation_id
        == sa.select(conversations.c.id)
        .where(conversations.c.room_id == p("room_id"))
        .scalar_subquery(),
        participants.c.session_id == p("session_id"),
        PRESENT,
    )
    .values(called_at=p("at"))
)
_IN_ORDER = (participants.c.conversation_id, participants.c.joined_at, participants.c.user_id)
_PRESENT_AFTER = Prepared(
    sa.select(participants)
    .where(
        PRESENT,
        sa.tuple_(*_IN_ORDER)
        > sa.tuple_(
            p("conversation_id", sa.BigInteger), p("joined_at", Instant), p("user_id", sa.Text)
        ),
    )
    .order_by(*_IN_ORDER)
    .limit(p("limit")),
    participants.c,
)
_IS_EMPTY = sa.and_(
    conversations.c.deleted_at.is_(None),
    conversations.c.message_count == 0,
    conversations.c.erased_through == 0,
    conversations.c.participant_count == 0,
    conversations.c.created_at < p("before", Instant),
    ~sa.exists().where(messages.c.conversation_id == conversations.c.id),
    ~sa.exists().where(
        participants.c.conversation_id == conversations.c.id,
        sa.func.coalesce(participants.c.left_at, participants.c.joined_at) >= p("before", Instant),
    ),
    # Somebody who asked to come in may yet be let in.
    ~sa.exists().where(knocks.c.conversation_id == conversations.c.id),
    # A program that tells of what seldom fails may yet speak for the first time.
    ~sa.exists().where(hooks.c.conversation_id == conversations.c.id),
    ~sa.exists().where(
        audit.c.conversation_id == conversations.c.id, audit.c.at >= p("before", Instant)
    ),
)
_EMPTY_COLUMNS = [conversations.c.id, _IS_EMPTY.label("is_empty")]
_CONVERSATIONS_AFTER = Prepared(
    sa.select(*_EMPTY_COLUMNS)
    .where(conversations.c.id > p("after"))
    .order_by(conversations.c.id)
    .limit(p("limit")),
    _EMPTY_COLUMNS,
)
_IS_STILL_EMPTY = Prepared(
    sa.select(conversations.c.id).where(conversations.c.id == p("id"), _IS_EMPTY),
    [conversations.c.id],
)
# The newest is never old enough: SQLite would give its number to the next one, and whatever still
# knew it would be somebody else's.
# Nor is an account's, its devices', or what was brought into it: messages are still its own.
_IS_OLD = sa.and_(
    sessions.c.id < sa.select(sa.func.max(sessions.c.id)).scalar_subquery(),
    ~sa.exists().where(accounts.c.session_id == sessions.c.id),
    ~OF_ACCOUNT,
    sessions.c.created_at < p("before", Instant),
    sa.or_(sessions.c.seen_at.is_(None), sessions.c.seen_at < p("before", Instant)),
    # Who was invited keeps that, whenever they start something.
    ~sa.exists().where(invited.c.session_id == sessions.c.id),
    # Nor does anybody lose their desk, though nobody wrote to them for long.
    ~sa.exists().where(desks.c.session_id == sessions.c.id),
    # Who started something at one, and whom the server could not answer any more, is in it nowhere.
    ~sa.exists().where(desk_conversations.c.session_id == sessions.c.id),
)
_SESSION_COLUMNS = [
    sessions.c.id,
    sessions.c.unproven_in,
    _IS_OLD.label("is_old"),
    # Whom another session took up, the first may win back.
    sa.exists().where(participants.c.first_session_id == sessions.c.id, TAKEN_UP).label("is_first"),
]
_SESSIONS_AFTER = Prepared(
    sa.select(*_SESSION_COLUMNS)
    .where(sessions.c.id > p("after"))
    .order_by(sessions.c.id)
    .limit(p("limit")),
    _SESSION_COLUMNS,
)
_IS_THERE = Prepared(
    sa.select(conversations.c.id).where(conversations.c.id == p("id")), [conversations.c.id]
)
_ERASE_SESSION = Prepared(sessions.delete().where(sessions.c.id == p("id"), _IS_OLD))
_ERASE_CHOICES = [
    Prepared(table.delete().where(table.c.session_id == p("id")))
    for table in (notification_levels, pinned_conversations)
]


class Caller(Struct, frozen=True):
    """Somebody who has joined and not left, and when they last called about it or came, as far as
    that is stored.
    """

    person: Participant
    called_at: datetime


class Place(Struct, frozen=True):
    """Where reading through a table goes on: after this row of its key."""

    table: str
    key: tuple[int, int] = (0, 0)


def see(
    connection: sa.Connection,
    session_ids: list[int],
    is_time_left: Callable[[], bool],
    *,
    at: datetime,
) -> list[int]:
    """Note that these called, while there is time; those of which that is noted now."""
    for count, session_id in enumerate(session_ids, 1):
        _SEE.write(connection, id=session_id, at=at)
        if count % STEP_ROWS == 0 and not is_time_left():
            return session_ids[:count]
    return session_ids


def see_in(
    connection: sa.Connection,
    calls: list[tuple[int, str]],
    is_time_left: Callable[[], bool],
    *,
    at: datetime,
) -> list[tuple[int, str]]:
    """Note which conversations, by their room ids, sessions called about, while there is time;
    those calls that are noted now. Whoever is not in one is left out.
    """
    for count, (session_id, room_id) in enumerate(calls, 1):
        _SEE_IN.write(connection, session_id=session_id, room_id=room_id, at=at)
        if count % STEP_ROWS == 0 and not is_time_left():
            return calls[:count]
    return calls


def present_after(
    connection: sa.Connection, last: Participant | None, *, limit: int
) -> list[Caller]:
    """Some of all who have joined and not left, in whichever conversation: those after `last`."""
    rows = _PRESENT_AFTER.run(
        connection,
        conversation_id=-1 if last is None else last.conversation_id,
        joined_at=None if last is None else last.joined_at,
        user_id="" if last is None else last.user_id,
        limit=limit,
    )
    return [Caller(participant(row), row.called_at or row.joined_at) for row in rows]


def empty_after(
    connection: sa.Connection, after: int, *, before: datetime, limit: int
) -> tuple[int | None, list[int]]:
    """The last of the next `limit` conversations, None where there is none; and the ones of them
    in which nobody ever spoke, nobody is, and nothing happened since `before`.
    """
    rows = _CONVERSATIONS_AFTER.run(connection, after=after, before=before, limit=limit)
    return (rows[-1].id if rows else None), [row.id for row in rows if row.is_empty]


def is_empty(connection: sa.Connection, conversation_id: int, *, before: datetime) -> bool:
    return _IS_STILL_EMPTY.first(connection, id=conversation_id, before=before) is not None


def old_sessions_after(
    connection: sa.Connection, after: int, *, before: datetime, limit: int
) -> tuple[int | None, list[int]]:
    """The last of the next `limit` sessions, None where there is none; and the ones of them that
    have not called since `before` and may take part in nothing.
    """
    rows = _SESSIONS_AFTER.run(connection, after=after, before=before, limit=limit)
    old = [row for row in rows if row.is_old and not row.is_first]
    ids = [row.id for row in old if not _may_have_spoken(connection, row.unproven_in or "")]
    return (rows[-1].id if rows else None), ids


def _may_have_spoken(connection: sa.Connection, unproven_in: str) -> bool:
    """Whether there may be a message of a session that nobody is any more: whoever another took
    up was unproven there.
    """
    noted = unproven_in.split()
    return len(noted) >= UNPROVEN_MAX or any(
        _IS_THERE.first(connection, id=int(id)) for id in noted
    )


def _pairs(table: sa.Table) -> Prepared:
    key = (table.c.conversation_id, table.c.session_id)
    start = sa.tuple_(p("first", sa.BigInteger), p("second", sa.BigInteger))
    return Prepared(
        sa.select(*key).where(sa.tuple_(*key) > start).order_by(*key).limit(p("limit")), key
    )


_OWNERS = Prepared(
    sa.select(conversations.c.id, conversations.c.owner_session_id)
    .where(conversations.c.id > p("first"))
    .order_by(conversations.c.id)
    .limit(p("limit")),
    [conversations.c.id, conversations.c.owner_session_id],
)
_TAKING_PART = {
    "conversations": _OWNERS,
    **{table.name: _pairs(table) for table in (participants, grants, knocks)},
}
TABLES = tuple(_TAKING_PART)
"""Those that say what a session takes part in. No index leads there from a session: it would cost
every join a page. So they are read through, by their keys.
"""


def taking_part(
    connection: sa.Connection, place: Place, *, limit: int
) -> tuple[Place | None, set[int]]:
    """The sessions in the next `limit` rows, and where it goes on; None where the table ends."""
    given: dict[str, Any] = {"first": place.key[0], "limit": limit}
    if place.table != conversations.name:
        given["second"] = place.key[1]
    rows = _TAKING_PART[place.table].run(connection, **given)
    ids = {row[1] for row in rows}
    if len(rows) < limit:
        return None, ids
    return Place(place.table, (rows[-1][0], rows[-1][1])), ids


def erase_sessions(connection: sa.Connection, ids: Iterable[int], *, before: datetime) -> int:
    """How many went, with their devices and what they wanted. Only for sessions that take part in
    nothing, by `write_unreferenced`.
    """
    return sum(_erase_session(connection, id, before) for id in ids)


def _erase_session(connection: sa.Connection, id: int, before: datetime) -> int:
    count = _ERASE_SESSION.write(connection, id=id, before=before)
    if count:
        push.remove_all(connection, id)
        for choices in _ERASE_CHOICES:
            choices.write(connection, id=id)
        mail.forget_session(connection, id)
    return count


_LATEST = tuple(
    Prepared(sa.select(latest), (latest,))
    for latest in (
        sa.func.max(column).label("at")
        for column in (
            conversations.c.last_activity_at,
            sessions.c.created_at,
            sessions.c.seen_at,
        )
    )
)


def newest(connection: sa.Connection) -> datetime | None:
    """When somebody last came or spoke, or was last seen; None in a new database."""
    found = (latest.run(connection)[0].at for latest in _LATEST)
    return max((at for at in found if at is not None), default=None)
