"""How people's marks look in conversations, where they chose."""

from __future__ import annotations

import sqlalchemy as sa

from parley.records import Look
from parley.storage.dialects import insert
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import conversations, looks

_COLUMNS = [looks.c.user_id, looks.c.hue]
_OF = Prepared(
    sa.select(*_COLUMNS)
    .where(looks.c.conversation_id == p("conversation_id"))
    .order_by(looks.c.user_id)
    .limit(p("limit")),
    _COLUMNS,
)
_given = insert(looks).values(values(looks.c))
_PUT = Prepared(
    _given.on_conflict_do_update(
        index_elements=[looks.c.conversation_id, looks.c.user_id],
        set_={"hue": _given.excluded.hue},
    )
)
_ERASE = Prepared(
    looks.delete().where(
        looks.c.conversation_id == p("conversation_id"), looks.c.user_id == p("user_id")
    )
)
_NOTE = Prepared(
    conversations.update()
    .where(conversations.c.id == p("id"), conversations.c.has_looks.is_(False))
    .values(has_looks=True)
)


def of(connection: sa.Connection, conversation_id: int, *, limit: int) -> tuple[Look, ...]:
    """Of all who ever took part in it."""
    rows = _OF.run(connection, conversation_id=conversation_id, limit=limit)
    return tuple(Look(row.user_id, row.hue) for row in rows)


def put(connection: sa.Connection, conversation_id: int, look: Look) -> None:
    _PUT.write(connection, conversation_id=conversation_id, user_id=look.user_id, hue=look.hue)
    _NOTE.write(connection, id=conversation_id)


def erase(connection: sa.Connection, conversation_id: int, user_id: str) -> bool:
    """Whether there was one."""
    return _ERASE.write(connection, conversation_id=conversation_id, user_id=user_id) > 0
