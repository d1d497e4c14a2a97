"""Invitations to start conversations, and who was invited."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Invitation
from parley.storage.dialects import insert
from parley.storage.schema import invitations, invited


def add(
    connection: sa.Connection,
    *,
    code_hash: bytes,
    note: str,
    at: datetime,
    expires_at: datetime | None,
    uses_max: int | None,
) -> Invitation:
    row = connection.execute(
        invitations.insert()
        .values(
            code_hash=code_hash,
            note=note,
            made_at=at,
            expires_at=expires_at,
            uses=0,
            uses_max=uses_max,
        )
        .returning(*invitations.c)
    ).one()
    return _invitation(row)


def by_code(connection: sa.Connection, code_hash: bytes) -> Invitation | None:
    query = sa.select(invitations).where(invitations.c.code_hash == code_hash)
    row = connection.execute(query).one_or_none()
    return None if row is None else _invitation(row)


def all_of_them(connection: sa.Connection) -> tuple[Invitation, ...]:
    """The newest first."""
    rows = connection.execute(sa.select(invitations).order_by(invitations.c.id.desc()))
    return tuple(map(_invitation, rows))


def use(connection: sa.Connection, id: int, session_id: int, *, at: datetime) -> None:
    """Whoever has the session may start conversations from now on."""
    connection.execute(
        invitations.update().where(invitations.c.id == id).values(uses=invitations.c.uses + 1)
    )
    given = insert(invited).values(session_id=session_id, invitation_id=id, at=at)
    connection.execute(given.on_conflict_do_nothing())


def is_invited(connection: sa.Connection, session_id: int) -> bool:
    query = sa.select(invited.c.session_id).where(invited.c.session_id == session_id)
    return connection.execute(query).first() is not None


def revoke(connection: sa.Connection, id: int, *, at: datetime) -> int | None:
    """Nobody comes by it any more, and who came by it may start nothing more; how many that are.
    None where there is none, or it was revoked before.
    """
    done = connection.execute(
        invitations.update()
        .where(invitations.c.id == id, invitations.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    if not done.rowcount:
        return None
    return connection.execute(invited.delete().where(invited.c.invitation_id == id)).rowcount


def _invitation(row: Any) -> Invitation:
    return Invitation(
        row.id,
        row.note,
        row.made_at,
        row.expires_at,
        row.revoked_at,
        row.uses,
        row.uses_max,
    )
