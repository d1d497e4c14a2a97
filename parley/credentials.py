"""Whom a request speaks for: origins, the session cookie, the bearer token.

Knows neither Quart nor Socket.IO: both sides of the wire ask the same questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from parley.config import Config

COOKIE = "parley_session"
COOKIE_MAX_AGE_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie (RFC 6265bis, section 5.5)."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What tells where a request comes from. Empty strings where a header was missing."""

    host: str
    origin: str
    fetch_site: str
    """`Sec-Fetch-Site`, which browsers set and scripts cannot."""
    changes: bool
    """Whether it may change something, or opens a way to: anything but a plain GET."""


@dataclass(frozen=True, slots=True)
class Origins:
    """Which pages may use this server, from the configuration."""

    public_url: str
    allowed: frozenset[str]

    @classmethod
    def of(cls, config: Config) -> Origins:
        return cls(config.public_url, frozenset(config.allowed_origins))

    def is_own(self, asking: Asking) -> bool:
        """Whether a page of this very server asks, as far as its browser says."""
        if asking.origin in ("", "null"):
            # Browsers name the origin wherever something could change, or, by policy of
            # the page, hide it from a form: then Sec-Fetch-Site still tells.
            return asking.fetch_site == "same-origin" or not (asking.changes or asking.origin)
        return asking.origin == self.public_url or _host(asking.origin) == asking.host.lower()

    def may_act(self, asking: Asking) -> bool:
        """Whether it may ask at all: no page (a program), our own, or an allowed one."""
        return asking.origin == "" or asking.origin in self.allowed or self.is_own(asking)

    def cross(self, asking: Asking) -> str | None:
        """The allowed other origin that asks, if it is one."""
        return asking.origin if asking.origin in self.allowed else None


def bearer(authorization: str) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def cookie_value(header: str, name: str = COOKIE) -> str | None:
    """The value of one cookie in a `Cookie` header."""
    for part in header.split(";"):
        key, found, value = part.strip().partition("=")
        if found and key == name:
            return value.strip('"')
    return None


def _host(origin: str) -> str | None:
    """The host and port that an origin names; None for what is no origin."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
