"""The list of what owners did."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from parley.records import Act
from parley.storage.schema import LIGHT_ACTS, audit


def note(
    connection: sa.Connection, conversation_id: int, *, at: datetime, who: str, act: str, about: str
) -> None:
    connection.execute(
        audit.insert().values(conversation_id=conversation_id, at=at, who=who, act=act, about=about)
    )


def forget_light(connection: sa.Connection, conversation_id: int, *, but: int) -> None:
    """Keep only the newest of what may be done again and again."""
    light = sa.and_(audit.c.conversation_id == conversation_id, LIGHT_ACTS)
    oldest_kept = (
        sa.select(audit.c.id)
        .where(light)
        .order_by(audit.c.id.desc())
        .limit(1)
        .offset(but - 1)
        .scalar_subquery()
    )
    connection.execute(audit.delete().where(light, audit.c.id < oldest_kept))


def was_noted(
    connection: sa.Connection, conversation_id: int, act: str, *, since: datetime
) -> bool:
    query = sa.select(audit.c.id).where(
        audit.c.conversation_id == conversation_id, audit.c.act == act, audit.c.at > since
    )
    return connection.execute(query.limit(1)).first() is not None


def newest(
    connection: sa.Connection, conversation_id: int, *, limit: int, before: int | None = None
) -> tuple[Act, ...]:
    """The newest first; those before one, by its id."""
    query = (
        sa.select(audit.c.id, audit.c.at, audit.c.who, audit.c.act, audit.c.about)
        .where(audit.c.conversation_id == conversation_id)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(audit.c.id < before)
    rows = connection.execute(query)
    return tuple(Act(row.id, row.at, row.who, row.act, row.about) for row in rows)
