"""Who acts for the host in the browser, and by calls: admins, who may do all of it, and moderators.

Only a command makes them, by a link. What they may do is read in the transaction of each act: who
is an admin no more is refused at once, in every process.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import HostActName
from parley.domain import accounts, proof, sessions, text
from parley.domain.context import Context
from parley.errors import AccountRequired, NotAdmin, NotFound
from parley.records import (
    Admin,
    AdminLink,
    HostAct,
    HostRole,
    Session,
    SessionRenewed,
)
from parley.storage import admins as stored

CODE_BYTES = 24
LINK_VALID_FOR = timedelta(hours=1)
COMMAND_LINE = "Command line"
"""Who did what no admin did."""
_OF_MODERATORS = frozenset[HostActName](
    {"deleted_message", "resolved_report", "blocked", "unblocked", "announced"}
)
RIGHTS: Mapping[HostRole, frozenset[HostActName]] = MappingProxyType(
    {
        HostRole.MODERATOR: _OF_MODERATORS,
        HostRole.ADMIN: _OF_MODERATORS
        | {"ended", "deleted", "made_owner_link", "invited", "revoked_invitation"},
    }
)
"""What each may do. Nobody but a command makes or removes admins."""
_NOT_VALID = "This link is no longer valid. It may have been used or expired."


_FOR_ADMINS = "Only admins can see or do this, and you are a moderator."


class By(Struct, frozen=True):
    """Who acts for the host: an admin, by their session, or whoever types commands there."""

    session: Session | None = None
    is_at_command_line: bool = False


AT_COMMAND_LINE = By(is_at_command_line=True)


class Deed(Struct, frozen=True):
    """What somebody may do in a transaction, and has to be noted in it."""

    at: datetime
    who: str
    admin_id: int | None
    act: HostActName

    def note(self, connection: sa.Connection, about: str = "") -> None:
        stored.note(
            connection,
            at=self.at,
            who=self.who,
            admin_id=self.admin_id,
            act=self.act,
            about=about,
        )


class Accepted(Struct, frozen=True):
    """Somebody who is an admin from now on."""

    session: Session
    token: str
    """The new secret of their device."""
    proven: tuple[proof.Proven, ...]


# --- for use inside a transaction ---


def require(
    connection: sa.Connection, session: Session | None, role: HostRole = HostRole.MODERATOR
) -> Admin:
    """Who asks. Raises `AccountRequired`, and `NotAdmin` also for who has the lesser role."""
    if session is None or not session.is_of_account:
        raise AccountRequired
    found = stored.of_session(connection, session.id)
    if found is None:
        raise NotAdmin
    if role is HostRole.ADMIN and found.role is not HostRole.ADMIN:
        raise NotAdmin(_FOR_ADMINS)
    # It may have been signed out since the request began.
    accounts.signed_in(connection, session)
    return found


def look(
    connection: sa.Connection,
    session: Session | None,
    role: HostRole = HostRole.MODERATOR,
    *,
    at: datetime,
) -> Admin:
    """The same for what holds links and words: who found a browser open, or stole its cookie, must
    not read all conversations by it. Raises `ConfirmationRequired`, too.
    """
    found = require(connection, session, role)
    _, device = accounts.signed_in(connection, session)
    accounts.require_confirmed(device, at)
    return found


def allow(connection: sa.Connection, by: By, act: HostActName, *, at: datetime) -> Deed:
    """What they may do in this transaction: before anything of it is looked at.

    Raises as `require`, and `ConfirmationRequired` where it is long since they showed who they are.
    """
    if by.is_at_command_line:
        return Deed(at, COMMAND_LINE, None, act)
    admin = require(connection, by.session)
    if act not in RIGHTS[admin.role]:
        raise NotAdmin(_FOR_ADMINS)
    look(connection, by.session, at=at)
    return Deed(at, admin.called, admin.id, act)


def is_confirmed(connection: sa.Connection, session: Session | None, at: datetime) -> bool:
    """Whether they showed who they are lately enough to act. Raises `AccountRequired`."""
    _, device = accounts.signed_in(connection, session)
    return at - device.confirmed_at < accounts.CONFIRMED_FOR


def make_link(
    connection: sa.Connection, *, role: HostRole, label: str, at: datetime
) -> tuple[AdminLink, str]:
    """What makes an account an admin, once and within the hour; and its code, told once.

    Only for who types commands. Raises `TooLarge` for a label.
    """
    code = secrets.token_urlsafe(CODE_BYTES)
    link = AdminLink(role, text.label(label), at + LINK_VALID_FOR)
    stored.add_link(connection, _hash(code), link, at=at)
    return link, code


def remove(connection: sa.Connection, id: int, *, at: datetime) -> Admin:
    """They act for the host no more. Only for who types commands. Raises `NotFound`."""
    gone = stored.remove(connection, id)
    if gone is None:
        raise NotFound("There is no admin with this number.")
    allow(connection, AT_COMMAND_LINE, "removed_admin", at=at).note(connection, gone.called)
    return gone


# --- on their own ---


async def known(context: Context, session: Session | None) -> Admin | None:
    """Who it is, if they act for the host."""
    if session is None or not session.is_of_account:
        return None
    return await context.database.read(stored.of_session, session.id)


class OfAccount(Struct, frozen=True):
    """Who is signed in, and what they are here."""

    name: str
    is_confirmed: bool
    admin: Admin | None


async def account_of(context: Context, session: Session | None) -> OfAccount | None:
    """None for who is not signed in."""
    at = context.clock()

    def query(connection: sa.Connection) -> OfAccount | None:
        try:
            account, device = accounts.signed_in(connection, session)
        except AccountRequired:
            return None
        is_confirmed = at - device.confirmed_at < accounts.CONFIRMED_FOR
        admin = stored.of_session(connection, account.session_id)
        return OfAccount(account.name, is_confirmed, admin)

    return await context.database.read(query)


async def offered(context: Context, code: str) -> AdminLink:
    """What a link makes of whoever uses it. Looking uses nothing up. Raises `NotFound`."""
    at = context.clock()
    found = await context.database.read(
        lambda connection: stored.link(connection, _hash(code), at=at)
    )
    if found is None:
        raise NotFound(_NOT_VALID)
    return found


async def accept(context: Context, session: Session | None, code: str) -> Accepted:
    """Whoever is signed in acts for the host from now on. The link is used up by it.

    Raises `NotFound`, `AccountRequired`, and `ConfirmationRequired`: who found a browser open must
    not get this.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> Accepted:
        link = stored.take_link(connection, _hash(code), at=at)
        if link is None:
            raise NotFound(_NOT_VALID)
        if session is None:
            raise AccountRequired
        account, device = accounts.signed_in(connection, session)
        accounts.require_confirmed(device, at)
        admin = stored.put(
            connection, account_id=account.id, role=link.role, label=link.label, at=at
        )
        Deed(at, admin.called, admin.id, "became_admin").note(connection, link.role.value)
        # As with every right that is gained: nobody who knew the token before gains it too.
        return Accepted(*sessions.renew(connection, session, at=at))

    def tell(accepted: Accepted) -> None:
        proof.tell(context, accepted.proven)
        renewed = accepted.session
        context.bus.publish(SessionRenewed(renewed.id, None, renewed.device_id))

    return await context.database.write(work, tell)


async def everybody(context: Context, session: Session | None) -> list[Admin]:
    """All who act for the host, for admins."""
    at = context.clock()

    def query(connection: sa.Connection) -> list[Admin]:
        look(connection, session, HostRole.ADMIN, at=at)
        return stored.all_of_them(connection)

    return await context.database.read(query)


async def acts(
    context: Context, session: Session | None, *, limit: int, before: int | None = None
) -> tuple[tuple[HostAct, ...], bool]:
    """A page of what was done, the newest first, for admins; and whether there is more."""
    at = context.clock()

    def query(connection: sa.Connection) -> tuple[HostAct, ...]:
        look(connection, session, HostRole.ADMIN, at=at)
        return stored.acts(connection, limit=limit + 1, before=before)

    found = await context.database.read(query)
    return found[:limit], len(found) > limit


def _hash(code: str) -> bytes:
    # A fast hash is enough: the code is 192 random bits, there is nothing to guess.
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).digest()
