"""What a provider says of itself: where it is asked, and the keys it signs with.

Both are asked for when somebody signs in, kept for an hour, and asked for once where many wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import Struct

from parley.oidc.providers import HERE, Provider
from parley.outward import NotAllowed, Outward, Whole, require_askable

WELL_KNOWN = "/.well-known/openid-configuration"
METADATA_MAX_BYTES = 65_536
KEYS_MAX_BYTES = 262_144
KEYS_MAX = 100
KEPT_S = 3_600.0
FAILED_KEPT_S = 5.0
"""So long nobody asks again what was not answered."""
KEYS_AGAIN_S = 30.0
"""So long after the last time keys are not asked for only because a token names an unknown one."""
ANSWERS_WITHIN_S = 8.0
AT_ONCE = 8
ACCEPTED = {"Accept": "application/json", "Accept-Encoding": "identity"}

T = TypeVar("T")
Found = TypeVar("Found")


class Unreachable(Exception):
    """A provider doesn't answer, or with nothing that could be used. The words are for the log."""


class Metadata(Struct, frozen=True):
    """OpenID Connect Discovery 1.0, section 3: what of it is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False
    """Whether whoever comes back says from which provider (RFC 9207)."""


class _Keys(Struct):
    keys: list[dict[str, Any]]


class Discovery:
    """Of one provider. Belongs to one event loop."""

    def __init__(
        self,
        provider: Provider,
        *,
        elapsed: Callable[[], float] = time.monotonic,
        within_s: float = ANSWERS_WITHIN_S,
    ) -> None:
        self._provider = provider
        self._networks = HERE if provider.is_in_the_clear else provider.networks
        self._outward = Outward(
            networks=[str(each) for each in self._networks],
            at_once=AT_ONCE,
            at_once_each=AT_ONCE,
            within_s=within_s,
            here_in_the_clear=provider.is_in_the_clear,
        )
        self._metadata = _Kept(self._ask_metadata, elapsed)
        self._keys = _Kept(self._ask_keys, elapsed)

    async def metadata(self) -> Metadata:
        """Raises `Unreachable`."""
        return await self._metadata.get()

    async def keys(self) -> list[dict[str, Any]]:
        """As JSON Web Keys (RFC 7517), unexamined. Raises `Unreachable`."""
        return await self._keys.get()

    async def newer_keys(self) -> list[dict[str, Any]] | None:
        """The keys asked for once more; None where that was done just now. Raises `Unreachable`."""
        return await self._keys.again(KEYS_AGAIN_S)

    async def ask(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | None = None,
        *,
        most_bytes: int,
    ) -> Whole:
        """One of the provider's addresses. Raises `Unreachable`."""
        try:
            return await self._outward.ask(
                method, url, ACCEPTED | headers, body, most_bytes=most_bytes
            )
        except TimeoutError:
            raise Unreachable("no answer in time") from None
        except OSError as error:
            raise Unreachable(error.strerror or str(error) or type(error).__name__) from error

    async def close(self) -> None:
        await self._outward.close()

    async def _ask_metadata(self) -> Metadata:
        url = self._provider.issuer.rstrip("/") + WELL_KNOWN
        found = await self._document(url, Metadata, METADATA_MAX_BYTES)
        if found.issuer != self._provider.issuer:
            # Whoever answers could pass for another provider (Discovery 1.0, section 4.3).
            raise Unreachable(f"its discovery document names another issuer, {found.issuer[:200]}")
        for address in (
            found.authorization_endpoint,
            found.token_endpoint,
            found.jwks_uri,
            found.userinfo_endpoint,
        ):
            self._require_usable(address)
        return found

    def _require_usable(self, address: str) -> None:
        try:
            if address:
                require_askable(
                    address, self._networks, here_in_the_clear=self._provider.is_in_the_clear
                )
        except NotAllowed as error:
            raise Unreachable(f"its address {address[:200]} {error}") from None

    async def _ask_keys(self) -> list[dict[str, Any]]:
        metadata = await self.metadata()
        found = await self._document(metadata.jwks_uri, _Keys, KEYS_MAX_BYTES)
        if len(found.keys) > KEYS_MAX:
            raise Unreachable(f"it has more than {KEYS_MAX} keys")
        return found.keys

    async def _document(self, url: str, kind: type[Found], most_bytes: int) -> Found:
        answer = await self.ask("GET", url, {}, most_bytes=most_bytes)
        if answer.status != 200:
            raise Unreachable(f"{url} answers with status {answer.status}")
        try:
            return msgspec.json.decode(answer.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Unreachable(f"{url} isn't what it should be: {error}") from None


class _Kept(Generic[T]):
    """Something that is asked for seldom, and by one at a time."""

    def __init__(self, ask: Callable[[], Awaitable[T]], elapsed: Callable[[], float]) -> None:
        self._ask = ask
        self._elapsed = elapsed
        self._asking = asyncio.Lock()
        self._found: T | None = None
        self._at_s = 0.0
        self._failed: str | None = None
        self._failed_at_s = 0.0

    async def get(self) -> T:
        async with self._asking:
            if self._found is not None and self._elapsed() - self._at_s < KEPT_S:
                return self._found
            return await self._anew()

    async def again(self, not_within_s: float) -> T | None:
        async with self._asking:
            if self._found is not None and self._elapsed() - self._at_s < not_within_s:
                return None
            return await self._anew()

    async def _anew(self) -> T:
        if self._failed is not None and self._elapsed() - self._failed_at_s < FAILED_KEPT_S:
            raise Unreachable(self._failed)
        try:
            found = await self._ask()
        except Unreachable as error:
            self._failed, self._failed_at_s = str(error), self._elapsed()
            raise
        self._found, self._at_s, self._failed = found, self._elapsed(), None
        return found
