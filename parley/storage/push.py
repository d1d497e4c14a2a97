"""Devices that are notified, of what, and what each is to be told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from parley.records import Device, Follower, Level, Notice, QuietHours, Role, Subject, Wanted
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import (
    Instant,
    conversations,
    grants,
    mentions,
    messages,
    notices,
    notification_levels,
    participants,
    push_devices,
)

_DEVICE = list(push_devices.c)
_BY_ENDPOINT = Prepared(
    sa.select(*_DEVICE).where(push_devices.c.endpoint == p("endpoint")), _DEVICE
)
_BY_SESSION = Prepared(
    sa.select(*_DEVICE)
    .where(push_devices.c.session_id == p("session_id"))
    .order_by(push_devices.c.added_at.desc(), push_devices.c.id.desc()),
    _DEVICE,
)
_NOT_GIVEN = ("id", "took_at", "failing_since", "failures")
_ADD = Prepared(
    push_devices.insert()
    .values(values([c for c in push_devices.c if c.name not in _NOT_GIVEN]))
    .returning(*_DEVICE),
    _DEVICE,
)
_CHOICES = ("shows_words", "quiet_from", "quiet_until", "time_zone")
_CHANGE = Prepared(
    push_devices.update()
    .where(push_devices.c.id == p("id"))
    .values(values([push_devices.c[name] for name in _CHOICES]))
    .returning(*_DEVICE),
    _DEVICE,
)
_REMOVE = Prepared(push_devices.delete().where(push_devices.c.id == p("id")))
_REMOVE_NOTICES = Prepared(notices.delete().where(notices.c.device_id == p("id")))
_SESSIONS = Prepared(sa.select(push_devices.c.session_id).distinct(), [push_devices.c.session_id])
_TOOK = Prepared(
    push_devices.update()
    .where(push_devices.c.id == p("id"))
    .values(took_at=p("at"), failing_since=None, failures=0)
)
_FAILED = Prepared(
    push_devices.update()
    .where(push_devices.c.id == p("id"))
    .values(
        failing_since=sa.func.coalesce(push_devices.c.failing_since, p("at", Instant)),
        failures=push_devices.c.failures + 1,
    )
)

_level = notification_levels.c
_OF_LEVEL = sa.and_(
    _level.conversation_id == p("conversation_id"), _level.session_id == p("session_id")
)
_WANTED_COLUMNS = [_level.level, _level.quiet_until]
_WANTED = Prepared(sa.select(*_WANTED_COLUMNS).where(_OF_LEVEL), _WANTED_COLUMNS)
_given = insert(notification_levels).values(values([c for c in _level if c.name != "untold_since"]))
_WANT = Prepared(
    _given.on_conflict_do_update(
        index_elements=[_level.conversation_id, _level.session_id],
        set_={"level": _given.excluded.level, "quiet_until": _given.excluded.quiet_until},
    )
)

_FOLLOWER = [
    push_devices.c.id.label("device_id"),
    participants.c.session_id,
    participants.c.user_id,
    *_WANTED_COLUMNS,
]
_TAKES_PART = sa.and_(participants.c.removed_at.is_(None), participants.c.left_for_good.is_(False))
_FOLLOWERS = Prepared(
    sa.select(*_FOLLOWER)
    .select_from(participants)
    .join(push_devices, push_devices.c.session_id == participants.c.session_id)
    .outerjoin(
        notification_levels,
        sa.and_(
            _level.conversation_id == participants.c.conversation_id,
            _level.session_id == participants.c.session_id,
        ),
    )
    .where(
        participants.c.conversation_id == p("conversation_id"),
        participants.c.user_id > p("after"),
        _TAKES_PART,
    )
    # By the people's own key, so that a page ends where the next begins.
    .order_by(participants.c.user_id, push_devices.c.id)
    .limit(p("limit")),
    _FOLLOWER,
)
_owners = sa.union(
    sa.select(conversations.c.owner_session_id.label("session_id")).where(
        conversations.c.id == p("conversation_id")
    ),
    sa.select(grants.c.session_id).where(
        grants.c.conversation_id == p("conversation_id"), grants.c.role == Role.OWNER.value
    ),
).subquery("owners")
_OWNER_COLUMNS = [push_devices.c.id.label("device_id"), push_devices.c.session_id, *_WANTED_COLUMNS]
_OWNERS = Prepared(
    sa.select(*_OWNER_COLUMNS)
    .select_from(_owners)
    .join(push_devices, push_devices.c.session_id == _owners.c.session_id)
    .outerjoin(
        notification_levels,
        sa.and_(
            _level.conversation_id == p("conversation_id"),
            _level.session_id == push_devices.c.session_id,
        ),
    )
    .limit(p("limit")),
    _OWNER_COLUMNS,
)
_some = (
    sa.select(participants.c.user_id)
    .where(participants.c.conversation_id == p("conversation_id"), _TAKES_PART)
    .limit(p("limit"))
    .subquery()
)
_count = sa.func.count().label("count")
_HOW_MANY = Prepared(sa.select(_count).select_from(_some), [_count])
_AUTHORS = Prepared(
    sa.select(messages.c.user_id)
    .where(
        messages.c.conversation_id == p("conversation_id"),
        messages.c.seq >= p("since"),
        messages.c.deleted_at.is_(None),
    )
    .order_by(messages.c.seq.desc())
    .limit(p("limit")),
    [messages.c.user_id],
)
_MEANT = Prepared(
    sa.select(mentions.c.user_id)
    .where(mentions.c.conversation_id == p("conversation_id"), mentions.c.seq >= p("since"))
    .distinct()
    .limit(p("limit")),
    [mentions.c.user_id],
)
_first = sa.func.min(messages.c.seq).label("first")
_SAID_SINCE = Prepared(
    sa.select(conversations.c.id, _first)
    .join(messages, messages.c.conversation_id == conversations.c.id)
    .where(
        conversations.c.deleted_at.is_(None),
        conversations.c.last_activity_at >= p("at", Instant),
        messages.c.sent_at >= p("at", Instant),
    )
    .group_by(conversations.c.id),
    [conversations.c.id, _first],
)
_NEWEST_MEANT = Prepared(
    sa.select(mentions.c.seq)
    .where(
        mentions.c.conversation_id == p("conversation_id"),
        mentions.c.user_id == p("user_id"),
        mentions.c.seq > p("after"),
    )
    .order_by(mentions.c.seq.desc())
    .limit(1),
    [mentions.c.seq],
)
_SAID_BY_OTHERS = Prepared(
    sa.select(messages.c.seq)
    .where(
        messages.c.conversation_id == p("conversation_id"),
        messages.c.seq > p("after"),
        messages.c.user_id != p("user_id"),
        messages.c.deleted_at.is_(None),
    )
    .order_by(messages.c.seq.desc())
    .limit(1),
    [messages.c.seq],
)

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
_was_shown = sa.func.min(sa.func.coalesce(notices.c.shown_at, 0), _asked.excluded.since)
_MAKE_DUE = Prepared(
    _asked.on_conflict_do_update(
        index_elements=[notices.c.device_id, notices.c.conversation_id, notices.c.subject],
        set_={
            # What is on its way already tells this, too; and one that was just told rests.
            "due_at": sa.func.coalesce(
                notices.c.due_at,
                sa.func.max(_asked.excluded.due_at, _was_shown + p("rest_ms", sa.BigInteger)),
            ),
            # What it tells then is no older than what was said last.
            "since": sa.case(
                (notices.c.due_at.is_(None), _asked.excluded.since),
                else_=sa.func.max(notices.c.since, _asked.excluded.since),
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


def device_at(connection: sa.Connection, endpoint: str) -> Device | None:
    row = _BY_ENDPOINT.first(connection, endpoint=endpoint)
    return None if row is None else _device(row)


def devices(connection: sa.Connection, session_id: int) -> list[Device]:
    """Of a session, the latest first."""
    return [_device(row) for row in _BY_SESSION.run(connection, session_id=session_id)]


def add(
    connection: sa.Connection,
    *,
    session_id: int,
    endpoint: str,
    key: bytes,
    auth: bytes,
    shows_words: bool,
    quiet_hours: QuietHours | None,
    at: datetime,
) -> Device:
    row = _ADD.first(
        connection,
        session_id=session_id,
        endpoint=endpoint,
        key=key,
        auth=auth,
        added_at=at,
        **_choices(shows_words, quiet_hours),
    )
    return _device(row)


def change(
    connection: sa.Connection,
    device_id: int,
    *,
    shows_words: bool,
    quiet_hours: QuietHours | None,
) -> Device:
    """What its holder chose."""
    return _device(_CHANGE.first(connection, id=device_id, **_choices(shows_words, quiet_hours)))


def remove(connection: sa.Connection, device_id: int) -> None:
    """And what it was to be told."""
    _REMOVE_NOTICES.write(connection, id=device_id)
    _REMOVE.write(connection, id=device_id)


def remove_all(connection: sa.Connection, session_id: int) -> int:
    """How many a session had."""
    found = devices(connection, session_id)
    for device in found:
        remove(connection, device.id)
    return len(found)


def sessions(connection: sa.Connection) -> set[int]:
    """The ids of all that have a device."""
    return {row.session_id for row in _SESSIONS.run(connection)}


def took(connection: sa.Connection, device_id: int, *, at: datetime) -> None:
    _TOOK.write(connection, id=device_id, at=at)


def failed(connection: sa.Connection, device_id: int, *, at: datetime) -> None:
    """Its push service took nothing; since when is kept."""
    _FAILED.write(connection, id=device_id, at=at)


def wanted(connection: sa.Connection, conversation_id: int, session_id: int) -> Wanted:
    row = _WANTED.first(connection, conversation_id=conversation_id, session_id=session_id)
    return Wanted() if row is None else _wanted(row)


def want(connection: sa.Connection, conversation_id: int, session_id: int, decided: Wanted) -> None:
    _WANT.write(
        connection,
        conversation_id=conversation_id,
        session_id=session_id,
        level=None if decided.level is None else decided.level.value,
        quiet_until=decided.quiet_until,
    )


def followers(
    connection: sa.Connection, conversation_id: int, *, after: str = "", limit: int
) -> list[Follower]:
    """Who takes part and has a device, after a user_id, and a row for each device."""
    rows = _FOLLOWERS.run(connection, conversation_id=conversation_id, after=after, limit=limit)
    return [Follower(row.device_id, row.session_id, row.user_id, _wanted(row)) for row in rows]


def owners(connection: sa.Connection, conversation_id: int, *, limit: int) -> list[Follower]:
    """The owners that have a device, whether they joined or not."""
    rows = _OWNERS.run(connection, conversation_id=conversation_id, limit=limit)
    return [Follower(row.device_id, row.session_id, "", _wanted(row)) for row in rows]


def how_many(connection: sa.Connection, conversation_id: int, *, limit: int) -> int:
    """How many take part, here or away, up to `limit`."""
    row = _HOW_MANY.first(connection, conversation_id=conversation_id, limit=limit)
    return int(row.count)


def authors(connection: sa.Connection, conversation_id: int, *, since: int, limit: int) -> set[str]:
    """Who said something from a seq on."""
    rows = _AUTHORS.run(connection, conversation_id=conversation_id, since=since, limit=limit)
    return {row.user_id for row in rows}


def meant(connection: sa.Connection, conversation_id: int, *, since: int, limit: int) -> set[str]:
    """Whom something meant or answered from a seq on."""
    rows = _MEANT.run(connection, conversation_id=conversation_id, since=since, limit=limit)
    return {row.user_id for row in rows}


def said_since(connection: sa.Connection, at: datetime) -> dict[int, int]:
    """The conversations in which something was said since then, and from which seq on."""
    return {row.id: row.first for row in _SAID_SINCE.run(connection, at=at)}


def newest_for(
    connection: sa.Connection, conversation_id: int, user_id: str, *, after: int, level: Level
) -> int | None:
    """The seq of the last that somebody is to be notified of; None where there is none."""
    statement = _NEWEST_MEANT if level is Level.MENTIONS else _SAID_BY_OTHERS
    row = statement.first(connection, conversation_id=conversation_id, user_id=user_id, after=after)
    return None if row is None else int(row.seq)


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
    return [(_notice(row), _device(row, "of_")) for row in rows]


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


def _choices(shows_words: bool, quiet_hours: QuietHours | None) -> dict[str, Any]:
    return {
        "shows_words": shows_words,
        "quiet_from": None if quiet_hours is None else quiet_hours.start,
        "quiet_until": None if quiet_hours is None else quiet_hours.end,
        "time_zone": "" if quiet_hours is None else quiet_hours.time_zone,
    }


def _of(notice: Notice) -> dict[str, Any]:
    return {
        "device_id": notice.device_id,
        "conversation_id": notice.conversation_id,
        "subject": notice.subject.value,
    }


def _wanted(row: Any) -> Wanted:
    return Wanted(None if row.level is None else Level(row.level), row.quiet_until)


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


def _device(row: Any, prefix: str = "") -> Device:
    def of(name: str) -> Any:
        return getattr(row, prefix + name)

    quiet = None
    if of("quiet_from") is not None:
        quiet = QuietHours(of("quiet_from"), of("quiet_until"), of("time_zone"))
    return Device(
        id=of("id"),
        session_id=of("session_id"),
        endpoint=of("endpoint"),
        key=of("key"),
        auth=of("auth"),
        shows_words=of("shows_words"),
        quiet_hours=quiet,
        added_at=of("added_at"),
        took_at=of("took_at"),
        failing_since=of("failing_since"),
        failures=of("failures"),
    )
