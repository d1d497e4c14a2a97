"""Passkeys: WebAuthn, as its relying party (https://www.w3.org/TR/webauthn-3/).

A passkey is found by its holder's device, so nobody names an account to sign in, and nobody learns
which there are. No attestation is asked for: what kind of device somebody has is their own affair.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa
import structlog
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from msgspec import Struct

from parley.domain import accounts, text
from parley.domain.accounts import Entered, Where
from parley.domain.context import Context
from parley.errors import BadRequest, LastWayIn, NotFound, SignInFailed
from parley.records import Ceremony, Challenge, Passkey, Session
from parley.storage import accounts as stored

log = structlog.get_logger(__name__)

CHALLENGE_BYTES = 32
VALID_FOR = timedelta(minutes=5)
PASSKEYS_MAX = 20
"""Of one account."""
CREDENTIAL_ID_MAX_BYTES = 1023
"""Web Authentication, section 4."""
ES256, EDDSA, RS256 = -7, -8, -257
"""COSE algorithms: what all authenticators have, and what some have besides."""
USUAL_NAME = "Passkey"
_TRANSPORTS = frozenset({"usb", "nfc", "ble", "smart-card", "hybrid", "internal"})


class RelyingParty(Struct, frozen=True):
    """Who passkeys are for: this server."""

    id: str
    """The host of its public URL."""
    origin: str
    name: str


class Browser(Struct, frozen=True):
    """Who asks."""

    secret: str
    """What it has in a cookie, so that nobody else answers what it was asked."""
    session: Session | None


class Attested(Struct, frozen=True):
    """What an authenticator says of a passkey that it made."""

    client_data: bytes
    attestation: bytes
    transports: tuple[str, ...]


class Asserted(Struct, frozen=True):
    """What it says when it is shown."""

    credential_id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None


async def ask_to_add(
    context: Context, browser: Browser, party: RelyingParty, name: str
) -> dict[str, Any]:
    """The options for making one, as `parseCreationOptionsFromJSON` takes them. Of who has no
    account, the passkey is called `name`.

    Raises `ConfirmationRequired` where somebody has not shown lately whose account it is, and
    `BadRequest` where there are too many passkeys.
    """
    challenge, clean, at = secrets.token_bytes(CHALLENGE_BYTES), text.label(name), context.clock()

    def work(connection: sa.Connection) -> dict[str, Any]:
        handle, called, known = secrets.token_bytes(accounts.HANDLE_BYTES), clean, []
        if browser.session is not None and browser.session.is_of_account:
            account, device = accounts.signed_in(connection, browser.session)
            accounts.require_confirmed(device, at)
            known = stored.passkeys_of(connection, account.id)
            _require_few(known)
            handle, called = account.handle, account.name
        _note(connection, challenge, Ceremony.REGISTER, browser, handle, at=at)
        called = called or party.name
        return {
            "rp": {"id": party.id, "name": party.name},
            "user": {"id": encoded(handle), "name": called, "displayName": called},
            "challenge": encoded(challenge),
            "pubKeyCredParams": [
                {"type": "public-key", "alg": each} for each in (ES256, EDDSA, RS256)
            ],
            "timeout": int(VALID_FOR.total_seconds() * 1000),
            "excludeCredentials": [_described(each) for each in known],
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": True,
                "userVerification": "required",
            },
            "attestation": "none",
        }

    return await context.database.write(work)


async def add(
    context: Context,
    browser: Browser,
    party: RelyingParty,
    where: Where,
    attested: Attested,
    *,
    name: str,
    account_name: str,
) -> Entered:
    """Keep a passkey that was made as asked; for whom there is no account yet, one is started.

    Raises `SignInFailed` for anything that is not as it was asked.
    """
    clean, called = text.label(name) or USUAL_NAME, text.label(account_name)
    at = context.clock()
    taken = await _take(context, browser, attested.client_data, Ceremony.REGISTER, at)
    made = _verified_new(party, taken.challenge, attested)

    def work(connection: sa.Connection) -> Entered:
        if stored.passkey(connection, made.credential_id) is not None:
            raise SignInFailed
        if browser.session is not None and browser.session.is_of_account:
            account, device = accounts.signed_in(connection, browser.session)
            accounts.require_confirmed(device, at)
            _require_few(stored.passkeys_of(connection, account.id))
            entered = Entered(account, browser.session, None)
        else:
            entered = accounts.begin(
                connection, browser.session, where, called, at=at, handle=taken.handle
            )
        stored.add_passkey(
            connection,
            account_id=entered.account.id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            is_synced=made.is_synced,
            transports=[each for each in attested.transports if each in _TRANSPORTS],
            name=clean,
            at=at,
        )
        return entered

    return await context.database.write(
        work, lambda entered: accounts.tell_entered(context, entered)
    )


async def ask_to_show(context: Context, browser: Browser, party: RelyingParty) -> dict[str, Any]:
    """The options for showing one, as `parseRequestOptionsFromJSON` takes them: any there is."""
    challenge, at = secrets.token_bytes(CHALLENGE_BYTES), context.clock()

    def work(connection: sa.Connection) -> None:
        _note(connection, challenge, Ceremony.SIGN_IN, browser, b"", at=at)

    await context.database.write(work)
    return {
        "challenge": encoded(challenge),
        "rpId": party.id,
        "timeout": int(VALID_FOR.total_seconds() * 1000),
        "allowCredentials": [],
        "userVerification": "required",
    }


async def sign_in(
    context: Context,
    browser: Browser,
    party: RelyingParty,
    where: Where,
    asserted: Asserted,
    *,
    bring: bool,
) -> Entered:
    """Raises `SignInFailed` for all that is wrong with it, `SignedInAlready`, and `BadRequest` for
    too much to bring along.
    """
    at = context.clock()
    taken = await _take(context, browser, asserted.client_data, Ceremony.SIGN_IN, at)
    known = await context.database.read(stored.passkey, asserted.credential_id)
    if known is None:
        raise SignInFailed
    shown = _verified_shown(party, taken.challenge, asserted, known)

    def work(connection: sa.Connection) -> Entered:
        now = stored.passkey(connection, asserted.credential_id)
        account = None if now is None else stored.by_id(connection, now.account_id)
        if now is None or account is None or now.id != known.id:
            raise SignInFailed
        if asserted.user_handle is not None and asserted.user_handle != account.handle:
            raise SignInFailed
        if not _counts_on(now.sign_count, shown.sign_count):
            # Another one is about that has the same key.
            log.warning("passkey_counter_went_back")
            raise SignInFailed
        stored.use_passkey(
            connection, now.id, sign_count=shown.sign_count, is_synced=shown.is_synced, at=at
        )
        return accounts.enter(
            context, connection, account, browser.session, where, bring=bring, at=at
        )

    return await context.database.write(
        work, lambda entered: accounts.tell_entered(context, entered)
    )


async def rename(context: Context, session: Session | None, passkey_id: int, name: str) -> None:
    """Raises `AccountRequired`, `NotFound`."""
    clean = text.label(name) or USUAL_NAME

    def work(connection: sa.Connection) -> None:
        account, _ = accounts.signed_in(connection, session)
        if not stored.rename_passkey(connection, account.id, passkey_id, clean):
            raise NotFound(_NO_PASSKEY)

    await context.database.write(work)


async def remove(
    context: Context, session: Session | None, passkey_id: int, *, anyway: bool = False
) -> None:
    """Raises `AccountRequired`, `ConfirmationRequired`, `NotFound`; and `LastWayIn` where nothing
    else is left to sign in with, unless `anyway`.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> None:
        account, device = accounts.signed_in(connection, session)
        accounts.require_confirmed(device, at)
        if not stored.remove_passkey(connection, account.id, passkey_id):
            raise NotFound(_NO_PASSKEY)
        if not (anyway or accounts.has_way_in(context, connection, account.id)):
            raise LastWayIn

    await context.database.write(work)


def encoded(raw: bytes) -> str:
    """As JSON forms of WebAuthn have bytes: base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str, what: str) -> bytes:
    """Raises `BadRequest`."""
    try:
        # Python's own takes what is none for nothing, unless told otherwise.
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"{what} must be base64url.") from None


_NO_PASSKEY = "No passkey of yours has this id. It may have been removed."


class _Taken(Struct, frozen=True):
    challenge: bytes
    handle: bytes


class _Made(Struct, frozen=True):
    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_synced: bool


class _Shown(Struct, frozen=True):
    sign_count: int
    is_synced: bool


class _ClientData(Struct, rename="camel"):
    """What the browser says it was asked, and by whom (Web Authentication, section 5.8.1)."""

    type: str
    challenge: str
    origin: str
    cross_origin: bool = False


def _note(
    connection: sa.Connection,
    challenge: bytes,
    kind: Ceremony,
    browser: Browser,
    handle: bytes,
    *,
    at: datetime,
) -> None:
    noted = Challenge(
        kind=kind,
        browser_hash=_hash(browser.secret.encode()),
        session_id=None if browser.session is None else browser.session.device_id,
        handle=handle,
        expires_at=at + VALID_FOR,
    )
    stored.add_challenge(connection, _hash(challenge), noted, at=at)


async def _take(
    context: Context, browser: Browser, client_data: bytes, kind: Ceremony, at: datetime
) -> _Taken:
    """What this browser was to have signed. Whatever comes of it, it is not asked again."""
    try:
        challenge = decoded(_client_data(client_data).challenge, "challenge")
    except BadRequest:
        raise SignInFailed from None

    taken = await context.database.write(
        lambda connection: stored.take_challenge(connection, _hash(challenge))
    )
    session_id = None if browser.session is None else browser.session.device_id
    if (
        taken is None
        or taken.kind is not kind
        or taken.expires_at <= at
        or taken.session_id != session_id
        or not hmac.compare_digest(taken.browser_hash, _hash(browser.secret.encode()))
    ):
        raise SignInFailed
    return _Taken(challenge, taken.handle)


def _verified_new(party: RelyingParty, challenge: bytes, attested: Attested) -> _Made:
    """Raises `SignInFailed`."""
    # Loaded only here: few requests need it.
    from fido2 import cbor
    from fido2.cose import UnsupportedKey
    from fido2.webauthn import AttestationObject

    _require_asked(party, challenge, attested.client_data, "webauthn.create")
    try:
        said = AttestationObject(attested.attestation).auth_data
        made = said.credential_data
        if made is None or isinstance(made.public_key, UnsupportedKey):
            raise SignInFailed
        if made.public_key[3] not in (ES256, EDDSA, RS256):
            raise SignInFailed
        public_key = cbor.encode(dict(made.public_key))
    except _UNREADABLE as error:
        raise SignInFailed from error
    _require_present(party, said)
    if not 0 < len(made.credential_id) <= CREDENTIAL_ID_MAX_BYTES:
        raise SignInFailed
    return _Made(made.credential_id, public_key, said.counter, _is_synced(said))


def _verified_shown(
    party: RelyingParty, challenge: bytes, asserted: Asserted, known: Passkey
) -> _Shown:
    """Raises `SignInFailed`."""
    from fido2 import cbor
    from fido2.cose import CoseKey
    from fido2.webauthn import AuthenticatorData

    _require_asked(party, challenge, asserted.client_data, "webauthn.get")
    signed = asserted.authenticator_data + _hash(asserted.client_data)
    try:
        said = AuthenticatorData(asserted.authenticator_data)
        cose: Any = cbor.decode(known.public_key)
        key = CoseKey.parse(cose)
        key.verify(signed, asserted.signature)
    except (InvalidSignature, *_UNREADABLE) as error:
        raise SignInFailed from error
    _require_present(party, said)
    return _Shown(said.counter, _is_synced(said))


_UNREADABLE = (
    *(ValueError, TypeError, LookupError, AttributeError, ArithmeticError, struct.error),
    *(RecursionError, MemoryError, UnsupportedAlgorithm),
)
"""What comes of bytes that are not what they should be."""


def _require_asked(party: RelyingParty, challenge: bytes, raw: bytes, type: str) -> None:
    said = _client_data(raw)
    if (
        said.type != type
        or said.challenge != encoded(challenge)
        or said.origin != party.origin
        or said.cross_origin
    ):
        raise SignInFailed


def _require_present(party: RelyingParty, said: Any) -> None:
    """For this server, by somebody who was there and showed that it is theirs."""
    is_ours = hmac.compare_digest(said.rp_id_hash, _hash(party.id.encode()))
    if not (is_ours and said.is_user_present() and said.is_user_verified()):
        raise SignInFailed


def _is_synced(said: Any) -> bool:
    """Whether it is kept in several places (section 6.1, BS)."""
    return bool(said.flags & _BACKED_UP)


_BACKED_UP = 0x10


def _client_data(raw: bytes) -> _ClientData:
    try:
        return msgspec.json.decode(raw, type=_ClientData)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise SignInFailed from None


def _counts_on(before: int, now: int) -> bool:
    """Whether it was used more often than when it was used last, as far as it counts."""
    return now > before or now == before == 0


def _described(passkey: Passkey) -> dict[str, Any]:
    return {
        "type": "public-key",
        "id": encoded(passkey.credential_id),
        "transports": list(passkey.transports),
    }


def _require_few(known: list[Passkey]) -> None:
    if len(known) >= PASSKEYS_MAX:
        raise BadRequest(f"An account has at most {PASSKEYS_MAX} passkeys. Remove one first.")


def _hash(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
