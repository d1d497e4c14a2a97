"""How people's marks look in conversations, where they chose."""

from __future__ import annotations

import sqlalchemy as sa

from parley.records import Look
from parley.storage.dialects import insert
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import (
    account_pictures,
    accounts,
    conversations,
    looks,
    participants,
)

_COLUMNS = [looks.c.user_id, looks.c.hue, looks.c.picture]
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
        set_={"hue": _given.excluded.hue, "picture": _given.excluded.picture},
    )
)
_FIND = Prepared(
    sa.select(*_COLUMNS).where(
        looks.c.conversation_id == p("conversation_id"), looks.c.user_id == p("user_id")
    ),
    _COLUMNS,
)
_WHOSE = Prepared(
    sa.select(account_pictures.c.picture)
    .select_from(looks)
    .join(
        participants,
        sa.and_(
            participants.c.conversation_id == looks.c.conversation_id,
            participants.c.user_id == looks.c.user_id,
        ),
    )
    .join(accounts, accounts.c.session_id == participants.c.session_id)
    .join(account_pictures, account_pictures.c.account_id == accounts.c.id)
    .where(looks.c.conversation_id == p("conversation_id"), looks.c.picture == p("picture")),
    [account_pictures.c.picture],
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
    return tuple(Look(row.user_id, row.hue, row.picture) for row in rows)


def find(connection: sa.Connection, conversation_id: int, user_id: str) -> Look | None:
    row = _FIND.first(connection, conversation_id=conversation_id, user_id=user_id)
    return None if row is None else Look(row.user_id, row.hue, row.picture)


def whose(connection: sa.Connection, conversation_id: int, picture: str) -> bytes | None:
    """The picture of whoever's it is there; None for one that is nobody's any more."""
    row = _WHOSE.first(connection, conversation_id=conversation_id, picture=picture)
    return None if row is None else bytes(row.picture)


def put(connection: sa.Connection, conversation_id: int, look: Look) -> None:
    _PUT.write(
        connection,
        conversation_id=conversation_id,
        user_id=look.user_id,
        hue=look.hue,
        picture=look.picture,
    )
    _NOTE.write(connection, id=conversation_id)


def erase(connection: sa.Connection, conversation_id: int, user_id: str) -> bool:
    """Whether there was one."""
    return _ERASE.write(connection, conversation_id=conversation_id, user_id=user_id) > 0
