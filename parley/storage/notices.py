"""What each device is to be told, and shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Device, Notice, Subject
from parley.storage.dialects import greatest, insert, least
from parley.storage.prepared import Prepared, p, values
from parley.storage.push import device_of
from parley.storage.schema import IS_DUE, Instant, notices, push_devices

_NOTICE = list(notices.c)
_OF_NOTICE = sa.and_(
    notices.c.device_id == p("device_id"),
    notices.c.conversation_id == p("conversation_id"),
    notices.c.subject == p("subject"),
)
_asked = insert(notices).values(
    **values([c for c in notices.c if c.name not in ("tries", "shown_seq", "shown_at")]), tries=0
)
# A clock that was set back since then keeps nobody waiting.
_was_shown = least(sa.func.coalesce(notices.c.shown_at, 0), _asked.excluded.since)
_MAKE_DUE = Prepared(
    _asked.on_conflict_do_update(
        index_elements=[notices.c.device_id, notices.c.conversation_id, notices.c.subject],
        set_={
            # What is on its way already tells this, too; and one that was just told rests.
            "due_at": sa.func.coalesce(
                notices.c.due_at,
                greatest(_asked.excluded.due_at, _was_shown + p("rest_ms", sa.BigInteger)),
            ),
            # What it tells then is no older than what was said last.
            "since": sa.case(
                (notices.c.due_at.is_(None), _asked.excluded.since),
                else_=greatest(notices.c.since, _asked.excluded.since),
            ),
            "tries": sa.case((notices.c.due_at.is_(None), 0), else_=notices.c.tries),
        },
    )
)
_DUE_COLUMNS = [*_NOTICE, *(column.label(f"of_{column.name}") for column in push_devices.c)]
_DUE = Prepared(
    sa.select(*_DUE_COLUMNS)
    .join(push_devices, push_devices.c.id == notices.c.device_id)
    .where(notices.c.due_at <= p("at", Instant))
    # Before all others those whose push service is known to take something.
    .order_by(
        sa.or_(push_devices.c.took_at.is_(None), push_devices.c.failing_since.is_not(None)),
        notices.c.due_at,
    )
    .limit(p("limit")),
    _DUE_COLUMNS,
)
_next = sa.type_coerce(sa.func.min(notices.c.due_at), Instant).label("next")
_NEXT = Prepared(sa.select(_next).where(notices.c.due_at > p("at", Instant)), [_next])
_PUT_OFF = Prepared(
    notices.update()
    .where(_OF_NOTICE, notices.c.due_at.is_not(None))
    .values(due_at=p("at", Instant), since=p("since", Instant), tries=p("tries"))
)
_SHOW = Prepared(
    notices.update()
    .where(_OF_NOTICE)
    .values(
        shown_seq=p("seq"),
        shown_at=p("at", Instant),
        tries=0,
        due_at=p("again_at", Instant),
    )
)
_REST = Prepared(notices.update().where(_OF_NOTICE).values(due_at=None, tries=0))
_SHOW_NOTHING = Prepared(
    notices.update()
    .where(_OF_NOTICE)
    .values(shown_seq=None, tries=0, due_at=p("again_at", Instant))
)
_FORGET = Prepared(notices.delete().where(_OF_NOTICE))
_SOON = {"due_at": p("at", Instant), "since": p("at", Instant), "tries": 0}
_LOOK_AT = Prepared(
    notices.update()
    .where(
        notices.c.conversation_id == p("conversation_id"),
        notices.c.subject == p("subject"),
        notices.c.shown_seq.is_not(None),
        notices.c.device_id.in_(
            sa.select(push_devices.c.id).where(push_devices.c.session_id == p("session_id"))
        ),
    )
    .values(_SOON)
)
_LOOK_AT_ALL = Prepared(
    notices.update()
    .where(
        notices.c.conversation_id == p("conversation_id"),
        notices.c.subject == p("subject"),
        notices.c.shown_seq.is_not(None),
    )
    .values(_SOON)
)

_TELL_NOW = Prepared(
    notices.update()
    .where(
        notices.c.due_at > p("at", Instant),
        notices.c.conversation_id == p("conversation_id"),
        notices.c.device_id.in_(
            sa.select(push_devices.c.id).where(push_devices.c.session_id == p("session_id"))
        ),
    )
    .values(_SOON)
)
_TELL_DEVICE_NOW = Prepared(
    notices.update()
    .where(notices.c.due_at > p("at", Instant), notices.c.device_id == p("device_id"))
    .values(_SOON)
)
_TELL_ALL_NOW = Prepared(
    notices.update()
    .where(notices.c.due_at > p("at", Instant), notices.c.since > p("at", Instant))
    .values(_SOON)
)
_LOOK_AT_SHOWN = Prepared(
    notices.update()
    .where(notices.c.shown_seq.is_not(None), notices.c.due_at.is_(None))
    .values(_SOON)
)

_last_due = sa.type_coerce(sa.func.max(notices.c.due_at), Instant).label("last_due")
_RESTING = Prepared(
    sa.select(notices.c.device_id, _last_due)
    .where(notices.c.due_at > p("after", Instant), notices.c.tries > 0)
    .group_by(notices.c.device_id),
    [notices.c.device_id, _last_due],
)

_TOLD = Prepared(
    sa.select(push_devices.c.session_id, notices.c.conversation_id)
    .join(push_devices, push_devices.c.id == notices.c.device_id)
    .distinct(),
    [push_devices.c.session_id, notices.c.conversation_id],
)


def make_due(
    connection: sa.Connection,
    device_id: int,
    conversation_id: int,
    subject: Subject,
    *,
    at: datetime,
    now: datetime,
    rest_s: float,
) -> None:
    """Have it told at a time, and no sooner than so long after it was last told."""
    _MAKE_DUE.write(
        connection,
        device_id=device_id,
        conversation_id=conversation_id,
        subject=subject.value,
        due_at=at,
        since=now,
        rest_ms=int(rest_s * 1000),
    )


def due(connection: sa.Connection, *, at: datetime, limit: int) -> list[tuple[Notice, Device]]:
    """What is to be told by now, what waits longest first."""
    rows = _DUE.run(connection, at=at, limit=limit)
    return [(_notice(row), device_of(row, "of_")) for row in rows]


def count_due(connection: sa.Connection, *, at: datetime, most: int) -> int:
    """How many are to be told by now, counted up to `most`."""
    some = sa.select(notices.c.due_at).where(IS_DUE, notices.c.due_at <= at).limit(most)
    return connection.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one()


def next_due(connection: sa.Connection, *, after: datetime) -> datetime | None:
    """When something is to be told next, of what is not to be told by then."""
    row = _NEXT.first(connection, at=after)
    at: datetime | None = row.next
    return at


def resting(connection: sa.Connection, *, after: datetime) -> dict[int, datetime]:
    """The devices for which something is to be tried again after a moment, and when."""
    return {row.device_id: row.last_due for row in _RESTING.run(connection, after=after)}


def put_off(
    connection: sa.Connection, notice: Notice, *, at: datetime, since: datetime, tries: int
) -> None:
    _PUT_OFF.write(connection, **_of(notice), at=at, since=since, tries=tries)


def tell_now(
    connection: sa.Connection, session_id: int, conversation_id: int, *, at: datetime
) -> None:
    """Have the devices of a session told what of a conversation was to be told later."""
    _TELL_NOW.write(connection, session_id=session_id, conversation_id=conversation_id, at=at)


def tell_device_now(connection: sa.Connection, device_id: int, *, at: datetime) -> None:
    """The same for one device and all conversations."""
    _TELL_DEVICE_NOW.write(connection, device_id=device_id, at=at)


def tell_all_now(connection: sa.Connection, *, at: datetime) -> int:
    """Have all told that waits since a moment which is still to come; how much that is."""
    return _TELL_ALL_NOW.write(connection, at=at)


def look_at_shown(connection: sa.Connection, *, at: datetime) -> int:
    """Have all that is shown looked at again; how much that is."""
    return _LOOK_AT_SHOWN.write(connection, at=at)


def show(
    connection: sa.Connection,
    notice: Notice,
    *,
    seq: int,
    at: datetime,
    again_at: datetime | None,
) -> None:
    """It is told now, up to `seq`."""
    _SHOW.write(connection, **_of(notice), seq=seq, at=at, again_at=again_at)


def show_nothing(connection: sa.Connection, notice: Notice, *, again_at: datetime) -> None:
    """What was shown is taken away, and something else is to be told."""
    _SHOW_NOTHING.write(connection, **_of(notice), again_at=again_at)


def rest(connection: sa.Connection, notice: Notice) -> None:
    """There is nothing to tell but what it shows."""
    _REST.write(connection, **_of(notice))


def forget(connection: sa.Connection, notice: Notice) -> None:
    """It shows nothing any more, and there is nothing to tell."""
    _FORGET.write(connection, **_of(notice))


def look_at(
    connection: sa.Connection,
    session_id: int,
    conversation_id: int,
    subject: Subject,
    *,
    at: datetime,
) -> int:
    """Have what the devices of a session show looked at again; on how many."""
    return _LOOK_AT.write(
        connection,
        session_id=session_id,
        conversation_id=conversation_id,
        subject=subject.value,
        at=at,
    )


def look_at_all(
    connection: sa.Connection, conversation_id: int, subject: Subject, *, at: datetime
) -> int:
    """The same for all who are shown something of a conversation."""
    return _LOOK_AT_ALL.write(
        connection, conversation_id=conversation_id, subject=subject.value, at=at
    )


def told(connection: sa.Connection) -> set[tuple[int, int]]:
    """The sessions that have something to be told or shown, and of which conversations."""
    return {(row.session_id, row.conversation_id) for row in _TOLD.run(connection)}


def _of(notice: Notice) -> dict[str, Any]:
    return {
        "device_id": notice.device_id,
        "conversation_id": notice.conversation_id,
        "subject": notice.subject.value,
    }


def _notice(row: Any) -> Notice:
    return Notice(
        row.device_id,
        row.conversation_id,
        Subject(row.subject),
        row.due_at,
        row.since,
        row.tries,
        row.shown_seq,
        row.shown_at,
    )
