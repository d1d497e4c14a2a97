"""Drafts: what somebody with an account is writing, on all their devices."""

from __future__ import annotations

import sqlalchemy as sa

from parley.contract import DRAFT_MAX_CHARS
from parley.domain import door, text
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import AccountRequired, ChangedMeanwhile, Encrypted, NotJoined
from parley.records import Session, Unsent
from parley.storage import drafts as stored
from parley.storage.schema import milliseconds

DRAFTS_MAX = 100
"""Of one account: with one more, the one that was changed first is forgotten."""
NONE = Unsent("", 0)


async def own(context: Context, room_id: str, session: Session | None) -> Unsent:
    """Raises `AccountRequired`, `Encrypted`, `NotJoined`, and what keeps them from reading."""

    def query(connection: sa.Connection) -> Unsent:
        found, mine = _own(connection, room_id, session)
        return stored.find(connection, found.id, mine.id) or NONE

    return await context.database.read(query)


async def keep(
    context: Context, room_id: str, session: Session | None, words: str, *, version: int
) -> Unsent:
    """Keep these words, or with none of them nothing, in place of what there was in this `version`.

    Raises the same, and `ChangedMeanwhile` where another device has written something since: it is
    not lost for that.
    """
    clean, at = text.draft(words, DRAFT_MAX_CHARS), milliseconds(context.clock()) or 0

    def work(connection: sa.Connection) -> Unsent:
        found, mine = _own(connection, room_id, session)
        before = stored.find(connection, found.id, mine.id)
        if before is not None and before.version != version:
            raise ChangedMeanwhile
        if not clean:
            stored.erase(connection, found.id, mine.id)
            return NONE
        now = Unsent(clean, max(at, 1 if before is None else before.version + 1))
        stored.put(connection, found.id, mine.id, now)
        stored.erase_older(connection, mine.id, keep=DRAFTS_MAX)
        return now

    return await context.database.write(work)


def _own(connection: sa.Connection, room_id: str, session: Session | None) -> tuple[Found, Session]:
    found = door.readable(connection, room_id, session)
    if session is None or found.person is None:
        raise NotJoined
    if not session.is_of_account:
        raise AccountRequired
    if found.conversation.is_encrypted:
        raise Encrypted
    return found, session
