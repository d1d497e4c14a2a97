"""Links that give a role."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Link
from parley.storage.participants import ROLES
from parley.storage.schema import links


def insert(
    connection: sa.Connection,
    *,
    conversation_id: int,
    code_hash: bytes,
    role: str,
    label: str,
    at: datetime,
    expires_at: datetime | None,
    uses_max: int | None,
    made_by: int | None,
    is_founding: bool = False,
) -> Link:
    row = connection.execute(
        links.insert()
        .values(
            conversation_id=conversation_id,
            code_hash=code_hash,
            role=role,
            label=label,
            created_at=at,
            expires_at=expires_at,
            uses=0,
            uses_max=uses_max,
            made_by=made_by,
            is_founding=is_founding,
        )
        .returning(*links.c)
    ).one()
    return _link(row)


def by_code(connection: sa.Connection, code_hash: bytes) -> Link | None:
    row = connection.execute(sa.select(links).where(links.c.code_hash == code_hash)).one_or_none()
    return None if row is None else _link(row)


def of(connection: sa.Connection, conversation_id: int) -> tuple[Link, ...]:
    """Of a conversation, the newest first."""
    rows = connection.execute(
        sa.select(links)
        .where(links.c.conversation_id == conversation_id)
        .order_by(links.c.id.desc())
    )
    return tuple(_link(row) for row in rows)


def use(connection: sa.Connection, link_id: int, *, at: datetime) -> None:
    connection.execute(
        links.update().where(links.c.id == link_id).values(uses=links.c.uses + 1, last_used_at=at)
    )


def revoke(
    connection: sa.Connection, conversation_id: int, link_id: int, *, at: datetime
) -> Link | None:
    """None where it is none of this conversation, or was revoked before."""
    row = connection.execute(
        links.update()
        .where(
            links.c.id == link_id,
            links.c.conversation_id == conversation_id,
            links.c.revoked_at.is_(None),
        )
        .values(revoked_at=at)
        .returning(*links.c)
    ).one_or_none()
    return None if row is None else _link(row)


def revoke_unused(
    connection: sa.Connection,
    conversation_id: int,
    role: str,
    made_by: Collection[int],
    *,
    at: datetime,
) -> list[Link]:
    """Those that give this role, were made by these sessions, and can still be used."""
    rows = connection.execute(
        links.update()
        .where(
            links.c.conversation_id == conversation_id,
            links.c.role == role,
            links.c.made_by.in_(made_by),
            links.c.revoked_at.is_(None),
            links.c.uses == 0,
        )
        .values(revoked_at=at)
        .returning(*links.c)
    )
    return [_link(row) for row in rows]


def _link(row: Any) -> Link:
    return Link(
        id=row.id,
        conversation_id=row.conversation_id,
        role=ROLES[row.role],
        label=row.label,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        uses=row.uses,
        uses_max=row.uses_max,
        last_used_at=row.last_used_at,
        is_founding=row.is_founding,
    )
