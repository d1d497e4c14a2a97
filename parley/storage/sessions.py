"""Sessions: who somebody is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Session
from parley.storage.prepared import Prepared, p
from parley.storage.schema import sessions

_INSERT = Prepared(
    sessions.insert()
    .values(
        token_hash=p("token_hash"), created_at=p("created_at"), token_used_at=p("token_used_at")
    )
    .returning(*sessions.c),
    sessions.c,
)
_FIND = Prepared(sa.select(sessions).where(sessions.c.token_hash == p("token_hash")), sessions.c)


def insert(
    connection: sa.Connection, *, token_hash: bytes, at: datetime, used_at: datetime | None = None
) -> Session:
    return _session(
        _INSERT.first(connection, token_hash=token_hash, created_at=at, token_used_at=used_at)
    )


def find(connection: sa.Connection, token_hash: bytes) -> Session | None:
    row = _FIND.first(connection, token_hash=token_hash)
    return None if row is None else _session(row)


def by_id(connection: sa.Connection, session_id: int) -> Session:
    return _session(
        connection.execute(sa.select(sessions).where(sessions.c.id == session_id)).one()
    )


def mark_token_used(connection: sa.Connection, session_id: int, *, at: datetime) -> None:
    connection.execute(
        sessions.update()
        .where(sessions.c.id == session_id, sessions.c.token_used_at.is_(None))
        .values(token_used_at=at)
    )


def renew(connection: sa.Connection, session_id: int, *, token_hash: bytes, at: datetime) -> None:
    """Another secret proves it from now on, and the one before no more."""
    connection.execute(
        sessions.update()
        .where(sessions.c.id == session_id)
        .values(token_hash=token_hash, token_used_at=at)
    )


def _session(row: Any) -> Session:
    return Session(id=row.id, created_at=row.created_at, token_used=row.token_used_at is not None)
