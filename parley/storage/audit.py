"""The list of what owners did."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from parley.records import Act
from parley.storage.schema import audit


def note(
    connection: sa.Connection, conversation_id: int, *, at: datetime, who: str, act: str, about: str
) -> None:
    connection.execute(
        audit.insert().values(conversation_id=conversation_id, at=at, who=who, act=act, about=about)
    )


def newest(connection: sa.Connection, conversation_id: int, *, limit: int) -> tuple[Act, ...]:
    """The newest first."""
    rows = connection.execute(
        sa.select(audit.c.at, audit.c.who, audit.c.act, audit.c.about)
        .where(audit.c.conversation_id == conversation_id)
        .order_by(audit.c.id.desc())
        .limit(limit)
    )
    return tuple(Act(row.at, row.who, row.act, row.about) for row in rows)
