"""Whose address a request comes from: the peer's, or what trusted proxies say of their client.

Whoever connects can write any header: what is said of an
address counts only as far as one trusted proxy said it to the next.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

from parley import causes

Network = IPv4Network | IPv6Network
ONE_PLACE_BITS = 64
"""Of an IPv6 address: what a household or a rented machine is given whole (RFC 6177)."""
# With a port, as some proxies write it; an IPv6 address then stands in brackets.
_HOP = re.compile(r"\[(?P<bracketed>[^\]]+)\](?::\d+)?|(?P<ipv4>[\d.]+):\d+|(?P<plain>.+)")

_THIS_MACHINE = re.compile(r"(?:localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])?(?::\d+)?", re.ASCII)
"""How a `Host` names the machine itself, or nothing."""


class Proxies:
    """The proxies whose word on where a request comes from counts: none, unless configured."""

    def __init__(
        self,
        trusted: Iterable[Network] = (),
        asked_directly: Collection[str] = (),
        *,
        announce: bool = False,
    ) -> None:
        self._trusted = tuple(trusted)
        self._asked_directly = asked_directly
        """Paths that a proxy asks for itself, to see how we are."""
        self.announce = announce
        """Whether they say first whose a connection is (PROXY protocol). Then what comes to us from
        nobody's proxy came through one all the same, whose headers are nothing to tell of.
        """
        self._has_warned = announce
        self._has_warned_of_missing = False

    def trusts(self, address: str) -> bool:
        """Whether it is that of a trusted proxy."""
        return bool(self._trusted) and bool(address) and _is_in(ip_address(address), self._trusted)

    def see_through(self, scope: dict[str, Any]) -> dict[str, Any]:
        """The ASGI scope with the `client` and the `scheme` of who asked the outermost proxy.

        The client is the right-most address of `X-Forwarded-For` that is not a trusted
        proxy's: what stands left of it anybody may have written.
        """
        peer = scope.get("client")
        address = canonical(peer[0]) if peer else ""
        if not self.trusts(address):
            self._warn_of_ignored(address, scope)
            if not peer or address in ("", peer[0]):
                return scope
            return {**scope, "client": (address, peer[1])}
        hops = 0
        for hop in reversed(_values(scope, b"x-forwarded-for")):
            said = _address_of(hop)
            if not said:
                break
            hops, address = hops + 1, said
            if not self.trusts(said):
                break
        if not hops:
            self._warn_of_missing(scope)
        return {**scope, "client": (address, 0), "scheme": _scheme(scope, hops)}

    def request_id(self, scope: dict[str, Any]) -> str:
        """What a trusted proxy calls the request, in X-Request-ID; empty where none does."""
        peer = scope.get("client")
        if not (self._trusted and peer and self.trusts(canonical(peer[0]))):
            return ""
        named = _values(scope, b"x-request-id")
        return named[0] if len(named) == 1 and causes.is_id(named[0]) else ""

    def _warn_of_ignored(self, address: str, scope: dict[str, Any]) -> None:
        """Tell once that everybody behind this proxy counts as one address.

        Only for a peer nearby, as proxies are: no stranger writes to the log.
        """
        if self._has_warned or not _values(scope, b"x-forwarded-for"):
            return
        if address and ip_address(address).is_private:
            self._has_warned = True
            _log().warning("forwarded_headers_ignored", why="the proxy is not in trusted_proxies")

    def _warn_of_missing(self, scope: dict[str, Any]) -> None:
        """Tell once that everybody behind this proxy counts as one address, or as any they like.

        Not of what the proxy's own machine asks, by its own name.
        """
        if self._has_warned_of_missing or scope["path"] in self._asked_directly:
            return
        if _THIS_MACHINE.fullmatch(",".join(_values(scope, b"host")).lower()):
            return
        self._has_warned_of_missing = True
        _log().warning(
            "forwarded_headers_missing",
            advice="A request came from a proxy in --trusted-proxies without the address of its "
            "client in X-Forwarded-For. Have the proxy set that header on every request: until "
            "then all who come through it share one limit, and if it passes the header on, anyone "
            "can choose their address.",
        )


def parse_networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks, comma-separated. Raises `ValueError` with what it should be."""
    try:
        networks = tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError:
        networks = (IPv4Network("0.0.0.0/0"),)
    if any(network.prefixlen == 0 for network in networks):
        raise ValueError("addresses or networks such as 127.0.0.1, 10.0.0.0/8, comma-separated")
    return networks


# A server hears from the same few thousand again and again.
@functools.lru_cache(maxsize=4096)
def canonical(text: str) -> str:
    """An address in its one form: IPv4 also where IPv6 maps it, no zone. Empty for what is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return ""
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or IPv6Address(int(address))
    return str(address)


@functools.lru_cache(maxsize=4096)
def place_of(address: str) -> str:
    """What counts as one address: that of IPv4, the network of 64 bits of IPv6. Empty for none."""
    return _shortened(address, 32, ONE_PLACE_BITS)


def roughly(address: str) -> str:
    """For a log: the network around an address or a place, which tells of nobody in it."""
    return _shortened(address.partition("/")[0], 24, 48)


def _shortened(address: str, ipv4_bits: int, ipv6_bits: int) -> str:
    known = canonical(address)
    if not known:
        return ""
    bits = ipv6_bits if ":" in known else ipv4_bits
    network = ip_network(f"{known}/{bits}", strict=False)
    return known if network.num_addresses == 1 else str(network)


def _values(scope: dict[str, Any], header: bytes) -> list[str]:
    """The items of a header's list, over all the lines it came in."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name.lower() == header]
    return [part.strip() for line in lines for part in line.split(",")]


def _address_of(hop: str) -> str:
    match = _HOP.fullmatch(hop)
    return "" if match is None else canonical(match["bracketed"] or match["ipv4"] or match["plain"])


def _scheme(scope: dict[str, Any], hops: int) -> str:
    """The one the client used, said by the proxy that it reached, `hops` from here."""
    plain, secure = ("ws", "wss") if scope["type"] == "websocket" else ("http", "https")
    said = _values(scope, b"x-forwarded-proto")
    if not said:
        return str(scope.get("scheme", plain))
    # Some proxies add to the header, some write it anew: then there is one for all hops.
    return secure if said[-min(max(hops, 1), len(said))].lower() == "https" else plain


def _is_in(address: IPv4Address | IPv6Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)


def _log() -> Any:
    """Loaded where there is something to log: most commands have nothing."""
    import structlog

    return structlog.get_logger(__name__)
