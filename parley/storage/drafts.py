"""What people with an account are writing."""

from __future__ import annotations

import sqlalchemy as sa

from parley.records import Unsent
from parley.storage.dialects import insert
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import drafts

_ITS = sa.and_(
    drafts.c.conversation_id == p("conversation_id"), drafts.c.session_id == p("session_id")
)
_COLUMNS = [drafts.c.text, drafts.c.version]
_FIND = Prepared(sa.select(*_COLUMNS).where(_ITS), _COLUMNS)
_given = insert(drafts).values(values(drafts.c))
_PUT = Prepared(
    _given.on_conflict_do_update(
        index_elements=[drafts.c.conversation_id, drafts.c.session_id],
        set_={"text": _given.excluded.text, "version": _given.excluded.version},
    )
)
_ERASE = Prepared(drafts.delete().where(_ITS))
_OLDER = Prepared(
    sa.select(drafts.c.conversation_id)
    .where(drafts.c.session_id == p("session_id"))
    .order_by(drafts.c.version.desc())
    .offset(p("offset")),
    [drafts.c.conversation_id],
)


def find(connection: sa.Connection, conversation_id: int, session_id: int) -> Unsent | None:
    row = _FIND.first(connection, conversation_id=conversation_id, session_id=session_id)
    return None if row is None else Unsent(row.text, row.version)


def put(connection: sa.Connection, conversation_id: int, session_id: int, unsent: Unsent) -> None:
    _PUT.write(
        connection,
        conversation_id=conversation_id,
        session_id=session_id,
        text=unsent.text,
        version=unsent.version,
    )


def erase(connection: sa.Connection, conversation_id: int, session_id: int) -> None:
    _ERASE.write(connection, conversation_id=conversation_id, session_id=session_id)


def erase_older(connection: sa.Connection, session_id: int, *, keep: int) -> None:
    """All of one person but the newest."""
    for row in _OLDER.run(connection, session_id=session_id, offset=keep):
        erase(connection, row.conversation_id, session_id)
