"""Signing in with a provider of OpenID Connect, to an account of ours.

Somebody goes to the provider with a state that is kept as a hash for ten minutes, is used up by the
first answer, and is bound to a cookie of the browser that went and to its session. Nonce and PKCE's
verifier come of that cookie, so the database holds neither. Who they are is (issuer, subject), and
never an e-mail address.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from msgspec import Struct
from msgspec.structs import replace

from parley.contract import LABEL_MAX_CHARS
from parley.domain import accounts, text
from parley.domain.accounts import Entered, Where
from parley.domain.context import Context
from parley.domain.passkeys import Browser
from parley.errors import (
    AccountRequired,
    BadRequest,
    DomainNotAllowed,
    LastWayIn,
    NotFound,
    SignInFailed,
    SignInTaken,
    Unavailable,
)
from parley.oidc.client import Asking, Client, Identity
from parley.oidc.discovery import Unreachable
from parley.oidc.providers import Provider
from parley.oidc.tokens import Untrue
from parley.records import Account, Authorization, Purpose, Session
from parley.storage import accounts as stored
from parley.storage import authorizations

log = structlog.get_logger(__name__)

STATE_BYTES = 32
VALID_FOR = timedelta(minutes=10)
LEEWAY = timedelta(minutes=1)
"""Between the provider's clock and ours."""
IDENTITIES_MAX = 10
"""Of one account."""
RETRY_AFTER_S = 10.0
_NO_PROVIDER = "There's no such provider to sign in with here."
_NOT_ASKED = "This sign-in didn't begin in this browser, took too long, or was used. Start again."


class Returned(Struct, frozen=True):
    """What somebody comes back with."""

    code: str
    state: str
    issuer: str | None
    """From which provider, where it says so (RFC 9207)."""


class Outcome(Struct, frozen=True):
    """What came of it."""

    purpose: Purpose
    entered: Entered | None
    """None for somebody who has no account here. They may `start` one."""
    name: str = ""
    """What the provider calls them then."""


def provider(context: Context, key: str) -> Provider:
    """Raises `NotFound`."""
    return _client(context, key).provider


async def ask(
    context: Context,
    key: str,
    browser: Browser,
    purpose: Purpose,
    redirect_uri: str,
    *,
    bring: bool,
) -> str:
    """The address to go to. Where somebody is signed in, `SIGN_IN` confirms that it is them.

    Raises `NotFound`, `Unavailable`; and to add one `AccountRequired`, `ConfirmationRequired`, and
    `BadRequest` where there are too many.
    """
    client, at = _client(context, key), context.clock()
    state, session = secrets.token_urlsafe(STATE_BYTES), browser.session
    is_signed_in = session is not None and session.is_of_account
    asking = _asking(browser, state, redirect_uri)
    if purpose is Purpose.ADD:
        await context.database.read(_require_room, session, at)
    with _in_words(client):
        url = await client.authorization_url(asking, once_more=is_signed_in)
    noted = Authorization(
        provider=key,
        purpose=purpose,
        brings=bring,
        browser_hash=_hash(browser.secret),
        session_id=None if session is None else session.device_id,
        expires_at=at + VALID_FOR,
    )

    def work(connection: sa.Connection) -> None:
        if purpose is Purpose.ADD:
            _require_room(connection, session, at)
        authorizations.add(connection, _hash(state), noted, at=at)

    await context.database.write(work)
    return url


async def require_asked(context: Context, key: str, browser_secret: str, state: str) -> None:
    """Whether this browser went to the provider with this state. It uses up nothing.

    Raises `SignInFailed`.
    """
    at = context.clock()
    found = await context.database.read(authorizations.find, _hash(state))
    if found is None or not _is_of(found, key, browser_secret, at):
        raise SignInFailed(_NOT_ASKED)


async def sign_in(
    context: Context,
    key: str,
    browser: Browser,
    where: Where,
    returned: Returned,
    redirect_uri: str,
) -> Outcome:
    """With what somebody came back with, do what they went for. Whatever comes of it, their state
    is used up, but for somebody without an account, who can `start` one with it.

    Raises `SignInFailed`, `DomainNotAllowed`, `Unavailable`, `SignInTaken`, `SignedInAlready`, and
    `BadRequest` for too much to bring along.
    """
    client, at = _client(context, key), context.clock()
    taken = await _take(context, key, browser, returned.state, at)
    if taken.subject is not None:
        raise SignInFailed(_NOT_ASKED)
    with _in_words(client):
        identity = await client.identify(
            returned.code,
            _asking(browser, returned.state, redirect_uri),
            said_issuer=returned.issuer,
            now_s=at.timestamp(),
        )
    _require_domain(client.provider, identity)
    session = browser.session
    if session is not None and session.is_of_account:
        _require_proven_lately(client.provider, identity, taken)

    def work(connection: sa.Connection) -> Outcome:
        if taken.purpose is Purpose.ADD:
            return Outcome(taken.purpose, _add(connection, session, identity, at))
        known = stored.identity(connection, identity.issuer, identity.subject)
        account = None if known is None else stored.by_id(connection, known.account_id)
        if known is None or account is None:
            if session is not None and session.is_of_account:
                raise SignInFailed("That isn't a sign-in of this account. You can add it below.")
            found = replace(taken, subject=identity.subject)
            authorizations.add(connection, _hash(returned.state), found, at=at)
            return Outcome(taken.purpose, None, _shown_name(identity.name))
        stored.use_identity(connection, known.id, at=at)
        entered = accounts.enter(
            context, connection, account, session, where, bring=taken.brings, at=at
        )
        return Outcome(taken.purpose, entered)

    def tell(outcome: Outcome) -> None:
        if outcome.entered is not None:
            accounts.tell_entered(context, outcome.entered)

    return await context.database.write(work, tell)


async def start(
    context: Context, key: str, browser: Browser, where: Where, state: str, name: str
) -> Entered:
    """An account for whom this session is, found again by who they turned out to be.

    Raises `SignInFailed`, `SignedInAlready`, `TooLarge` for a name.
    """
    client, at, clean = _client(context, key), context.clock(), text.label(name)
    taken = await _take(context, key, browser, state, at)
    subject, issuer = taken.subject, client.provider.issuer
    if subject is None:
        raise SignInFailed(_NOT_ASKED)

    def work(connection: sa.Connection) -> Entered:
        if stored.identity(connection, issuer, subject) is not None:
            raise SignInFailed(_NOT_ASKED)
        entered = accounts.begin(connection, browser.session, where, clean, at=at)
        stored.add_identity(
            connection, account_id=entered.account.id, issuer=issuer, subject=subject, at=at
        )
        return entered

    return await context.database.write(
        work, lambda entered: accounts.tell_entered(context, entered)
    )


async def remove(context: Context, session: Session | None, identity_id: int) -> None:
    """Raises `AccountRequired`, `ConfirmationRequired`, `NotFound`; and `LastWayIn` where nothing
    else is left to sign in with.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> None:
        account, device = accounts.signed_in(connection, session)
        accounts.require_confirmed(device, at)
        if not stored.remove_identity(connection, account.id, identity_id):
            raise NotFound("No sign-in of yours has this id. It may have been removed.")
        if not accounts.has_way_in(context, connection, account.id):
            raise LastWayIn(
                "Without this you could sign in on no other device. Add a passkey or create "
                "recovery codes first."
            )

    await context.database.write(work)


def _client(context: Context, key: str) -> Client:
    found = context.providers.client(key)
    if found is None:
        raise NotFound(_NO_PROVIDER)
    return found


def _asking(browser: Browser, state: str, redirect_uri: str) -> Asking:
    return Asking(
        state=state,
        nonce=_derived(browser, "nonce", state),
        verifier=_derived(browser, "verifier", state),
        redirect_uri=redirect_uri,
    )


def _derived(browser: Browser, what: str, state: str) -> str:
    digest = hmac.digest(_hash(f"{browser.secret}\0"), f"{what}\0{state}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


@contextlib.contextmanager
def _in_words(client: Client) -> Iterator[None]:
    """What is wrong with the provider goes into the log; whoever signs in learns what to do."""
    key, name = client.provider.key, client.provider.name
    try:
        yield
    except Unreachable as error:
        log.warning("provider_unusable", provider=key, reason=str(error))
        raise Unavailable(
            f"{name} doesn't answer as it should. Try again later, or sign in another way.",
            retry_after=RETRY_AFTER_S,
        ) from error
    except Untrue as error:
        log.warning("provider_answer_refused", provider=key, reason=str(error))
        raise SignInFailed(f"{name} didn't confirm who you are. Try again.") from error


async def _take(
    context: Context, key: str, browser: Browser, state: str, at: datetime
) -> Authorization:
    """For what this browser went to the provider. Whatever comes of it, nobody else comes back."""
    taken = await context.database.write(
        lambda connection: authorizations.take(connection, _hash(state))
    )
    session_id = None if browser.session is None else browser.session.device_id
    if (
        taken is None
        or not _is_of(taken, key, browser.secret, at)
        or taken.session_id != session_id
    ):
        raise SignInFailed(_NOT_ASKED)
    return taken


def _is_of(found: Authorization, key: str, browser_secret: str, at: datetime) -> bool:
    is_this = hmac.compare_digest(found.browser_hash, _hash(browser_secret))
    return is_this and found.provider == key and found.expires_at > at


def _add(
    connection: sa.Connection, session: Session | None, identity: Identity, at: datetime
) -> Entered:
    if session is None:
        raise AccountRequired
    account = _require_room(connection, session, at)
    known = stored.identity(connection, identity.issuer, identity.subject)
    if known is not None and known.account_id != account.id:
        raise SignInTaken
    if known is None:
        stored.add_identity(
            connection,
            account_id=account.id,
            issuer=identity.issuer,
            subject=identity.subject,
            at=at,
        )
    return Entered(account, session, None)


def _require_room(connection: sa.Connection, session: Session | None, at: datetime) -> Account:
    account, device = accounts.signed_in(connection, session)
    accounts.require_confirmed(device, at)
    if len(stored.identities_of(connection, account.id)) >= IDENTITIES_MAX:
        raise BadRequest(
            f"An account has at most {IDENTITIES_MAX} sign-ins by providers. Remove one first."
        )
    return account


def _require_domain(provider: Provider, identity: Identity) -> None:
    if provider.domains and identity.domain not in provider.domains:
        raise DomainNotAllowed(
            f"Only people of {' or '.join(provider.domains)} can sign in with {provider.name} here."
        )


def _require_proven_lately(provider: Provider, identity: Identity, taken: Authorization) -> None:
    """Where a provider says when they proved who they are, it has to be since we asked: whoever
    sits down at an open browser must not gain a way in that lasts.
    """
    if identity.proven_at_s is None:
        return
    asked_at = taken.expires_at - VALID_FOR
    if identity.proven_at_s < (asked_at - LEEWAY).timestamp():
        raise SignInFailed(f"{provider.name} didn't ask you again who you are. Try again.")


def _shown_name(name: str) -> str:
    return "".join(c for c in name if c.isprintable())[:LABEL_MAX_CHARS].strip()


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
