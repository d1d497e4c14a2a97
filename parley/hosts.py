"""Which host names this server answers to.

A page whose own name was made to lead to this machine (DNS rebinding) asks by that name. So we
answer to names that nobody outside can make lead here, and to those that the settings say are ours.
"""

from __future__ import annotations

import functools
import socket
import threading
from collections.abc import Set
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

import structlog

from parley.config import ANY_HOST, Config, default_port, undotted

NOTED_MAX = 5
"""How many names that strangers asked by get into the log, until the next start."""
NOTED_MAX_CHARS = 100
ADMITTED_MAX = 256
"""How many spellings that were found right are found right at once the next time."""
LOOKING_UP = "own-names"
"""The thread that asks the DNS."""
_LOCAL = (".localhost", ".local", ".lan", ".home", ".home.arpa", ".internal")
"""Endings that the public DNS leads nowhere with (RFC 6761, RFC 6762, RFC 8375, and ICANN's
resolution of 2024-07-29), or does not have."""

_ABOUT_CHANGED = (
    "A page was refused that names another host than its request does. If it is one of this "
    "server's, a proxy in front changes the Host header: have the proxy pass it on as it came, and "
    "set --public-url to the address people use. Until then pages can't connect, and links lead to "
    "the proxy's name for this server."
)

log = structlog.get_logger(__name__)


class Hosts:
    """The names that one server goes by.

    With a public URL: its host, and what `--hosts` adds. Without: every address, local names,
    the machine's own, and what `--hosts` adds.
    """

    def __init__(self, config: Config) -> None:
        self._public_url = config.public_url
        self._public = _public_hosts(config.public_url)
        self._others = frozenset(config.hosts)
        self._listening = config.host.lower()
        self._own: Set[str] = frozenset() if config.public_url else own_names()
        self._noted: set[str] = set()
        self._admitted: set[str] = set()
        self._has_told_of_changed = False

    def admit(self, host: str) -> bool:
        """Whether a `Host` names this server. The first few that do not are told to the log."""
        if host in self._admitted:  # people come by few names
            return True
        is_known = self._knows(host)
        if is_known and len(self._admitted) < ADMITTED_MAX:
            self._admitted.add(host)
        if not is_known:
            self._note(name_in(host))
        return is_known

    def _knows(self, host: str) -> bool:
        if undotted(host.lower()) in self._public or self.adds(host):
            return True
        name = name_in(host)
        is_own = is_local(name) or name == self._listening or name in self._own
        return is_own and not self._public

    def adds(self, host: str) -> bool:
        """Whether `--hosts` has the name in a `Host`, on whatever port."""
        return bool(self._others) and (ANY_HOST in self._others or name_in(host) in self._others)

    def note_changed(self, host: str, page: str) -> None:
        """A page at the host `page`, perhaps our own, was refused since it asked for `host`.

        So it goes where a proxy sends a `Host` of its own, or leaves out the port. Told once, where
        no public URL says what is right.
        """
        asked = host.lower()
        is_other_port = name_in(page) == name_in(asked) and name_in(asked) != undotted(asked)
        if self._public_url or self._has_told_of_changed or is_other_port:
            return
        if len(page) <= NOTED_MAX_CHARS >= len(asked):
            self._has_told_of_changed = True
            log.warning("page_refused", page=page, host=asked, advice=_ABOUT_CHANGED)

    def _note(self, name: str) -> None:
        is_new = bool(name) and name not in self._noted and len(name) <= NOTED_MAX_CHARS
        if is_new and len(self._noted) < NOTED_MAX:
            self._noted.add(name)
            log.warning("unknown_host", host=name, advice=_advice(name, self._public_url))


def name_in(host: str) -> str:
    """The name in a well-formed `Host`: in small letters, without a port or a dot at the end."""
    name, colon, _port = host.lower().rpartition(":")
    if not colon or host.endswith("]"):
        name = host.lower()
    if name.startswith("["):
        return f"[{IPv6Address(name[1:-1])}]"
    return name.removesuffix(".")


def is_loopback(host: str) -> bool:
    """Whether a `Host`, with or without a port, names the machine itself."""
    try:
        name = urlsplit(f"//{undotted(host.lower())}").hostname or ""
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


@functools.cache
def own_names() -> set[str]:
    """What this machine calls itself; its full name once the DNS has told it.

    Nobody waits for the DNS: where it does not answer that takes seconds.
    """
    names = {socket.gethostname().lower()}

    def look_up() -> None:
        names.add(socket.getfqdn().lower())

    threading.Thread(target=look_up, name=LOOKING_UP, daemon=True).start()
    return names


def is_local(name: str) -> bool:
    """Whether nobody outside can make a name lead here: an address, or one of the own network.

    A name whose last label is a number is an address too, as browsers and resolvers read it.
    HTTP/1.0 may give none.
    """
    last = name.rpartition(".")[2]
    is_address = name.startswith("[") or last.isdecimal()
    return is_address or last == name or name.endswith(_LOCAL)


def _advice(name: str, public_url: str) -> str:
    """What to do if this server is to answer to a name: what locks nobody out comes first."""
    if public_url:
        return (
            f"People reach this server at {public_url}. If a proxy is in front, have it pass the "
            f"Host header on as it came. To answer to this name too, start with --hosts {name}."
        )
    return (
        f"To answer to it, start with --hosts {name}. If it is the only address people use, set "
        f"--public-url to exactly that address, such as https://{name}: no other name, not even "
        "localhost, works then."
    )


def _public_hosts(public_url: str) -> frozenset[str]:
    """The public URL's host as a `Host` header may write it."""
    if not public_url:
        return frozenset()
    parts = urlsplit(public_url)
    if parts.port is not None:
        return frozenset({parts.netloc})
    return frozenset({parts.netloc, f"{parts.netloc}:{default_port(parts.scheme)}"})
