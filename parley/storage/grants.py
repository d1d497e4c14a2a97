"""Grants: the roles that links, answered knocks and passphrases gave to sessions."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from parley.records import Role
from parley.storage.dialects import insert
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, p
from parley.storage.schema import grants, participants

_RANK = {Role.READER: 0, Role.MEMBER: 1, Role.OWNER: 2}
_FIND = Prepared(
    sa.select(grants.c.role).where(
        grants.c.conversation_id == p("conversation_id"), grants.c.session_id == p("session_id")
    ),
    [grants.c.role],
)


def find(connection: sa.Connection, conversation_id: int, session_id: int) -> Role | None:
    row = _FIND.first(connection, conversation_id=conversation_id, session_id=session_id)
    return None if row is None else ROLES[row.role]


def give(
    connection: sa.Connection,
    conversation_id: int,
    session_id: int,
    role: Role,
    *,
    at: datetime,
    link_id: int | None = None,
) -> None:
    """Instead of what the session had before, unless that was as much."""
    held = find(connection, conversation_id, session_id)
    if held is not None and _RANK[held] >= _RANK[role]:
        return
    given = {"role": role.value, "link_id": link_id, "granted_at": at}
    connection.execute(
        insert(grants)
        .values(conversation_id=conversation_id, session_id=session_id, **given)
        .on_conflict_do_update(
            index_elements=[grants.c.conversation_id, grants.c.session_id], set_=given
        )
    )


def take_back(connection: sa.Connection, conversation_id: int, session_id: int) -> None:
    connection.execute(
        grants.delete().where(
            grants.c.conversation_id == conversation_id, grants.c.session_id == session_id
        )
    )


def nameless(connection: sa.Connection, conversation_id: int) -> int:
    """How many came in by a passphrase or an answered knock, and have not joined."""
    query = sa.select(sa.func.count()).select_from(grants).where(_is_nameless(conversation_id))
    return connection.execute(query).scalar_one()


def take_back_nameless(connection: sa.Connection, conversation_id: int) -> list[int]:
    """They have nothing any more; their session ids."""
    rows = connection.execute(
        grants.delete().where(_is_nameless(conversation_id)).returning(grants.c.session_id)
    )
    return [row.session_id for row in rows]


def take_back_of_link(connection: sa.Connection, link_id: int) -> list[int]:
    """Whoever came by this link has its role no more; their session ids."""
    rows = connection.execute(
        grants.delete().where(grants.c.link_id == link_id).returning(grants.c.session_id)
    )
    return [row.session_id for row in rows]


def _is_nameless(conversation_id: int) -> sa.ColumnElement[bool]:
    joined = sa.select(participants.c.session_id).where(
        participants.c.conversation_id == conversation_id
    )
    return sa.and_(
        grants.c.conversation_id == conversation_id,
        grants.c.link_id.is_(None),
        grants.c.session_id.not_in(joined),
    )
