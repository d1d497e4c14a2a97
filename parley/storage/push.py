"""Devices that are notified, and of what: who follows a conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import CALL, Device, Follower, Level, QuietHours, Role, Wanted
from parley.storage.asides import IS_ASIDE
from parley.storage.dialects import insert
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
_IS_CALL = messages.c.type == CALL
"""Who calls is told of in another way."""
_AUTHORS = Prepared(
    sa.select(messages.c.user_id)
    .where(
        messages.c.conversation_id == p("conversation_id"),
        messages.c.seq >= p("since"),
        messages.c.deleted_at.is_(None),
        sa.not_(IS_ASIDE),
        sa.not_(_IS_CALL),
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
        sa.not_(IS_ASIDE),
        sa.not_(_IS_CALL),
    )
    .order_by(messages.c.seq.desc())
    .limit(1),
    [messages.c.seq],
)
_last = (
    sa.select(messages.c.seq, messages.c.type, messages.c.deleted_at)
    .where(messages.c.conversation_id == p("conversation_id"), messages.c.seq > p("after"))
    .order_by(messages.c.seq.desc())
    .limit(p("among"))
    .subquery()
)
_NEWEST_CALL = Prepared(
    sa.select(_last.c.seq)
    .where(_last.c.type == CALL, _last.c.deleted_at.is_(None))
    .order_by(_last.c.seq.desc())
    .limit(1),
    [_last.c.seq],
)


def device_at(connection: sa.Connection, endpoint: str) -> Device | None:
    row = _BY_ENDPOINT.first(connection, endpoint=endpoint)
    return None if row is None else device_of(row)


def devices(connection: sa.Connection, session_id: int) -> list[Device]:
    """Of a session, the latest first."""
    return [device_of(row) for row in _BY_SESSION.run(connection, session_id=session_id)]


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
    added_by: int | None = None,
) -> Device:
    row = _ADD.first(
        connection,
        session_id=session_id,
        added_by=added_by,
        endpoint=endpoint,
        key=key,
        auth=auth,
        added_at=at,
        **_choices(shows_words, quiet_hours),
    )
    return device_of(row)


def change(
    connection: sa.Connection,
    device_id: int,
    *,
    shows_words: bool,
    quiet_hours: QuietHours | None,
) -> Device:
    """What its holder chose."""
    return device_of(_CHANGE.first(connection, id=device_id, **_choices(shows_words, quiet_hours)))


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


def remove_added_by(connection: sa.Connection, session_id: int, added_by: int) -> bool:
    """Those that came with one of its secrets. Whether the session has none any more by that."""
    found = _BY_SESSION.run(connection, session_id=session_id)
    gone = [row.id for row in found if row.added_by == added_by]
    for id in gone:
        remove(connection, id)
    return bool(gone) and len(gone) == len(found)


def give(connection: sa.Connection, before: int, now: int, *, added_by: int) -> bool:
    """Those of one session are another's from now on. Whether there were any."""
    changed = connection.execute(
        push_devices.update()
        .where(push_devices.c.session_id == before)
        .values(session_id=now, added_by=added_by)
    )
    return changed.rowcount > 0


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


def newest_call(
    connection: sa.Connection, conversation_id: int, *, after: int, among: int
) -> int | None:
    """The seq of what the last call left, among the last so many messages after a seq."""
    row = _NEWEST_CALL.first(connection, conversation_id=conversation_id, after=after, among=among)
    return None if row is None else int(row.seq)


def _choices(shows_words: bool, quiet_hours: QuietHours | None) -> dict[str, Any]:
    return {
        "shows_words": shows_words,
        "quiet_from": None if quiet_hours is None else quiet_hours.start,
        "quiet_until": None if quiet_hours is None else quiet_hours.end,
        "time_zone": "" if quiet_hours is None else quiet_hours.time_zone,
    }


def _wanted(row: Any) -> Wanted:
    return Wanted(None if row.level is None else Level(row.level), row.quiet_until)


def device_of(row: Any, prefix: str = "") -> Device:
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
