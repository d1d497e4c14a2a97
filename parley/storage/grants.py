"""Grants: the roles that links, answered knocks and passphrases gave to sessions."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from parley.records import Role
from parley.storage.dialects import insert
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, as_stored, p
from parley.storage.schema import conversations, grants, participants

_RANK = {Role.READER: 0, Role.MEMBER: 1, Role.OWNER: 2}
_FIND = Prepared(
    sa.select(grants.c.role, as_stored(grants.c.is_founder)).where(
        grants.c.conversation_id == p("conversation_id"), grants.c.session_id == p("session_id")
    ),
    [grants.c.role, as_stored(grants.c.is_founder)],
)


class Held(NamedTuple):
    """What a session was given."""

    role: Role
    is_founder: bool
    """Beside the one that the conversation names."""


def held(connection: sa.Connection, conversation_id: int, session_id: int) -> Held | None:
    row = _FIND.first(connection, conversation_id=conversation_id, session_id=session_id)
    return None if row is None else Held(ROLES[row.role], row.is_founder == 1)


def find(connection: sa.Connection, conversation_id: int, session_id: int) -> Role | None:
    found = held(connection, conversation_id, session_id)
    return None if found is None else found.role


def give(
    connection: sa.Connection,
    conversation_id: int,
    session_id: int,
    role: Role,
    *,
    at: datetime,
    link_id: int | None = None,
    is_founder: bool = False,
) -> None:
    """Instead of what the session had before, unless that was as much."""
    before = held(connection, conversation_id, session_id)
    if before is not None and (_RANK[before.role], before.is_founder) >= (_RANK[role], is_founder):
        return
    given = {
        "role": role.value,
        "link_id": link_id,
        "granted_at": at,
        "is_founder": is_founder,
    }
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


def founders(connection: sa.Connection, conversation_id: int) -> list[int]:
    """The sessions that are founders beside the one that the conversation names, in order."""
    rows = connection.execute(
        sa.select(grants.c.session_id)
        .where(grants.c.conversation_id == conversation_id, grants.c.is_founder)
        .order_by(grants.c.granted_at, grants.c.session_id)
    )
    return [row.session_id for row in rows]


def found_no_more(
    connection: sa.Connection, conversation_id: int, session_id: int | None = None
) -> None:
    """This session is an owner like others by what it was given; None for all of them."""
    theirs = [] if session_id is None else [grants.c.session_id == session_id]
    connection.execute(
        grants.update()
        .where(grants.c.conversation_id == conversation_id, *theirs)
        .values(is_founder=False)
    )


def founded_with_others(connection: sa.Connection, session_id: int) -> list[int]:
    """The conversations that name this session as their founder, and that have others, too; and
    those where it is one of the others.
    """
    another = sa.exists().where(
        grants.c.conversation_id == conversations.c.id,
        grants.c.is_founder,
        grants.c.session_id != session_id,
    )
    named = sa.select(conversations.c.id).where(
        conversations.c.owner_session_id == session_id, another
    )
    one_of = (
        sa.select(grants.c.conversation_id)
        .join(conversations, conversations.c.id == grants.c.conversation_id)
        .where(
            grants.c.session_id == session_id,
            grants.c.is_founder,
            conversations.c.owner_session_id != session_id,
        )
    )
    return [row.id for row in connection.execute(sa.union(named, one_of))]


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
