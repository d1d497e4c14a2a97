"""Hooks by which other programs speak in a conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Hook
from parley.storage.prepared import Prepared, p
from parley.storage.schema import conversations, hooks

_BY_CODE = Prepared(
    sa.select(*hooks.c)
    .join_from(hooks, conversations, conversations.c.id == hooks.c.conversation_id)
    .where(hooks.c.code_seal == p("code_seal"), conversations.c.deleted_at.is_(None)),
    hooks.c,
)
_USE = Prepared(
    hooks.update().where(hooks.c.id == p("id")).values(uses=hooks.c.uses + 1, last_used_at=p("at"))
)


def insert(
    connection: sa.Connection,
    *,
    conversation_id: int,
    user_id: str,
    code_seal: str,
    name: str,
    at: datetime,
) -> Hook:
    row = connection.execute(
        hooks.insert()
        .values(
            conversation_id=conversation_id,
            user_id=user_id,
            code_seal=code_seal,
            name=name,
            created_at=at,
            uses=0,
        )
        .returning(*hooks.c)
    ).one()
    return _hook(row)


def by_code(connection: sa.Connection, code_seal: str) -> Hook | None:
    row = _BY_CODE.first(connection, code_seal=code_seal)
    return None if row is None else _hook(row)


def of(connection: sa.Connection, conversation_id: int) -> tuple[Hook, ...]:
    """Of a conversation, the newest first."""
    rows = connection.execute(
        sa.select(hooks)
        .where(hooks.c.conversation_id == conversation_id)
        .order_by(hooks.c.id.desc())
    )
    return tuple(_hook(row) for row in rows)


def remove(connection: sa.Connection, conversation_id: int, hook_id: int) -> Hook | None:
    """None where it is none of this conversation."""
    row = connection.execute(
        hooks.delete()
        .where(hooks.c.id == hook_id, hooks.c.conversation_id == conversation_id)
        .returning(*hooks.c)
    ).one_or_none()
    return None if row is None else _hook(row)


def use(connection: sa.Connection, hook_id: int, *, at: datetime) -> None:
    _USE.write(connection, id=hook_id, at=at)


def _hook(row: Any) -> Hook:
    return Hook(
        id=row.id,
        conversation_id=row.conversation_id,
        user_id=row.user_id,
        name=row.name,
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        uses=row.uses,
    )
