"""Who may start conversations: everybody, who was invited by whoever runs the server, or who has an
account.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley.config import ACCOUNTS, EVERYBODY, INVITED
from parley.contract import LABEL_MAX_CHARS
from parley.domain import admins, entering, proof, text
from parley.domain.admins import By
from parley.domain.context import Context
from parley.errors import AccountRequired, InvitationRequired, NotFound
from parley.records import Invitation, Session, SessionRenewed
from parley.storage import accounts as stored_accounts
from parley.storage import invitations as stored

CODE_BYTES = 18
_NOT_VALID = "This invitation is no longer valid. It may have been used, revoked or expired."


class Made(Struct, frozen=True):
    invitation: Invitation
    code: str
    """What somebody needs to use it: told once, kept as a hash."""


class Accepted(Struct, frozen=True):
    session: Session
    token: str | None
    """The session's new secret; None where it was invited before."""
    proven: tuple[proof.Proven, ...] = ()


def require_starting(context: Context, connection: sa.Connection, session: Session | None) -> None:
    """For use inside a transaction. Raises `InvitationRequired`, `AccountRequired`."""
    if not _may_start(context, connection, session):
        raise _refusal(context)


async def require(context: Context, session: Session | None) -> None:
    """The same by itself."""
    if not await may_start(context, session):
        raise _refusal(context)


async def may_start(context: Context, session: Session | None) -> bool:
    """Whether somebody may start conversations here."""
    if context.who_may_start == EVERYBODY:
        return True
    return await context.database.read(lambda connection: _may_start(context, connection, session))


async def accept(context: Context, session: Session | None, code: str) -> Accepted:
    """Whoever asks may start conversations from now on, with a session made if need be. Who was
    invited before uses up nothing. Raises `NotFound` for an invitation that is not valid.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> Accepted:
        if session is not None and stored.is_invited(connection, session.id):
            return Accepted(session, None)
        invitation = stored.by_code(connection, _hash(code))
        if invitation is None or not invitation.is_valid(at):
            raise NotFound(_NOT_VALID)
        # As with every right that is gained: nobody who knew the token before gains it too.
        who, token, proven = entering.renewed(connection, session, context)
        stored.use(connection, invitation.id, who.id, at=at)
        return Accepted(who, token, proven)

    def tell(accepted: Accepted) -> None:
        proof.tell(context, accepted.proven)
        if session is not None and accepted.token is not None:
            context.bus.publish(SessionRenewed(session.id, None, session.device_id))

    return await context.database.write(work, tell)


# --- for whoever runs the server, inside a transaction ---


def make(
    connection: sa.Connection,
    *,
    by: By,
    at: datetime,
    uses_max: int | None,
    expires_in: timedelta | None,
    note: str = "",
) -> Made:
    """Raises `TooLarge` for a note that is too long, and as `admins.allow`."""
    deed = admins.allow(connection, by, "invited", at=at)
    code = secrets.token_urlsafe(CODE_BYTES)
    made = stored.add(
        connection,
        code_hash=_hash(code),
        note=text.report(note, "note", LABEL_MAX_CHARS),
        at=at,
        expires_at=None if expires_in is None else at + expires_in,
        uses_max=uses_max,
    )
    deed.note(connection, str(made.id))
    return Made(made, code)


def revoke(connection: sa.Connection, id: int, *, by: By, at: datetime) -> int:
    """Nobody comes by it any more, and who came by it may start nothing more; how many that are.
    What they started stays. Raises `NotFound`, and as `admins.allow`.
    """
    deed = admins.allow(connection, by, "revoked_invitation", at=at)
    gone = stored.revoke(connection, id, at=at)
    if gone is None:
        raise NotFound("No such invitation, or it has already been revoked.")
    deed.note(connection, str(id))
    return gone


def _may_start(context: Context, connection: sa.Connection, session: Session | None) -> bool:
    who = context.who_may_start
    if who == EVERYBODY:
        return True
    if session is None:
        return False
    if who == INVITED:
        return stored.is_invited(connection, session.id)
    account = stored_accounts.of_session(connection, session.id)
    if account is None or not session.is_of_account:
        return False
    if who == ACCOUNTS:
        return True
    known = stored_accounts.identities_of(connection, account.id)
    return any(each.issuer in context.providers.issuers for each in known)


def _refusal(context: Context) -> InvitationRequired | AccountRequired:
    if context.who_may_start == INVITED:
        return InvitationRequired()
    if context.who_may_start == ACCOUNTS:
        return AccountRequired(
            "Only people with an account can start conversations here. Sign in, or start one."
        )
    named = " or ".join(provider.name for provider in context.providers)
    return AccountRequired(
        f"Only people who sign in with {named or 'a provider'} can start conversations here."
    )


def _hash(code: str) -> bytes:
    # A fast hash is enough: the code is 144 random bits, there is nothing to guess.
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
