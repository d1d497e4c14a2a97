"""Who went to a provider to sign in, and is expected back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Authorization, Purpose
from parley.storage.schema import authorizations

FORGOTTEN_AT_ONCE = 100
"""Of those who did not come back."""


def add(
    connection: sa.Connection, state_hash: bytes, authorization: Authorization, *, at: datetime
) -> None:
    """And forget some that are past their time."""
    old = (
        sa.select(authorizations.c.state_hash)
        .where(authorizations.c.expires_at <= at)
        .limit(FORGOTTEN_AT_ONCE)
    )
    connection.execute(authorizations.delete().where(authorizations.c.state_hash.in_(old)))
    connection.execute(
        authorizations.insert().values(
            state_hash=state_hash,
            provider=authorization.provider,
            purpose=authorization.purpose.value,
            brings=authorization.brings,
            browser_hash=authorization.browser_hash,
            session_id=authorization.session_id,
            subject=authorization.subject,
            expires_at=authorization.expires_at,
        )
    )


def find(connection: sa.Connection, state_hash: bytes) -> Authorization | None:
    row = connection.execute(
        authorizations.select().where(authorizations.c.state_hash == state_hash)
    ).one_or_none()
    return None if row is None else _authorization(row)


def take(connection: sa.Connection, state_hash: bytes) -> Authorization | None:
    """It is used up by that."""
    row = connection.execute(
        authorizations.delete()
        .where(authorizations.c.state_hash == state_hash)
        .returning(*authorizations.c)
    ).one_or_none()
    return None if row is None else _authorization(row)


def _authorization(row: Any) -> Authorization:
    return Authorization(
        provider=row.provider,
        purpose=Purpose(row.purpose),
        brings=bool(row.brings),
        browser_hash=row.browser_hash,
        session_id=row.session_id,
        expires_at=row.expires_at,
        subject=row.subject,
    )
