"""How far people have read, and what there is that they have not."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from parley.contract import (
    MISSED_AUTHORS_MAX,
    MISSED_FILES_MAX,
    MISSED_MAX,
    READ_SHOWN_MAX,
    UNREAD_MAX,
)
from parley.records import (
    Author,
    FileCounts,
    Missed,
    Participant,
    Reading,
    ReadingMoved,
    Unread,
)
from parley.storage.asides import IS_ASIDE
from parley.storage.dialects import insert, of_last
from parley.storage.participants import PRESENT
from parley.storage.prepared import Prepared, as_stored, p, values
from parley.storage.schema import (
    conversations,
    files,
    mentions,
    messages,
    milliseconds,
    participants,
    readings,
)

MEANT_MAX = 100
"""Of messages that mean somebody so many are named."""
_LOOKED_AT_MAX = 500
"""Messages: where most of them are deleted, or the clock was set, no more are looked through."""
_MISSED_LOOKED_AT_MAX = 2 * MISSED_MAX
"""The same for what somebody missed, where most is their own."""

_OF_ONE = readings.c.conversation_id == p("conversation_id")
_COLUMNS = [readings.c.user_id, readings.c.seq, readings.c.is_hidden]
_FIND = Prepared(sa.select(*_COLUMNS).where(_OF_ONE, readings.c.user_id == p("user_id")), _COLUMNS)
_given = insert(readings).values(values(readings.c))
_PUT = Prepared(
    _given.on_conflict_do_update(
        index_elements=[readings.c.conversation_id, readings.c.user_id],
        set_={"seq": _given.excluded.seq, "is_hidden": _given.excluded.is_hidden},
    )
)
_FORGET = Prepared(readings.delete().where(_OF_ONE, readings.c.user_id == p("user_id")))
_SHOWN = Prepared(
    sa.select(*_COLUMNS)
    .join_from(
        readings,
        participants,
        sa.and_(
            participants.c.conversation_id == readings.c.conversation_id,
            participants.c.user_id == readings.c.user_id,
        ),
    )
    .where(_OF_ONE, readings.c.is_hidden.is_(False), readings.c.seq > 0, PRESENT)
    .order_by(readings.c.user_id)
    .limit(p("limit")),
    _COLUMNS,
)
_LATER_COLUMNS = [
    messages.c.seq,
    messages.c.user_id,
    as_stored(messages.c.sent_at),
    as_stored(messages.c.deleted_at),
    sa.type_coerce(IS_ASIDE, sa.BigInteger).label("is_aside"),
]
_LATER = Prepared(
    sa.select(*_LATER_COLUMNS)
    .where(messages.c.conversation_id == p("conversation_id"), messages.c.seq > p("after"))
    .order_by(messages.c.seq.desc())
    .limit(p("limit")),
    _LATER_COLUMNS,
)
_later = (
    sa.select(
        messages.c.seq,
        messages.c.user_id,
        as_stored(messages.c.sent_at),
        IS_ASIDE.label("is_aside"),
    )
    .where(messages.c.conversation_id == p("conversation_id"), messages.c.seq > p("after"))
    .order_by(messages.c.seq.desc())
    .limit(p("limit"))
    .subquery()
)
_through = sa.func.max(_later.c.seq).label("through")
_READ_THROUGH = Prepared(
    sa.select(_through).where(
        _later.c.is_aside.is_(False),
        sa.or_(_later.c.user_id == p("user_id"), _later.c.sent_at < p("came", sa.BigInteger)),
    ),
    [_through],
)
_MEANT = (
    sa.select(mentions.c.seq, mentions.c.is_reply)
    .where(
        mentions.c.conversation_id == p("conversation_id"),
        mentions.c.user_id == p("user_id"),
        mentions.c.seq > p("after"),
    )
    .order_by(mentions.c.seq)
    .limit(p("limit"))
)
_MEANT_SEQS = Prepared(_MEANT, [mentions.c.seq, mentions.c.is_reply])
_count = sa.func.count().label("count")
_MEANT_COUNT = Prepared(sa.select(_count).select_from(_MEANT.subquery()), [_count])
_looked_at = (
    sa.select(
        messages.c.seq,
        messages.c.user_id,
        messages.c.username,
        messages.c.deleted_at,
        IS_ASIDE.label("is_aside"),
    )
    .where(messages.c.conversation_id == p("conversation_id"), messages.c.seq > p("after"))
    .order_by(messages.c.seq.desc())
    .limit(p("look"))
    .subquery()
)
_missed = (
    sa.select(_looked_at.c.seq, _looked_at.c.user_id, _looked_at.c.username)
    .where(
        _looked_at.c.deleted_at.is_(None),
        _looked_at.c.is_aside.is_(False),
        _looked_at.c.user_id != p("user_id"),
    )
    .order_by(_looked_at.c.seq.desc())
    .limit(p("limit"))
    .subquery()
)
_BEYOND = Prepared(
    sa.select(messages.c.seq)
    .where(messages.c.conversation_id == p("conversation_id"), messages.c.seq > p("after"))
    .order_by(messages.c.seq.desc())
    .limit(1)
    .offset(p("look")),
    [messages.c.seq],
)
# Under the name they had last: SQLite gives the other columns of the row that has the maximum.
_last = sa.func.max(_missed.c.seq).label("last")
_first = sa.func.min(_missed.c.seq).label("first")
_username = of_last(_missed.c.username, _missed.c.seq).label("username")
_AUTHOR_COLUMNS = [_missed.c.user_id, _username, _count, _last, _first]
_AUTHORS = Prepared(
    sa.select(*_AUTHOR_COLUMNS).group_by(_missed.c.user_id).order_by(_count.desc(), _last.desc()),
    _AUTHOR_COLUMNS,
)
_missed_files = (
    sa.select(files.c.kind)
    .where(
        files.c.conversation_id == p("conversation_id"),
        files.c.seq >= p("first"),
        files.c.user_id != p("user_id"),
    )
    .order_by(files.c.seq.desc())
    .limit(p("limit"))
    .subquery()
)
_FILE_COLUMNS = [_missed_files.c.kind, _count]
_FILES = Prepared(sa.select(*_FILE_COLUMNS).group_by(_missed_files.c.kind), _FILE_COLUMNS)


def find(connection: sa.Connection, conversation_id: int, user_id: str) -> Reading | None:
    """How far they told that they have read."""
    row = _FIND.first(connection, conversation_id=conversation_id, user_id=user_id)
    return None if row is None else _reading(row)


def put(connection: sa.Connection, conversation_id: int, reading: Reading) -> None:
    """Instead of what was known of them."""
    _PUT.write(
        connection,
        conversation_id=conversation_id,
        user_id=reading.user_id,
        seq=reading.seq,
        is_hidden=reading.is_hidden,
    )


def forget(connection: sa.Connection, conversation_id: int, user_id: str) -> None:
    """Another is called so from now on."""
    _FORGET.write(connection, conversation_id=conversation_id, user_id=user_id)


def shown(connection: sa.Connection, conversation_id: int, *, limit: int) -> tuple[Reading, ...]:
    """Of those who are in it and show it."""
    rows = _SHOWN.run(connection, conversation_id=conversation_id, limit=limit)
    return tuple(_reading(row) for row in rows)


def moved(connection: sa.Connection, ids: Collection[int]) -> list[ReadingMoved]:
    """How far those have read who are in these conversations, where few enough are."""
    rows = connection.execute(
        sa.select(readings, participants.c.session_id, conversations.c.room_id)
        .join_from(
            readings,
            participants,
            sa.and_(
                participants.c.conversation_id == readings.c.conversation_id,
                participants.c.user_id == readings.c.user_id,
            ),
        )
        .join(conversations, conversations.c.id == readings.c.conversation_id)
        .where(
            readings.c.conversation_id.in_(ids),
            conversations.c.participant_count <= READ_SHOWN_MAX,
            PRESENT,
        )
    )
    return [
        ReadingMoved(
            conversation_id=row.conversation_id,
            room_id=row.room_id,
            session_id=row.session_id,
            reading=_reading(row),
            is_shown=not row.is_hidden,
            is_withdrawn=row.is_hidden,
        )
        for row in rows
    ]


def unread(connection: sa.Connection, person: Participant) -> Unread:
    """What they have not read. Whoever speaks has read what came before, and nobody has to read
    what was said before they first came.
    """
    told = find(connection, person.conversation_id, person.user_id)
    after = 0 if told is None else told.seq
    came = milliseconds(person.joined_at) if told is None else None
    walk = _Walk(person.user_id, came)
    _LATER.until(
        connection,
        walk.is_enough,
        conversation_id=person.conversation_id,
        after=after,
        limit=_LOOKED_AT_MAX,
    )
    if walk.count >= UNREAD_MAX:  # it went no further, but they may have spoken before these
        row = _READ_THROUGH.first(
            connection,
            conversation_id=person.conversation_id,
            user_id=person.user_id,
            came=-1 if came is None else came,
            after=after,
            limit=_LOOKED_AT_MAX,
        )
        walk.read_through = row.through or 0
    after = max(after, walk.read_through)
    of_them = _MEANT_COUNT.first(
        connection,
        conversation_id=person.conversation_id,
        user_id=person.user_id,
        after=after,
        limit=UNREAD_MAX,
    )
    return Unread(after, walk.count, of_them.count, told is not None and told.is_hidden)


def missed(
    connection: sa.Connection, conversation_id: int, user_id: str, *, after: int, seq: int
) -> Missed:
    """What others than `user_id` said after a seq. `seq` is that of the conversation now."""
    given = {"conversation_id": conversation_id, "user_id": user_id, "after": after}
    rows = _AUTHORS.run(connection, **given, look=_MISSED_LOOKED_AT_MAX, limit=MISSED_MAX)
    count = sum(row.count for row in rows)
    beyond = _BEYOND.first(
        connection, conversation_id=conversation_id, after=after, look=_MISSED_LOOKED_AT_MAX
    )
    meant = _MEANT_SEQS.run(connection, **given, limit=MEANT_MAX) if user_id else []
    return Missed(
        after=after,
        seq=seq,
        count=count,
        has_more=count >= MISSED_MAX or beyond is not None,
        authors=tuple(
            Author(row.user_id, row.username, row.count) for row in rows[:MISSED_AUTHORS_MAX]
        ),
        mentions=tuple(row.seq for row in meant if not row.is_reply),
        replies=tuple(row.seq for row in meant if row.is_reply),
        files=_files(connection, conversation_id, user_id, rows),
    )


def _files(
    connection: sa.Connection, conversation_id: int, user_id: str, authors: Sequence[Any]
) -> FileCounts:
    """Those that came with what these said."""
    if not authors:
        return FileCounts()
    rows = _FILES.run(
        connection,
        conversation_id=conversation_id,
        user_id=user_id,
        first=min(row.first for row in authors),
        limit=MISSED_FILES_MAX,
    )
    return FileCounts(**{row.kind: row.count for row in rows})


class _Walk:
    """Back from the newest message, to where somebody has read to."""

    def __init__(self, user_id: str, came: int | None) -> None:
        self._user_id = user_id
        self._came = came
        """When they first came, in milliseconds, where nothing else tells where it ends."""
        self.count = 0
        self.read_through = 0

    def is_enough(self, row: Any) -> bool:
        if row.is_aside:  # who introduces themselves has not read anything by that
            return False
        is_before = self._came is not None and row.sent_at < self._came
        if row.user_id == self._user_id or is_before:
            self.read_through = row.seq
            return True
        self.count += row.deleted_at is None
        return self.count >= UNREAD_MAX


def _reading(row: Any) -> Reading:
    return Reading(row.user_id, row.seq, row.is_hidden)
