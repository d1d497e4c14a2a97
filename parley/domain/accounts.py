"""Accounts: being the same person on several devices.

An account is a session that several devices' secrets prove. Whatever asks who somebody is gets that
session, whichever device asks.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import founding, looks, merging, sessions, text
from parley.domain.context import Context
from parley.domain.merging import Merged
from parley.errors import AccountRequired, ConfirmationRequired, NotFound, SignedInAlready
from parley.records import (
    Account,
    DevicesChanged,
    ExternalIdentity,
    LookChanged,
    Passkey,
    Session,
    SessionRenewed,
    SignedIn,
)
from parley.storage import accounts as stored
from parley.storage import contacts, desks, drafts, mail, participation, push
from parley.storage import merging as stored_merging
from parley.storage import sessions as stored_sessions

HANDLE_BYTES = 32
DEVICES_MAX = 30
"""Signed in at once: with one more, the one that was not seen for longest is signed out."""
CONFIRMED_FOR = timedelta(minutes=15)
"""After somebody signed in or confirmed that it is them they may change how to sign in."""


class Where(Struct, frozen=True):
    """What is known of a device that signs in."""

    label: str
    place: str


class Entered(Struct, frozen=True):
    """Somebody who is signed in from now on, or was already."""

    account: Account
    session: Session
    token: str | None
    """Of a device that was not signed in before."""
    merged: Merged | None = None
    """What they were here until now, where that was brought along."""
    renewed: SessionRenewed | None = None
    signed_out: tuple[Gone, ...] = ()
    looked: tuple[LookChanged, ...] = ()
    """Where their mark looks otherwise by that."""


class Gone(Struct, frozen=True):
    """A device that was signed out."""

    principal_id: int
    device_id: int
    was_last_notified: bool
    """Whether no other device of the account is notified."""


class Mine(Struct, frozen=True):
    """An account, as its own see it."""

    account: Account
    device: SignedIn
    """The one that asks."""
    devices: tuple[SignedIn, ...]
    passkeys: tuple[Passkey, ...]
    identities: tuple[ExternalIdentity, ...]
    codes_made: int
    codes_left: int
    owned: int
    """How many conversations they started."""

    def is_confirmed(self, at: datetime) -> bool:
        return at - self.device.confirmed_at < CONFIRMED_FOR


async def mine(context: Context, session: Session | None) -> Mine | None:
    """None for who is not signed in."""

    def query(connection: sa.Connection) -> Mine | None:
        if session is None or not session.is_of_account:
            return None
        account = stored.of_session(connection, session.id)
        device = stored.device(connection, session.device_id)
        if account is None or device is None:
            return None
        made, left = stored.codes(connection, account.id)
        has = stored_merging.has(connection, account.session_id, limit=merging.PARTS_MAX)
        return Mine(
            account,
            device,
            tuple(stored.devices(connection, account.id)),
            tuple(stored.passkeys_of(connection, account.id)),
            tuple(stored.identities_of(connection, account.id)),
            made,
            left,
            len(has.owned),
        )

    return await context.database.read(query)


async def guest_has(context: Context, session: Session | None) -> int:
    """In how many conversations a guest is anybody, who could bring them into an account."""
    if session is None or session.is_of_account:
        return 0
    guest = session
    return await context.database.read(lambda connection: merging.count(connection, guest))


async def usual_name(context: Context, session: Session | None) -> str:
    """What whoever asks is called where something happened last; empty for who is nowhere."""
    if session is None:
        return ""
    asks = session.id
    latest = await context.database.read(
        lambda connection: participation.latest(connection, asks, limit=1)
    )
    person = latest[0].person if latest else None
    return "" if person is None else person.username


async def own_name(context: Context, session: Session | None) -> str:
    """What the account is called; empty for who has none, or none with a name."""
    if session is None or not session.is_of_account:
        return ""
    account = await context.database.read(stored.of_session, session.id)
    return "" if account is None else account.name


async def change(
    context: Context,
    session: Session | None,
    *,
    name: str | None = None,
    hue: int | None = None,
    keeps_hue: bool = False,
) -> None:
    """What an account is called where it joins, None for as before; and the colour of its mark
    wherever it takes part, None for what pages choose. Raises `AccountRequired`.
    """
    clean = None if name is None else text.label(name)

    def work(connection: sa.Connection) -> list[LookChanged]:
        before, _ = signed_in(connection, session)
        now = stored.change(
            connection,
            before,
            name=before.name if clean is None else clean,
            hue=before.hue if keeps_hue else hue,
        )
        return [] if now.hue == before.hue else looks.show_everywhere(connection, now)

    def tell(changed: list[LookChanged]) -> None:
        for each in changed:
            context.bus.publish(each)

    await context.database.write(work, tell)


async def sign_out(
    context: Context,
    session: Session | None,
    *,
    device_id: int | None = None,
    all_others: bool = False,
) -> int:
    """Sign out this device, another one, or all the others; how many that were. Their sockets go.

    Raises `AccountRequired`, and `NotFound` for a device that is not one of theirs.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> list[Gone]:
        account, this = signed_in(connection, session)
        theirs = {device.id for device in stored.devices(connection, account.id)}
        if all_others:
            out = theirs - {this.id}
        elif (wanted := device_id or this.id) in theirs:
            out = {wanted}
        else:
            raise NotFound("No device of yours has this id. It may have been signed out.")
        return [_sign_out(connection, account, id, at=at) for id in sorted(out)]

    gone = await context.database.write(work, lambda gone: tell_signed_out(context, gone))
    return len(gone)


async def delete(context: Context, session: Session | None, *, with_messages: bool) -> None:
    """Delete the account: no device is signed in any more, and nobody is who they were. What they
    said stays under the names it was said under; `with_messages`, it is deleted for everyone,
    some minutes later (`erasing_own.go_on`). Raises `ConfirmationRequired`.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[list[Gone], list[LookChanged]]:
        account, device = signed_in(connection, session)
        require_confirmed(device, at)
        gone = [
            _sign_out(connection, account, each.id, at=at)
            for each in stored.devices(connection, account.id)
        ]
        hidden = looks.hide_everywhere(connection, account) if looks.is_chosen(account) else []
        push.remove_all(connection, account.session_id)
        mail.forget_session(connection, account.session_id)
        contacts.forget(connection, account.id, account.session_id)
        desks.remove_of(connection, account.session_id)
        founding.leave_to_others(connection, account.session_id)
        drafts.erase_older(connection, account.session_id, keep=0)
        if with_messages:
            stored.begin_erasing(connection, account.id, at=at)
        else:
            stored.erase(connection, account.id)
        return gone, hidden

    def tell(result: tuple[list[Gone], list[LookChanged]]) -> None:
        gone, hidden = result
        for each in hidden:
            context.bus.publish(each)
        tell_signed_out(context, gone)

    await context.database.write(work, tell)


# --- for whoever proves it: inside a transaction ---


def signed_in(connection: sa.Connection, session: Session | None) -> tuple[Account, SignedIn]:
    """Whose account it is, and the device. Raises `AccountRequired`."""
    if session is None or not session.is_of_account:
        raise AccountRequired
    account = stored.of_session(connection, session.id)
    device = stored.device(connection, session.device_id)
    if account is None or device is None:
        raise AccountRequired
    return account, device


def require_confirmed(device: SignedIn, at: datetime) -> None:
    """Raises `ConfirmationRequired`: a stolen cookie must not become a way in that lasts."""
    if at - device.confirmed_at >= CONFIRMED_FOR:
        raise ConfirmationRequired


def has_way_in(context: Context, connection: sa.Connection, account_id: int) -> bool:
    """Whether an account could be signed in to on another device."""
    _, codes_left = stored.codes(connection, account_id)
    if codes_left or stored.passkeys_of(connection, account_id):
        return True
    known = stored.identities_of(connection, account_id)
    return any(each.issuer in context.providers.issuers for each in known)


def begin(
    connection: sa.Connection,
    session: Session | None,
    where: Where,
    name: str,
    *,
    at: datetime,
    handle: bytes | None = None,
) -> Entered:
    """A new account, for whom this session is, with this device; `handle` where authenticators
    were told one already. Raises `SignedInAlready`.
    """
    if session is not None and session.is_of_account:
        raise SignedInAlready
    if session is None:
        principal_id = stored_sessions.insert(
            connection, token_hash=secrets.token_bytes(32), at=at, used_at=at
        ).id
    else:
        # From now on devices prove it.
        principal_id = session.id
        stored_merging.end(connection, principal_id, at=at)
    account = stored.add(
        connection,
        session_id=principal_id,
        handle=handle or secrets.token_bytes(HANDLE_BYTES),
        name=name,
        at=at,
    )
    device, token = _add_device(connection, account, where, at=at)
    push.give(connection, principal_id, principal_id, added_by=device.device_id)
    renewed = None if session is None else SessionRenewed(session.id, None, session.device_id)
    return Entered(account, device, token, renewed=renewed)


def enter(
    context: Context,
    connection: sa.Connection,
    account: Account,
    session: Session | None,
    where: Where,
    *,
    bring: bool,
    at: datetime,
) -> Entered:
    """Sign in on a device. Whoever was a guest on it brings what they have there along, or leaves
    it behind. Raises `SignedInAlready` where it is another's, `BadRequest` for too much to bring.
    """
    if session is not None and session.is_of_account:
        if session.id != account.session_id:
            raise SignedInAlready
        stored.confirm(connection, session.device_id, at=at)
        return Entered(account, session, None)
    device, token = _add_device(connection, account, where, at=at)
    merged, renewed = None, None
    if session is not None and bring:
        merged = merging.merge(
            context, connection, session, account.session_id, added_by=device.device_id, at=at
        )
    elif session is not None:
        # Whoever signs in here must not be told what goes on where somebody else was.
        push.remove_all(connection, session.id)
        stored_merging.end(connection, session.id, at=at)
        renewed = SessionRenewed(session.id, None, session.device_id)
    devices = stored.devices(connection, account.id)
    oldest = sorted(devices, key=lambda each: each.seen_at)[: max(0, len(devices) - DEVICES_MAX)]
    out = tuple(_sign_out(connection, account, each.id, at=at) for each in oldest)
    looked = (
        ()
        if merged is None or not looks.is_chosen(account)
        else looks.show_everywhere(connection, account)
    )
    return Entered(account, device, token, merged, renewed, out, tuple(looked))


def tell_entered(context: Context, entered: Entered) -> None:
    if entered.merged is not None:
        merging.tell(context, entered.merged)
    if entered.renewed is not None:
        context.bus.publish(entered.renewed)
    for each in entered.looked:
        context.bus.publish(each)
    tell_signed_out(context, entered.signed_out)


def tell_signed_out(context: Context, gone: Iterable[Gone]) -> None:
    for each in gone:
        if each.was_last_notified:
            context.notified.discard(each.principal_id)
            context.bus.publish(DevicesChanged(each.principal_id, has_any=False))
        context.bus.publish(SessionRenewed(each.principal_id, None, each.device_id, is_over=True))


def _add_device(
    connection: sa.Connection, account: Account, where: Where, *, at: datetime
) -> tuple[Session, str]:
    token, token_hash = sessions.new_token()
    device = stored_sessions.insert(
        connection, token_hash=token_hash, at=at, used_at=at, principal_id=account.session_id
    )
    stored.add_device(
        connection,
        session_id=device.device_id,
        account_id=account.id,
        label=where.label,
        place=where.place,
        at=at,
    )
    return device, token


def _sign_out(connection: sa.Connection, account: Account, device_id: int, *, at: datetime) -> Gone:
    was_last = push.remove_added_by(connection, account.session_id, device_id)
    stored.remove_device(connection, device_id, token_hash=secrets.token_bytes(32), at=at)
    return Gone(account.session_id, device_id, was_last)
