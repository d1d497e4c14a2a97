"""Accounts, where they are signed in, and what proves whose they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import (
    Account,
    Ceremony,
    Challenge,
    Chest,
    ExternalIdentity,
    Passkey,
    SignedIn,
)
from parley.storage.dialects import insert
from parley.storage.schema import (
    OF_ACCOUNT,
    PROVEN,
    account_devices,
    account_pictures,
    accounts,
    admins,
    challenges,
    chests,
    conversations,
    external_identities,
    messages,
    participants,
    passkeys,
    recovery_codes,
    sessions,
)

FORGOTTEN_AT_ONCE = 100
"""Challenges that nobody answered."""


def add(
    connection: sa.Connection, *, session_id: int, handle: bytes, name: str, at: datetime
) -> Account:
    row = connection.execute(
        accounts.insert()
        .values(session_id=session_id, handle=handle, name=name, created_at=at)
        .returning(*accounts.c)
    ).one()
    return _account(row)


def of_session(connection: sa.Connection, session_id: int) -> Account | None:
    """By what it is in conversations."""
    return _one(connection, accounts.c.session_id == session_id)


def by_id(connection: sa.Connection, account_id: int) -> Account | None:
    return _one(connection, accounts.c.id == account_id)


def among(connection: sa.Connection, session_ids: Collection[int]) -> frozenset[int]:
    """Those of these sessions that are an account."""
    rows = connection.execute(
        sa.select(accounts.c.session_id).where(
            accounts.c.session_id.in_(session_ids), accounts.c.erasing_at.is_(None)
        )
    )
    return frozenset(row.session_id for row in rows)


def change(connection: sa.Connection, account: Account, *, name: str, hue: int | None) -> Account:
    row = connection.execute(
        accounts.update()
        .where(accounts.c.id == account.id)
        .values(name=name, hue=hue)
        .returning(*accounts.c)
    ).one()
    return _account(row)


def erase(connection: sa.Connection, account_id: int) -> None:
    """With all that proves it, and what it may do for the host; its devices go before."""
    _erase_proofs(connection, account_id)
    connection.execute(accounts.delete().where(accounts.c.id == account_id))


def begin_erasing(connection: sa.Connection, account_id: int, *, at: datetime) -> None:
    """Nothing proves it any more; it stays until what its holder said is deleted."""
    _erase_proofs(connection, account_id)
    connection.execute(accounts.update().where(accounts.c.id == account_id).values(erasing_at=at))


def erasing(connection: sa.Connection) -> list[Account]:
    """Those of which not all is deleted yet."""
    rows = connection.execute(accounts.select().where(accounts.c.erasing_at.is_not(None)))
    return [_account(row) for row in rows]


def sessions_of(connection: sa.Connection, session_id: int) -> list[int]:
    """What an account is in conversations, and what was brought into it."""
    brought = sa.select(sessions.c.id).where(sessions.c.principal_id == session_id, OF_ACCOUNT)
    return [session_id, *(row.id for row in connection.execute(brought))]


def said_in(connection: sa.Connection, session_ids: Collection[int]) -> list[int]:
    """The conversations that one of these ever joined, and that are still there."""
    found: set[int] = set()
    for id in session_ids:
        rows = connection.execute(
            sa.select(participants.c.conversation_id)
            .join(conversations, conversations.c.id == participants.c.conversation_id)
            .where(participants.c.session_id == id, PROVEN, conversations.c.deleted_at.is_(None))
        )
        found.update(row.conversation_id for row in rows)
    return sorted(found)


def said(
    connection: sa.Connection,
    conversation_id: int,
    session_ids: Collection[int],
    *,
    after: int,
    limit: int,
) -> tuple[int | None, list[int]]:
    """The last seq of the next `limit` messages, None where there is none; and those of them that
    one of these sessions said, and that are not deleted.
    """
    rows = connection.execute(
        sa.select(messages.c.seq, messages.c.session_id, messages.c.deleted_at)
        .where(messages.c.conversation_id == conversation_id, messages.c.seq > after)
        .order_by(messages.c.seq)
        .limit(limit)
    ).all()
    seqs = [row.seq for row in rows if row.session_id in session_ids and row.deleted_at is None]
    return (rows[-1].seq if rows else None), seqs


# --- where it is signed in ---


def add_device(
    connection: sa.Connection,
    *,
    session_id: int,
    account_id: int,
    label: str,
    place: str,
    at: datetime,
) -> None:
    connection.execute(
        account_devices.insert().values(
            session_id=session_id,
            account_id=account_id,
            label=label,
            place=place,
            signed_in_at=at,
            confirmed_at=at,
        )
    )


def devices(connection: sa.Connection, account_id: int) -> list[SignedIn]:
    """The newest first."""
    return _devices(connection, account_devices.c.account_id == account_id)


def device(connection: sa.Connection, session_id: int) -> SignedIn | None:
    found = _devices(connection, account_devices.c.session_id == session_id)
    return found[0] if found else None


def confirm(connection: sa.Connection, session_id: int, *, at: datetime) -> None:
    """A passkey or a recovery code was shown on it."""
    connection.execute(
        account_devices.update()
        .where(account_devices.c.session_id == session_id)
        .values(confirmed_at=at)
    )


def remove_device(
    connection: sa.Connection, session_id: int, *, token_hash: bytes, at: datetime
) -> None:
    """Nobody is signed in there any more. Its session is nobody's, and forgotten as any that takes
    part in nothing: its number must not be given again as long as a socket knows it.
    """
    connection.execute(account_devices.delete().where(account_devices.c.session_id == session_id))
    connection.execute(
        sessions.update()
        .where(sessions.c.id == session_id)
        .values(token_hash=token_hash, token_used_at=at, principal_id=None)
    )


# --- passkeys ---


def add_passkey(
    connection: sa.Connection,
    *,
    account_id: int,
    credential_id: bytes,
    public_key: bytes,
    sign_count: int,
    is_synced: bool,
    transports: Iterable[str],
    name: str,
    at: datetime,
) -> Passkey:
    row = connection.execute(
        passkeys.insert()
        .values(
            account_id=account_id,
            credential_id=credential_id,
            public_key=public_key,
            sign_count=sign_count,
            is_synced=is_synced,
            transports=" ".join(transports),
            name=name,
            added_at=at,
        )
        .returning(*passkeys.c)
    ).one()
    return _passkey(row)


def passkeys_of(connection: sa.Connection, account_id: int) -> list[Passkey]:
    """The oldest first."""
    rows = connection.execute(
        passkeys.select().where(passkeys.c.account_id == account_id).order_by(passkeys.c.id)
    )
    return [_passkey(row) for row in rows]


def passkey(connection: sa.Connection, credential_id: bytes) -> Passkey | None:
    row = connection.execute(
        passkeys.select().where(passkeys.c.credential_id == credential_id)
    ).one_or_none()
    return None if row is None else _passkey(row)


def use_passkey(
    connection: sa.Connection, id: int, *, sign_count: int, is_synced: bool, at: datetime
) -> None:
    connection.execute(
        passkeys.update()
        .where(passkeys.c.id == id)
        .values(sign_count=sign_count, is_synced=is_synced, used_at=at)
    )


def rename_passkey(connection: sa.Connection, account_id: int, id: int, name: str) -> bool:
    """Whether there is one."""
    theirs = (passkeys.c.id == id, passkeys.c.account_id == account_id)
    return connection.execute(passkeys.update().where(*theirs).values(name=name)).rowcount > 0


def remove_passkey(connection: sa.Connection, account_id: int, id: int) -> bool:
    """Whether there was one."""
    theirs = (passkeys.c.id == id, passkeys.c.account_id == account_id)
    return connection.execute(passkeys.delete().where(*theirs)).rowcount > 0


# --- who they are to providers ---


def add_identity(
    connection: sa.Connection, *, account_id: int, issuer: str, subject: str, at: datetime
) -> None:
    connection.execute(
        external_identities.insert().values(
            account_id=account_id, issuer=issuer, subject=subject, added_at=at
        )
    )


def identities_of(connection: sa.Connection, account_id: int) -> list[ExternalIdentity]:
    """The oldest first."""
    rows = connection.execute(
        external_identities.select()
        .where(external_identities.c.account_id == account_id)
        .order_by(external_identities.c.id)
    )
    return [_identity(row) for row in rows]


def identity(connection: sa.Connection, issuer: str, subject: str) -> ExternalIdentity | None:
    row = connection.execute(
        external_identities.select().where(
            external_identities.c.issuer == issuer, external_identities.c.subject == subject
        )
    ).one_or_none()
    return None if row is None else _identity(row)


def use_identity(connection: sa.Connection, id: int, *, at: datetime) -> None:
    connection.execute(
        external_identities.update().where(external_identities.c.id == id).values(used_at=at)
    )


def remove_identity(connection: sa.Connection, account_id: int, id: int) -> bool:
    """Whether there was one."""
    theirs = (external_identities.c.id == id, external_identities.c.account_id == account_id)
    return connection.execute(external_identities.delete().where(*theirs)).rowcount > 0


# --- recovery codes ---


def put_codes(
    connection: sa.Connection, account_id: int, hashes: Iterable[bytes], *, at: datetime
) -> None:
    """Instead of those that there were."""
    connection.execute(recovery_codes.delete().where(recovery_codes.c.account_id == account_id))
    connection.execute(
        recovery_codes.insert(),
        [
            {"code_hash": each, "account_id": account_id, "made_at": at, "used_at": None}
            for each in hashes
        ],
    )


def use_code(connection: sa.Connection, code_hash: bytes, *, at: datetime) -> int | None:
    """Of the account whose code it is, the id; None for one that is used up, or was never made."""
    row = connection.execute(
        recovery_codes.update()
        .where(recovery_codes.c.code_hash == code_hash, recovery_codes.c.used_at.is_(None))
        .values(used_at=at)
        .returning(recovery_codes.c.account_id)
    ).one_or_none()
    return None if row is None else row.account_id


def codes(connection: sa.Connection, account_id: int) -> tuple[int, int]:
    """How many recovery codes there are, and how many of them are still good."""
    row = connection.execute(
        sa.select(
            sa.func.count().label("made"),
            sa.func.count(recovery_codes.c.used_at).label("used"),
        ).where(recovery_codes.c.account_id == account_id)
    ).one()
    return row.made, row.made - row.used


# --- the picture ---


def put_picture(connection: sa.Connection, account: Account, picture: bytes | None) -> Account:
    """In the place of any there was; None takes that away."""
    connection.execute(account_pictures.delete().where(account_pictures.c.account_id == account.id))
    if picture is not None:
        connection.execute(account_pictures.insert().values(account_id=account.id, picture=picture))
    row = connection.execute(
        accounts.update()
        .where(accounts.c.id == account.id)
        .values(has_picture=picture is not None)
        .returning(*accounts.c)
    ).one()
    return _account(row)


# --- the chest ---


def chest(connection: sa.Connection, account_id: int) -> Chest | None:
    row = connection.execute(chests.select().where(chests.c.account_id == account_id)).one_or_none()
    return None if row is None else Chest(row.sealed, row.version)


def put_chest(connection: sa.Connection, account_id: int, chest: Chest) -> None:
    given = insert(chests).values(account_id=account_id, sealed=chest.sealed, version=chest.version)
    connection.execute(
        given.on_conflict_do_update(
            index_elements=[chests.c.account_id],
            set_={"sealed": given.excluded.sealed, "version": given.excluded.version},
        )
    )


# --- challenges ---


def add_challenge(
    connection: sa.Connection, challenge_hash: bytes, challenge: Challenge, *, at: datetime
) -> None:
    """And forget some that are past their time."""
    old = (
        sa.select(challenges.c.challenge_hash)
        .where(challenges.c.expires_at <= at)
        .limit(FORGOTTEN_AT_ONCE)
    )
    connection.execute(challenges.delete().where(challenges.c.challenge_hash.in_(old)))
    connection.execute(
        challenges.insert().values(
            challenge_hash=challenge_hash,
            kind=challenge.kind.value,
            browser_hash=challenge.browser_hash,
            session_id=challenge.session_id,
            handle=challenge.handle,
            expires_at=challenge.expires_at,
        )
    )


def take_challenge(connection: sa.Connection, challenge_hash: bytes) -> Challenge | None:
    """It is used up by that."""
    row = connection.execute(
        challenges.delete()
        .where(challenges.c.challenge_hash == challenge_hash)
        .returning(*challenges.c)
    ).one_or_none()
    if row is None:
        return None
    return Challenge(
        kind=Ceremony(row.kind),
        browser_hash=row.browser_hash,
        session_id=row.session_id,
        handle=row.handle,
        expires_at=row.expires_at,
    )


def _erase_proofs(connection: sa.Connection, account_id: int) -> None:
    for table in (
        passkeys,
        recovery_codes,
        external_identities,
        admins,
        chests,
        account_pictures,
    ):
        connection.execute(table.delete().where(table.c.account_id == account_id))


def _one(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Account | None:
    row = connection.execute(accounts.select().where(which)).one_or_none()
    return None if row is None else _account(row)


def _account(row: Any) -> Account:
    return Account(
        row.id, row.session_id, row.handle, row.name, row.created_at, row.hue, bool(row.has_picture)
    )


def _devices(connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[SignedIn]:
    rows = connection.execute(
        sa.select(account_devices, sessions.c.seen_at)
        .join(sessions, sessions.c.id == account_devices.c.session_id)
        .where(which)
        .order_by(account_devices.c.signed_in_at.desc(), account_devices.c.session_id.desc())
    )
    return [
        SignedIn(
            id=row.session_id,
            account_id=row.account_id,
            label=row.label,
            place=row.place,
            signed_in_at=row.signed_in_at,
            confirmed_at=row.confirmed_at,
            seen_at=row.seen_at or row.signed_in_at,
        )
        for row in rows
    ]


def _passkey(row: Any) -> Passkey:
    return Passkey(
        id=row.id,
        account_id=row.account_id,
        credential_id=row.credential_id,
        public_key=row.public_key,
        sign_count=row.sign_count,
        is_synced=bool(row.is_synced),
        transports=tuple(row.transports.split()),
        name=row.name,
        added_at=row.added_at,
        used_at=row.used_at,
    )


def _identity(row: Any) -> ExternalIdentity:
    return ExternalIdentity(
        row.id, row.account_id, row.issuer, row.subject, row.added_at, row.used_at
    )
