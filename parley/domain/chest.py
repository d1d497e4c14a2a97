"""The chest of an account: its keys of encrypted conversations, sealed by its browsers.

Nothing here can open it (docs/encryption.md).
"""

from __future__ import annotations

import sqlalchemy as sa

from parley.domain import accounts
from parley.domain.context import Context
from parley.errors import ChangedMeanwhile
from parley.records import Chest, Session
from parley.storage import accounts as stored

NONE = Chest("", 0)


async def own(context: Context, session: Session | None) -> Chest:
    """Raises `AccountRequired`."""

    def query(connection: sa.Connection) -> Chest:
        account, _ = accounts.signed_in(connection, session)
        return stored.chest(connection, account.id) or NONE

    return await context.database.read(query)


async def put(context: Context, session: Session | None, sealed: str, *, version: int) -> Chest:
    """In the place of what there was in this `version`; with nothing in it, it is empty from then
    on. Raises `AccountRequired`, and `ChangedMeanwhile` where another device was first.
    """

    def work(connection: sa.Connection) -> Chest:
        account, _ = accounts.signed_in(connection, session)
        before = stored.chest(connection, account.id) or NONE
        if before.version != version:
            raise ChangedMeanwhile
        now = Chest(sealed, version + 1)
        stored.put_chest(connection, account.id, now)
        return now

    return await context.database.write(work)
