"""Sessions: who somebody is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from parley.records import May, Session
from parley.storage import conversations
from parley.storage.prepared import Prepared, as_stored, p
from parley.storage.schema import sessions

UNPROVEN_MAX = 100
"""In so many conversations it is proven at once: nobody can write meanwhile. In earlier ones the
mark stays until it joins again, and nobody takes it up there either.
"""
_NEW = ("token_hash", "created_at", "token_used_at", "unproven_in")
_INSERT = Prepared(
    sessions.insert()
    .values({name: p(name) for name in (*_NEW, "principal_id", "may")})
    .returning(*sessions.c),
    sessions.c,
)


def _insert_many(count: int) -> Prepared:
    """An INSERT of so many rows."""
    rows = [
        {name: p(f"{name}_{row}", sessions.c[name].type) for name in _NEW} for row in range(count)
    ]
    gives = (sessions.c.id, sessions.c.token_hash)
    return Prepared(sessions.insert().values(rows).returning(*gives), gives)


_SIZES = (32, 16, 8, 4, 2, 1)
_INSERT_MANY = {size: _insert_many(size) for size in _SIZES}
# What a session is made of, and no more: each request asks.
_WHO = [
    sessions.c.id,
    sessions.c.token_hash,
    sessions.c.created_at,
    as_stored(sessions.c.token_used_at),
    sessions.c.principal_id,
    sessions.c.may,
]
_FIND = Prepared(sa.select(*_WHO).where(sessions.c.token_hash == p("token_hash")), _WHO)
_BY_ID = Prepared(sa.select(sessions).where(sessions.c.id == p("id")), sessions.c)
_USE = Prepared(
    sessions.update()
    .where(sessions.c.id == p("id"), sessions.c.token_used_at.is_(None))
    .values(token_used_at=p("at"))
)

_RIGHTS = [May(bits) for bits in range(max(May) << 1)]


def insert(
    connection: sa.Connection,
    *,
    token_hash: bytes,
    at: datetime,
    used_at: datetime | None = None,
    unproven_in: int | None = None,
    principal_id: int | None = None,
    may: May | None = None,
) -> Session:
    return _session(
        _INSERT.first(
            connection,
            token_hash=token_hash,
            created_at=at,
            token_used_at=used_at,
            unproven_in=None if unproven_in is None else str(unproven_in),
            principal_id=principal_id,
            may=may,
        )
    )


class New(Struct, frozen=True):
    """A session to be."""

    token_hash: bytes
    at: datetime
    in_use: bool
    """Whether its token counts as used from the start."""
    unproven_in: int
    """The conversation in which it is somebody unproven, if it does not."""


def insert_all(connection: sa.Connection, new: Sequence[New]) -> list[Session]:
    """The same for many, in their order."""
    ids: dict[bytes, int] = {}
    begin = 0
    while begin < len(new):
        size = next(each for each in _SIZES if each <= len(new) - begin)
        given: dict[str, object] = {}
        for row, each in enumerate(new[begin : begin + size]):
            given[f"token_hash_{row}"] = each.token_hash
            given[f"created_at_{row}"] = each.at
            given[f"token_used_at_{row}"] = each.at if each.in_use else None
            given[f"unproven_in_{row}"] = None if each.in_use else str(each.unproven_in)
        for id, token_hash in _INSERT_MANY[size].run(connection, **given):
            ids[token_hash] = id
        begin += size
    return [Session(id := ids[each.token_hash], each.at, each.in_use, device_id=id) for each in new]


def find(connection: sa.Connection, token_hash: bytes) -> Session | None:
    row = _FIND.first(connection, token_hash=token_hash)
    return None if row is None else _session(row)


def by_id(connection: sa.Connection, session_id: int) -> Session:
    """Of a device, or of what is another's now: the session that it is."""
    return _session(_BY_ID.first(connection, id=session_id))


def marks(connection: sa.Connection, ids: Collection[int]) -> dict[int, int]:
    """Of the secrets that prove these sessions now."""
    rows = connection.execute(
        sa.select(sessions.c.id, sessions.c.token_hash).where(sessions.c.id.in_(ids))
    )
    return {row.id: _mark(row.token_hash) for row in rows}


def note_unproven(connection: sa.Connection, session_id: int, conversation_id: int) -> None:
    """It is somebody in this conversation, too, and that is unproven."""
    latest = [*_noted(connection, session_id), conversation_id][-UNPROVEN_MAX:]
    connection.execute(
        sessions.update()
        .where(sessions.c.id == session_id)
        .values(unproven_in=" ".join(map(str, latest)))
    )


def unproven_in(connection: sa.Connection, session_id: int) -> list[int]:
    """The conversations where it was somebody unproven, the latest `UNPROVEN_MAX`, but for those
    that were deleted.
    """
    noted = _noted(connection, session_id)[-UNPROVEN_MAX:]
    return [id for id in noted if conversations.by_id(connection, id) is not None]


def _noted(connection: sa.Connection, session_id: int) -> list[int]:
    row = _BY_ID.first(connection, id=session_id)
    return [int(conversation_id) for conversation_id in (row.unproven_in or "").split()]


def mark_token_used(connection: sa.Connection, session_id: int, *, at: datetime) -> None:
    _USE.write(connection, id=session_id, at=at)


def renew(connection: sa.Connection, session_id: int, *, token_hash: bytes, at: datetime) -> None:
    """Another secret proves it from now on, and the one before no more; of a device, by its id."""
    connection.execute(
        sessions.update()
        .where(sessions.c.id == session_id)
        .values(token_hash=token_hash, token_used_at=at)
    )


def allow(connection: sa.Connection, session_id: int, may: May) -> None:
    """What a bot may from now on."""
    connection.execute(sessions.update().where(sessions.c.id == session_id).values(may=may.value))


def become(connection: sa.Connection, session_id: int, principal_id: int) -> None:
    """It is this other session from now on, and so is whatever was it already."""
    connection.execute(
        sessions.update()
        .where(sa.or_(sessions.c.id == session_id, sessions.c.principal_id == session_id))
        .values(principal_id=principal_id)
    )


def erase(connection: sa.Connection, session_id: int) -> None:
    """Only for one that takes part in nothing, as a device's."""
    connection.execute(sessions.delete().where(sessions.c.id == session_id))


def _session(row: Any) -> Session:
    # By place: msgspec takes longer to find fields by name, and each request asks.
    return Session(
        row.principal_id or row.id,
        row.created_at,
        row.token_used_at is not None,
        _mark(row.token_hash),
        row.id,
        None if row.may is None else _RIGHTS[row.may],
    )


def _mark(token_hash: bytes) -> int:
    return int.from_bytes(token_hash[:7], "big")
