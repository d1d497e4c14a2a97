"""Whom a request speaks for: hosts and origins, the session cookie, the bearer token.

Knows neither Quart nor Socket.IO: both sides of the wire ask the same questions.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from urllib.parse import urlsplit

from parley.config import Config, undotted
from parley.hosts import Hosts

COOKIE = "parley_session"
COOKIE_MAX_AGE_S = 400 * 24 * 3600
"""The longest that browsers keep a cookie (RFC 6265bis, section 5.5)."""
FORM_COOKIE = "parley_form"
"""What forms are sealed with where there is no session yet."""
FRAME_COOKIE = "parley_frame"
"""The session's secret in a frame on a page of another site: browsers keep one for each site that
shows us (`Partitioned`), and send it nowhere else. Only over HTTPS.
"""
IN_FRAME, IN_FRAME_WITHOUT_COOKIES = "frame", "frame token"
"""What `MARK` says in a frame: with the second its browser keeps no cookie, and needs the token."""
HOST_PREFIX = "__Host-"
"""A cookie named so was set over HTTPS by this very host (RFC 6265bis, section 4.1.3)."""
SECURE_PREFIX = "__Secure-"
"""A cookie named so was set over HTTPS (section 4.1.3). One of a path can't be the host's."""

MARK = "Parley-Page"
"""A header that scripts of our own pages set. Another origin's could only after a
preflight, and no preflight of ours allows it."""
PROBES = frozenset({"/api/health", "/api/ready"})
"""What whoever looks after the server asks, by whatever name or address it knows it: Kubernetes by
that of the pod. The answers are a few counts, and hold nothing of what people say."""
METRICS = "/metrics"
"""What Prometheus asks, by whatever name it knows the server: who asks has to have a token."""
_FROM_ELSEWHERE = ("cross-site", "same-site")
_FRAMES = ("iframe", "frame", "embed", "object")


@dataclass(frozen=True, slots=True)
class Asking:
    """What tells where a request comes from. Empty strings where a header was missing."""

    host: str
    origin: str
    fetch_site: str
    """`Sec-Fetch-Site`, which browsers set and scripts cannot."""
    fetch_dest: str
    """`Sec-Fetch-Dest`, likewise: what the answer is for."""
    changes: bool
    """Whether it may change something, or opens a way to: anything but a plain GET."""
    is_vouched: bool = False
    """Whether it carries what only a page of our own can give: the mark, or a form's seal."""

    @property
    def is_for_frame(self) -> bool:
        """Whether a page is asked for that is to be shown in a frame."""
        return self.fetch_dest in _FRAMES


@dataclass(frozen=True, slots=True)
class Origins:
    """Which names this server goes by, and which pages may use it, from the configuration."""

    public_origin: str
    allowed: frozenset[str]
    hosts: Hosts
    is_framed: bool
    """Whether other sites may show our pages in frames."""

    @classmethod
    def of(cls, config: Config) -> Origins:
        return cls(
            config.public_origin,
            frozenset(config.allowed_origins),
            Hosts(config),
            is_framed=bool(config.embedding_origins),
        )

    def is_here(self, host: str, path: str) -> bool:
        """Whether a request asks for this server by a name it is known by.

        A page of somebody's whose name was made to lead here (DNS rebinding) asks by
        that name, and gets nothing.
        """
        return path in PROBES or path == METRICS or self.hosts.admit(host)

    def is_own(self, asking: Asking) -> bool:
        """Whether a page of this very server asks, as far as its browser says.

        Only then does a cookie count.
        """
        if asking.origin in ("", "null"):
            # Browsers leave the origin out of plain GETs and hide it from forms, as our
            # Referrer-Policy asks them to. Then Sec-Fetch-Site tells; and where a browser
            # knows nothing of that, or is not on HTTPS, what only our pages can give.
            if not (asking.changes or asking.origin):
                return True  # it reads: no other page sees the answer
            if asking.fetch_site:
                return asking.fetch_site == "same-origin"
            return asking.is_vouched
        if self.public_origin and undotted(asking.origin) == self.public_origin:
            return True
        if self.public_origin and not self.hosts.adds(asking.host):
            return False
        return self._is_scheme(asking.origin) and _host(asking.origin) == asking.host.lower()

    def _is_scheme(self, origin: str) -> bool:
        """Whether an origin has the public URL's scheme: without one a proxy may have ended TLS."""
        return origin.startswith(self.public_origin.partition("//")[0])

    def is_in_frame(self, asking: Asking) -> bool:
        """Whether our own page asks from within a frame, or is to be shown in one, where other
        sites may have frames of ours: then the cookie of frames counts.

        More is asked than of other cookies, since browsers send this one along whatever site asks.
        All that keep such cookies apart say where a request comes from.
        """
        if not self.is_framed or not self.is_own(asking):
            return False
        if asking.origin not in ("", "null") or asking.fetch_site == "same-origin":
            return True
        return asking.is_for_frame and not asking.changes

    def may_act(self, asking: Asking) -> bool:
        """Whether it may ask at all: no page (a program), our own, or an allowed one."""
        if asking.origin in self.allowed or self.is_own(asking):
            return True
        if asking.origin == "" and asking.fetch_site not in _FROM_ELSEWHERE:
            return True
        if asking.fetch_site not in _FROM_ELSEWHERE and (named := _host(asking.origin)):
            self.hosts.note_changed(asking.host, named)
        return False

    def may_look(self, asking: Asking) -> bool:
        """Whether what it reads may be one conversation.

        Other sites' pictures, scripts and frames may not: a page full of them would try links
        for whoever looks at it, and its visitor's address would be taken for that of a guesser.
        """
        if asking.fetch_site not in _FROM_ELSEWHERE or asking.origin in self.allowed:
            return True
        if asking.is_for_frame:
            return self.is_framed
        return asking.fetch_dest in ("document", "")

    def cross(self, asking: Asking) -> str | None:
        """The allowed other origin that asks, if it is one."""
        return asking.origin if asking.origin in self.allowed else None


def bearer(authorization: str) -> str | None:
    """The token of an `Authorization: Bearer` header."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


@functools.cache
def named(cookie: str, *, is_secure: bool, root: str = "") -> str:
    """What a cookie of ours is called: over HTTPS so that no other host can set it.

    Under a path it has that in its name: a browser sends those of the paths above along, and two
    servers at one host are not to take each other's.
    """
    if root:
        return f"{SECURE_PREFIX if is_secure else ''}{cookie}{root.replace('/', '~')}"
    return HOST_PREFIX + cookie if is_secure else cookie


def session_cookie(header: str, *, is_secure: bool, root: str = "") -> str | None:
    """The session's secret in a `Cookie` header, by the one name it has there.

    Over HTTPS the plain name is no proof: a neighbouring host may have set it.
    """
    return cookie_value(header, named(COOKIE, is_secure=is_secure, root=root))


def frame_cookie(header: str, *, root: str = "") -> str | None:
    """The session's secret in a frame on another site's page, where `Origins.is_in_frame`."""
    return cookie_value(header, named(FRAME_COOKIE, is_secure=True, root=root))


def form_cookie(header: str, *, is_secure: bool, root: str = "") -> str | None:
    """What a browser without a session was given for its forms."""
    return cookie_value(header, named(FORM_COOKIE, is_secure=is_secure, root=root))


def cookie_value(header: str, name: str) -> str | None:
    """The value of one cookie in a `Cookie` header."""
    for part in header.split(";"):
        key, found, value = part.strip().partition("=")
        if found and key == name:
            return value.strip('"')
    return None


def _host(origin: str) -> str | None:
    """The host and port that an origin names; None for what is no origin."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    is_origin = parts.scheme in ("http", "https") and not (parts.path or parts.query)
    return parts.netloc.lower() or None if is_origin else None
