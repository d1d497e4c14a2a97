"""How many there are of something, as far as anybody wants to know."""

from __future__ import annotations

from typing import Literal

import sqlalchemy as sa

from parley.storage.schema import account_devices, accounts, blocks, push_devices, sessions

_TABLES = {
    "sessions": sessions,
    "accounts": accounts,
    "devices": account_devices,
    "notified": push_devices,
    "blocks": blocks,
}
What = Literal["sessions", "accounts", "devices", "notified", "blocks"]


def up_to(connection: sa.Connection, what: What, most: int) -> int:
    """No more than `most` are counted, so that it takes no longer the more there are."""
    some = sa.select(sa.literal(1)).select_from(_TABLES[what]).limit(most).subquery()
    count: int = connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one()
    return count
