"""Conversations."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.contract import default_title
from parley.records import Conversation, Head, ListPosition, Role, Visibility
from parley.storage.dialects import Pairs, pairs
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, as_stored, p
from parley.storage.schema import (
    KEPT_FOR_DAYS,
    conversations,
    milliseconds,
    old_links,
    participants,
)

_THIS = conversations.c.id == p("id")
_IS_THERE = conversations.c.deleted_at.is_(None)
_HIDING = (conversations.c.deleted_at, conversations.c.importing_at)
COLUMNS = [column for column in conversations.c if all(column is not each for each in _HIDING)]
"""All that a record has."""
_ALL = sa.select(*COLUMNS).where(_IS_THERE)
_FIND = Prepared(_ALL.where(conversations.c.room_id == p("room_id")), COLUMNS)
_BY_ID = Prepared(_ALL.where(_THIS), COLUMNS)
_listed = pairs(p("room_ids", Pairs())).table_valued(
    sa.column("number", sa.BigInteger), sa.column("text", sa.Text), name="asked"
)
_FIND_ALL = Prepared(
    _ALL.where(conversations.c.room_id.in_(sa.select(_listed.c.text).scalar_subquery())), COLUMNS
)
# Not the whole of it, for it is read before every message; with who says it, at the cost of one
# more row by its key, and as it is stored: what is only compared need not be converted.
_CONVERSATIONS_HEAD = [
    conversations.c.seq,
    as_stored(conversations.c.ended_at),
    as_stored(conversations.c.is_read_only),
    conversations.c.read_proof_hash,
    conversations.c.epoch,
]
_PERSONS_HEAD = [
    participants.c.session_id,
    participants.c.username,
    participants.c.role,
    as_stored(participants.c.is_alike),
    as_stored(participants.c.has_spoken),
    participants.c.unproven_from,
    as_stored(participants.c.removed_at),
]
_HEAD_COLUMNS = [*_CONVERSATIONS_HEAD, *_PERSONS_HEAD]
_HEAD = Prepared(
    sa.select(*_HEAD_COLUMNS)
    .join_from(
        conversations,
        participants,
        sa.and_(
            participants.c.conversation_id == conversations.c.id,
            participants.c.user_id == p("user_id"),
        ),
        isouter=True,
    )
    .where(_THIS, _IS_THERE),
    _HEAD_COLUMNS,
)
_wanted = pairs(p("wanted", Pairs())).table_valued(
    sa.column("number", sa.BigInteger), sa.column("text", sa.Text), name="wanted"
)


def _by_keys() -> sa.Select[Any]:
    """Each by its keys, whatever PostgreSQL takes the tables for: it may have looked at them when
    they were empty, and would compare each that is wanted with all conversations that there are.
    """
    at_once: sa.ColumnElement[Any] = sa.literal_column(
        "0"
    )  # without an offset it would make one join of all
    there = (
        sa.select(*_CONVERSATIONS_HEAD)
        .where(conversations.c.id == _wanted.c.number, _IS_THERE)
        .offset(at_once)
        .lateral("there")
    )
    who = (
        sa.select(*_PERSONS_HEAD)
        .where(
            participants.c.conversation_id == _wanted.c.number,
            participants.c.user_id == _wanted.c.text,
        )
        .offset(at_once)
        .lateral("who")
    )
    joined = _wanted.join(there, sa.true()).outerjoin(who, sa.true())
    return sa.select(*_wanted.c, *there.c, *who.c).select_from(joined)


# The same for many at once.
_HEADS = Prepared(
    sa.select(*_wanted.c, *_HEAD_COLUMNS)
    .select_from(
        _wanted.join(conversations, conversations.c.id == _wanted.c.number).outerjoin(
            participants,
            sa.and_(
                participants.c.conversation_id == conversations.c.id,
                participants.c.user_id == _wanted.c.text,
            ),
        )
    )
    .where(_IS_THERE),
    [*_wanted.c, *_HEAD_COLUMNS],
    on_postgresql=_by_keys(),
)
# A change has the next seq, in the statement that looks whether there may be another.
_CHANGE = (
    conversations.update()
    .where(_THIS, conversations.c.ended_at.is_(None))
    .values(seq=conversations.c.seq + 1)
    .returning(conversations.c.seq)
)
_END = Prepared(_CHANGE.values(ended_at=p("at")), [conversations.c.seq])
_ADD_PARTICIPANTS = Prepared(
    conversations.update()
    .where(_THIS)
    .values(participant_count=conversations.c.participant_count + p("by"))
)
_COUNT_PARTICIPANT = Prepared(
    conversations.update()
    .where(_THIS)
    .values(participant_count=conversations.c.participant_count + p("by"))
    .returning(conversations.c.participant_count),
    [conversations.c.participant_count],
)

_COUNT_CHANGE = Prepared(
    conversations.update()
    .where(_THIS)
    .values(seq=conversations.c.seq + 1)
    .returning(conversations.c.seq),
    [conversations.c.seq],
)
_BY_OLD_LINK = Prepared(
    _ALL.join(old_links, old_links.c.conversation_id == conversations.c.id).where(
        old_links.c.room_id == p("room_id")
    ),
    COLUMNS,
)

_OLD_LINKS = Prepared(
    sa.select(old_links.c.room_id)
    .where(old_links.c.conversation_id == p("id"))
    .order_by(old_links.c.replaced_at.desc())
    .limit(p("limit")),
    [old_links.c.room_id],
)

_ID_RANDOM_BITS = 20
_IS_UNTITLED = conversations.c.title == sa.literal(default_title("")) + conversations.c.room_id
SLOT_MS = 60_000
"""How many milliseconds are listed as one place of the index on PostgreSQL, and sorted then."""
ACTIVE_SLOT: sa.ColumnClause[int] = sa.column("active_slot", sa.BigInteger)
"""The slot of `last_activity_at`, which PostgreSQL keeps by itself (`postgresql/tables.py`)."""
LISTED = sa.and_(conversations.c.ended_at.is_(None), conversations.c.visibility == "listed")
_KEPT_FOR_DAYS = Prepared(
    _ALL.where(KEPT_FOR_DAYS, conversations.c.id > p("after"))
    .order_by(conversations.c.id)
    .limit(p("limit")),
    COLUMNS,
)


def insert(
    connection: sa.Connection,
    *,
    room_id: str,
    title: str,
    description: str,
    visibility: Visibility,
    created_by: str,
    created_from: str | None,
    owner_session_id: int,
    at: datetime,
    read_proof_hash: bytes | None = None,
) -> Conversation:
    row = connection.execute(
        conversations.insert()
        .values(
            id=_fresh_id(connection, at),
            room_id=room_id,
            title=title,
            title_folded=title.casefold(),
            description=description,
            visibility=visibility.value,
            created_at=at,
            created_by=created_by,
            created_from=created_from,
            owner_session_id=owner_session_id,
            seq=0,
            message_count=0,
            participant_count=0,
            last_activity_at=at,
            read_proof_hash=read_proof_hash,
        )
        .returning(*conversations.c)
    ).one()
    return conversation(row)


def _fresh_id(connection: sa.Connection, at: datetime) -> int:
    """Greater than any there is, and that of no conversation that was deleted.

    SQLite gives the number of the last one again once that is deleted, and somebody's
    message that was on its way there would land in what came after it.
    """
    last = connection.execute(sa.select(sa.func.max(conversations.c.id))).scalar() or 0
    by_time = (milliseconds(at) or 0) << _ID_RANDOM_BITS | secrets.randbits(_ID_RANDOM_BITS)
    return max(last + 1, by_time)


def find(connection: sa.Connection, room_id: str) -> Conversation | None:
    row = _FIND.first(connection, room_id=room_id)
    return None if row is None else conversation(row)


def find_all(connection: sa.Connection, room_ids: Collection[str]) -> dict[str, Conversation]:
    """Those that are there, by their room ids."""
    if len(room_ids) == 1:
        [room_id] = room_ids
        found = find(connection, room_id)
        return {} if found is None else {room_id: found}
    rows = _FIND_ALL.run(connection, room_ids=[(0, room_id) for room_id in room_ids])
    return {row.room_id: conversation(row) for row in rows}


def by_old_link(connection: sa.Connection, room_id: str) -> Conversation | None:
    """The conversation that this room id led to before its link was replaced."""
    row = _BY_OLD_LINK.first(connection, room_id=room_id)
    return None if row is None else conversation(row)


def old_room_ids(connection: sa.Connection, conversation_id: int, *, limit: int) -> tuple[str, ...]:
    """Those its link had before, the newest first."""
    return tuple(row.room_id for row in _OLD_LINKS.run(connection, id=conversation_id, limit=limit))


def by_id(connection: sa.Connection, conversation_id: int) -> Conversation | None:
    row = _BY_ID.first(connection, id=conversation_id)
    return None if row is None else conversation(row)


def room_ids(connection: sa.Connection, ids: Collection[int]) -> dict[int, tuple[str, bool]]:
    """Of these conversations, and whether each was deleted."""
    rows = connection.execute(
        sa.select(conversations.c.id, conversations.c.room_id, conversations.c.deleted_at).where(
            conversations.c.id.in_(ids)
        )
    )
    return {row.id: (row.room_id, row.deleted_at is not None) for row in rows}


def head(connection: sa.Connection, conversation_id: int, user_id: str) -> Head | None:
    """How it stands with the conversation, and with this participant; None where there is none."""
    row = _HEAD.first(connection, id=conversation_id, user_id=user_id)
    return None if row is None else _head(row)


def heads(
    connection: sa.Connection, wanted: Collection[tuple[int, str]]
) -> dict[tuple[int, str], Head]:
    """The same for many, by conversation and user id."""
    if len(wanted) == 1:
        [(conversation_id, user_id)] = wanted
        found = head(connection, conversation_id, user_id)
        return {} if found is None else {(conversation_id, user_id): found}
    rows = _HEADS.run(connection, wanted=wanted)
    return {(row[0], row[1]): _head(row[2:]) for row in rows}


def _head(row: Sequence[Any]) -> Head:
    seq, ended_at, is_read_only, read_proof_hash, epoch, *person = row
    session_id, username, role, is_alike, has_spoken, unproven, removed_at = person
    return Head(
        seq,
        ended_at is None,
        is_read_only == 1,
        session_id,
        username,
        ROLES.get(role, Role.MEMBER),
        is_alike == 1,
        has_spoken == 1,
        unproven is not None,
        removed_at is not None,
        read_proof_hash is not None,
        epoch,
    )


def count_change(connection: sa.Connection, conversation_id: int) -> int:
    """The seq of a change, after the end too: what is said no more can still be taken away."""
    seq: int = _COUNT_CHANGE.first(connection, id=conversation_id).seq
    return seq


def change(connection: sa.Connection, conversation_id: int, **columns: Any) -> Conversation:
    """The conversation with these columns set."""
    row = connection.execute(
        conversations.update()
        .where(conversations.c.id == conversation_id)
        .values(**columns)
        .returning(*conversations.c)
    ).one()
    return conversation(row)


def replace_link(
    connection: sa.Connection, conversation: Conversation, room_id: str, *, at: datetime
) -> Conversation:
    connection.execute(
        old_links.insert().values(
            room_id=conversation.room_id, conversation_id=conversation.id, replaced_at=at
        )
    )
    return change(connection, conversation.id, room_id=room_id)


def kept_for_a_time(
    connection: sa.Connection, *, after: int, limit: int
) -> tuple[Conversation, ...]:
    """The first `limit` with a number above `after` whose messages are erased after some days."""
    rows = _KEPT_FOR_DAYS.run(connection, after=after, limit=limit)
    return tuple(conversation(row) for row in rows)


def newest(
    connection: sa.Connection, *, before: int | None, limit: int, is_active: bool | None
) -> list[Conversation]:
    """Those begun last, of numbers below `before`; only active or only ended ones, unless that is
    None. Unlisted ones too: for whoever runs the server.
    """
    query = _ALL.order_by(conversations.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(conversations.c.id < before)
    if is_active is not None:
        ended_at = conversations.c.ended_at
        query = query.where(ended_at.is_(None) if is_active else ended_at.is_not(None))
    return [conversation(row) for row in connection.execute(query)]


def listed(
    connection: sa.Connection,
    *,
    limit: int,
    after: ListPosition | None,
    title_contains: str,
    is_untitled_found: bool | None = None,
) -> list[Conversation]:
    """Active and listed ones, newest activity first.

    Of a search `is_untitled_found` says whether it finds those that nobody gave a title; None to
    look for it in the one that they have on the wire.
    """
    key = sa.tuple_(conversations.c.last_activity_at, conversations.c.id)
    query = _ALL.where(LISTED).limit(limit)
    by_slot = connection.dialect.name == "postgresql"
    if by_slot:
        query = query.order_by(ACTIVE_SLOT.desc())
    query = query.order_by(conversations.c.last_activity_at.desc(), conversations.c.id.desc())
    if after is not None:
        # Literals of a tuple take no type from the other side: a moment would go in as text.
        at = sa.literal(after.last_activity_at, conversations.c.last_activity_at.type)
        query = query.where(key < sa.tuple_(at, after.id))
        if by_slot:
            slot = (milliseconds(after.last_activity_at) or 0) // SLOT_MS
            query = query.where(slot >= ACTIVE_SLOT)
    if title_contains:
        is_found = conversations.c.title_folded.contains(title_contains.casefold(), autoescape=True)
        if is_untitled_found is not None:
            is_found = sa.case((_IS_UNTITLED, sa.literal(is_untitled_found)), else_=is_found)
        query = query.where(is_found)
    return [conversation(row) for row in connection.execute(query)]


_active = sa.func.count().filter(conversations.c.ended_at.is_(None)).label("active")
_total = sa.func.count().label("total")
_COUNT = Prepared(
    sa.select(_active, _total).select_from(conversations).where(_IS_THERE), (_active, _total)
)


def count(connection: sa.Connection) -> tuple[int, int]:
    """How many are active, and how many there are at all."""
    [row] = _COUNT.run(connection)
    return row.active, row.total


def end(connection: sa.Connection, conversation_id: int, *, at: datetime) -> int | None:
    """The seq of the ending; None where it had ended before."""
    row = _END.first(connection, id=conversation_id, at=at)
    return None if row is None else row.seq


def change_participant_count(connection: sa.Connection, conversation_id: int, by: int) -> int:
    """The new count."""
    count: int = _COUNT_PARTICIPANT.first(connection, id=conversation_id, by=by).participant_count
    return count


def add_participants(connection: sa.Connection, came: Mapping[int, int]) -> None:
    """So many came into each of these."""
    _ADD_PARTICIPANTS.write_many(connection, [{"id": id, "by": by} for id, by in came.items()])


def conversation(row: Any) -> Conversation:
    """Of a row with all `COLUMNS`."""
    # By place: msgspec takes ten times as long to find so many fields by name.
    return Conversation(
        row.id,
        row.room_id,
        row.title,
        row.description,
        Visibility(row.visibility),
        row.created_at,
        row.created_by,
        row.created_from,
        row.owner_session_id,
        row.ended_at,
        row.seq,
        row.message_count,
        row.participant_count,
        row.last_activity_at,
        row.is_locked,
        row.is_knock,
        row.is_read_only,
        row.needs_proof,
        row.shows_title,
        row.passphrase_hash,
        row.keep_days,
        row.erased_through,
        row.read_proof_hash,
        row.epoch,
        row.has_calls,
    )
