"""Whether people can sign in with providers, and with which."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator

from parley.config import PROVIDERS, Config
from parley.errors import ProvidersUnusable, the_extra
from parley.oidc.client import Client
from parley.oidc.providers import Provider, read

_LOADED = ("joserfc", "joserfc.jws", "joserfc.jwk", "aiohttp")


class Providers:
    """Those that people can sign in with, as they are asked; none by default."""

    def __init__(self, clients: Iterable[Client] = ()) -> None:
        self._clients = {each.provider.key: each for each in clients}
        self._by_issuer = {each.provider.issuer: each.provider for each in self._clients.values()}

    def __iter__(self) -> Iterator[Provider]:
        return (each.provider for each in self._clients.values())

    def __bool__(self) -> bool:
        return bool(self._clients)

    def client(self, key: str) -> Client | None:
        return self._clients.get(key)

    def of(self, issuer: str) -> Provider | None:
        """None for one that people could sign in with once."""
        return self._by_issuer.get(issuer)

    @property
    def issuers(self) -> frozenset[str]:
        return frozenset(self._by_issuer)

    async def close(self) -> None:
        for each in self._clients.values():
            await each.close()


def providers_of(config: Config) -> Providers:
    """Raises `ProvidersUnusable`, but asks nobody yet."""
    if config.oidc_providers is None:
        if config.who_may_start == PROVIDERS:
            raise ProvidersUnusable("--who-may-start providers needs --oidc-providers.")
        return Providers()
    if not config.public_url:
        raise ProvidersUnusable(
            "--oidc-providers needs --public-url: providers send people back to that address."
        )
    try:
        # While nobody waits: the first to sign in would hold up everybody for a tenth of a second.
        for each in _LOADED:
            importlib.import_module(each)
    except ImportError:
        raise ProvidersUnusable(f"--oidc-providers needs {the_extra('oidc')}") from None
    return Providers(map(Client, read(config.oidc_providers)))
