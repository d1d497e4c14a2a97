"""Sessions: made on first contact, stored hashed, proven by a secret token."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import sqlalchemy as sa
from msgspec.structs import replace

from parley.domain import proof
from parley.domain.context import Context
from parley.records import May, Session
from parley.storage import push
from parley.storage import sessions as stored

TOKEN_BYTES = 32


async def resolve(context: Context, token: str | None, about: str = "") -> Session | None:
    """The session a token proves, or None. Remembers that the token was used: whoever it is
    anywhere is proven by that. `about` is the room id of what it is presented for.
    """
    if not token:
        return None
    session = await context.database.read(stored.find, _hash(token))
    if session is None:
        return None
    context.seen.note(session.id, about)
    if session.device_id != session.id:
        context.seen.note(session.device_id)
    if session.token_used:
        return session
    found, at = session, context.clock()

    def work(connection: sa.Connection) -> tuple[proof.Proven, ...]:
        stored.mark_token_used(connection, found.device_id, at=at)
        return proof.prove(connection, found.id)

    await context.database.write(work, lambda proven: proof.tell(context, proven))
    return replace(session, token_used=True)


async def look(context: Context, token: str | None) -> Session | None:
    """The same without remembering anything, for who may not be asking by their own wish."""
    return await context.database.read(stored.find, _hash(token)) if token else None


def begin(
    connection: sa.Connection,
    *,
    at: datetime,
    in_use: bool = False,
    joins: int | None = None,
    may: May | None = None,
) -> tuple[Session, str]:
    """A new session and its token, inside the transaction of whatever it is made for.

    `in_use` counts the token as used from the start: its holder surely keeps it. `joins` is
    the conversation that it is made to join, `may` what a bot may there.
    """
    token, token_hash = new_token()
    session = stored.insert(
        connection,
        token_hash=token_hash,
        at=at,
        used_at=at if in_use else None,
        unproven_in=None if in_use else joins,
        may=may,
    )
    return session, token


def new_token() -> tuple[str, bytes]:
    """A token that nobody knew before, and what is kept of it."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return token, _hash(token)


def renew(
    connection: sa.Connection, session: Session, *, at: datetime
) -> tuple[Session, str, tuple[proof.Proven, ...]]:
    """The session, the token that proves it from now on, and whom that proves, to be told of: where
    rights change, whoever knew the token before must not have them too.
    """
    token, token_hash = new_token()
    stored.renew(connection, session.device_id, token_hash=token_hash, at=at)
    # Whoever knew the token before may have named a device of theirs.
    if session.is_of_account:
        push.remove_added_by(connection, session.id, session.device_id)
    else:
        push.remove_all(connection, session.id)
    # The token counts as used from now on, so nothing proves this session later.
    proven = () if session.token_used else proof.prove(connection, session.id)
    return stored.by_id(connection, session.device_id), token, proven


def _hash(token: str) -> bytes:
    # A fast hash is enough: the token is 256 random bits, there is nothing to guess.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
