"""One provider, as it is asked who somebody is: code flow with PKCE, state and nonce."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit, urlunsplit

import msgspec
import structlog
from msgspec import Struct

from parley.oidc import tokens
from parley.oidc.discovery import ANSWERS_WITHIN_S, Discovery, Metadata, Unreachable
from parley.oidc.providers import Provider
from parley.oidc.tokens import Claims, Expected, UnknownKey, Untrue

ANSWER_MAX_BYTES = 65_536
GOOGLE = "https://accounts.google.com"
"""It alone says in `hd` for which organisation it vouches; its e-mail addresses prove none."""
_NAME_MAX_CHARS = 200

log = structlog.get_logger(__name__)


class Asking(Struct, frozen=True):
    """What one request is known by again."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class Identity(Struct, frozen=True):
    """Who somebody is to a provider."""

    issuer: str
    subject: str
    name: str
    """What it calls them; empty where it doesn't say."""
    domain: str
    """Whose people they are, as far as that is proven; empty where it is not."""
    proven_at_s: float | None
    """When they last proved it to the provider, where it says so; in seconds since 1970."""


class Client:
    """Belongs to one event loop."""

    def __init__(
        self,
        provider: Provider,
        *,
        elapsed: Callable[[], float] = time.monotonic,
        within_s: float = ANSWERS_WITHIN_S,
    ) -> None:
        self.provider = provider
        self.discovery = Discovery(provider, elapsed=elapsed, within_s=within_s)

    async def authorization_url(self, asking: Asking, *, once_more: bool = False) -> str:
        """Where a browser is sent. `once_more`: the provider is to ask them again who they are,
        even if it knows. Raises `Unreachable`.
        """
        metadata = await self.discovery.metadata()
        given = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": asking.redirect_uri,
            "scope": "openid profile email" if self.provider.domains else "openid profile",
            "state": asking.state,
            "nonce": asking.nonce,
            "code_challenge": tokens.encoded(hashlib.sha256(asking.verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        if once_more:
            # Google refuses a prompt that it doesn't know.
            prompt = "select_account" if self.provider.issuer == GOOGLE else "login"
            given |= {"prompt": prompt, "max_age": "0"}
        parts = urlsplit(metadata.authorization_endpoint)
        own = [pair for pair in parse_qsl(parts.query) if pair[0] not in given]
        return urlunsplit(parts._replace(query=urlencode([*own, *given.items()])))

    async def identify(
        self, code: str, asking: Asking, *, said_issuer: str | None, now_s: float
    ) -> Identity:
        """Who it is that came back with `code`, and with `said_issuer` as `iss`, if with any.

        Raises `Untrue`, `Unreachable`.
        """
        metadata = await self.discovery.metadata()
        self._require_from_here(metadata, said_issuer)
        given = await self._exchange(metadata, code, asking)
        expected = Expected(
            issuer=self.provider.issuer,
            client_id=self.provider.client_id,
            nonce=asking.nonce,
            algorithms=metadata.id_token_signing_alg_values_supported,
        )
        claims = await self._read(given, expected, now_s)
        claims = await self._with_the_rest(metadata, given, claims)
        return Identity(
            issuer=claims.iss,
            subject=claims.sub,
            name=claims.name[:_NAME_MAX_CHARS] if isinstance(claims.name, str) else "",
            domain=domain_of(claims),
            proven_at_s=claims.auth_time,
        )

    async def close(self) -> None:
        await self.discovery.close()

    def _require_from_here(self, metadata: Metadata, said_issuer: str | None) -> None:
        """That it was this provider that sent them back (RFC 9207)."""
        if said_issuer is None and not metadata.authorization_response_iss_parameter_supported:
            return
        if said_issuer != self.provider.issuer:
            raise Untrue("sent back by another provider")

    async def _exchange(self, metadata: Metadata, code: str, asking: Asking) -> _Given:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": asking.redirect_uri,
            "code_verifier": asking.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self.discovery.ask(
            "POST",
            metadata.token_endpoint,
            headers | self._authenticated(metadata, form),
            urlencode(form).encode(),
            most_bytes=ANSWER_MAX_BYTES,
        )
        if 400 <= answer.status < 500:
            raise _refusal(answer.body)
        if answer.status != 200:
            raise Unreachable(f"its token endpoint answers with status {answer.status}")
        try:
            return msgspec.json.decode(answer.body, type=_Given)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Untrue("no ID token in the answer") from None

    def _authenticated(self, metadata: Metadata, form: dict[str, str]) -> dict[str, str]:
        """The header that says who we are to it, or what the form has of that."""
        id, secret = self.provider.client_id, self.provider.client_secret
        methods = metadata.token_endpoint_auth_methods_supported
        if secret and "client_secret_basic" in methods:
            # Encoded as a form's fields are (RFC 6749, section 2.3.1).
            pair = f"{quote_plus(id)}:{quote_plus(secret)}".encode()
            return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
        form["client_id"] = id
        if secret:
            form["client_secret"] = secret
        return {}

    async def _read(self, given: _Given, expected: Expected, now_s: float) -> Claims:
        keys = await self.discovery.keys()
        try:
            return _read(given, keys, expected, now_s)
        except UnknownKey:
            newer = await self.discovery.newer_keys()
            if newer is None:
                raise
            return _read(given, newer, expected, now_s)

    async def _with_the_rest(self, metadata: Metadata, given: _Given, claims: Claims) -> Claims:
        """With what some providers say of somebody elsewhere than in the token."""
        lacks_domain = bool(self.provider.domains) and claims.hd is None and claims.email is None
        if not (metadata.userinfo_endpoint and given.access_token):
            return claims
        if not lacks_domain and claims.name is not None:
            return claims
        try:
            said = await self._userinfo(metadata.userinfo_endpoint, given.access_token)
        except Unreachable as error:
            if lacks_domain:
                raise
            log.info("provider_told_no_name", provider=self.provider.key, reason=str(error))
            return claims
        if said.get("sub") != claims.sub:
            # Core 1.0, section 5.3.2.
            raise Untrue("its userinfo is of somebody else")
        names = ("name", "hd", "email", "email_verified")
        return msgspec.structs.replace(
            claims, **{name: said[name] for name in names if name in said}
        )

    async def _userinfo(self, url: str, access_token: str) -> dict[str, Any]:
        answer = await self.discovery.ask(
            "GET", url, {"Authorization": f"Bearer {access_token}"}, most_bytes=ANSWER_MAX_BYTES
        )
        if answer.status != 200:
            raise Unreachable(f"its userinfo endpoint answers with status {answer.status}")
        try:
            return msgspec.json.decode(answer.body, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise Unreachable("its userinfo isn't what it should be") from None


class _Given(Struct):
    """What a code is exchanged for."""

    id_token: str
    access_token: str | None = None


class _Refusal(Struct):
    error: str = ""


def _read(given: _Given, keys: list[dict[str, Any]], expected: Expected, now_s: float) -> Claims:
    return tokens.read(given.id_token, keys, expected, access_token=given.access_token, now_s=now_s)


def _refusal(body: bytes) -> Exception:
    """Why no code was exchanged: it is wrong, or our own client is."""
    try:
        said = msgspec.json.decode(body, type=_Refusal).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        said = ""
    if said == "invalid_grant":
        return Untrue("the code is wrong, used up or too old")
    known = said if said.isascii() and said.isidentifier() else "no reason"
    return Unreachable(f"its token endpoint refuses this server's client: {known[:40]}")


def domain_of(claims: Claims) -> str:
    """Whose people they are, as far as the provider vouches for that; empty otherwise."""
    if isinstance(claims.hd, str) and claims.hd:
        return claims.hd.lower()
    if claims.iss == GOOGLE or claims.email_verified is not True:
        return ""
    if not isinstance(claims.email, str) or claims.email.count("@") != 1:
        return ""
    return claims.email.partition("@")[2].lower()
