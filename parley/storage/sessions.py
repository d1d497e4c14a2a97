"""Sessions: who somebody is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Session
from parley.storage import conversations
from parley.storage.prepared import Prepared, p
from parley.storage.schema import sessions

UNPROVEN_MAX = 100
"""In so many conversations it is proven at once: nobody can write meanwhile. In earlier ones the
mark stays until it joins again, and nobody takes it up there either.
"""
_INSERT = Prepared(
    sessions.insert()
    .values(
        token_hash=p("token_hash"),
        created_at=p("created_at"),
        token_used_at=p("token_used_at"),
        unproven_in=p("unproven_in"),
    )
    .returning(*sessions.c),
    sessions.c,
)
_FIND = Prepared(sa.select(sessions).where(sessions.c.token_hash == p("token_hash")), sessions.c)
_BY_ID = Prepared(sa.select(sessions).where(sessions.c.id == p("id")), sessions.c)
_USE = Prepared(
    sessions.update()
    .where(sessions.c.id == p("id"), sessions.c.token_used_at.is_(None))
    .values(token_used_at=p("at"))
)


def insert(
    connection: sa.Connection,
    *,
    token_hash: bytes,
    at: datetime,
    used_at: datetime | None = None,
    unproven_in: int | None = None,
) -> Session:
    return _session(
        _INSERT.first(
            connection,
            token_hash=token_hash,
            created_at=at,
            token_used_at=used_at,
            unproven_in=None if unproven_in is None else str(unproven_in),
        )
    )


def find(connection: sa.Connection, token_hash: bytes) -> Session | None:
    row = _FIND.first(connection, token_hash=token_hash)
    return None if row is None else _session(row)


def by_id(connection: sa.Connection, session_id: int) -> Session:
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
    """Another secret proves it from now on, and the one before no more."""
    connection.execute(
        sessions.update()
        .where(sessions.c.id == session_id)
        .values(token_hash=token_hash, token_used_at=at)
    )


def _session(row: Any) -> Session:
    return Session(
        id=row.id,
        created_at=row.created_at,
        token_used=row.token_used_at is not None,
        mark=_mark(row.token_hash),
    )


def _mark(token_hash: bytes) -> int:
    return int.from_bytes(token_hash[:7], "big")
