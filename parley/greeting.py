"""What is said on the terminal once it runs: where, and what to mind."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address

import click

from parley.config import ANY_HOST, Config, unknown_variables
from parley.terminal import say
from parley.wire.listening import EVERY_IPV4, EVERY_IPV6

HOSTS_UNCHECKED = (
    "Host names are NOT CHECKED (--hosts *): a stranger's page can pass for one of this server's."
)
EVERYWHERE = (EVERY_IPV4, EVERY_IPV6)
ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Nobody's addresses (RFC 5737, RFC 3849), nor is anything sent: the way there is looked up."""


def greet(config: Config, sockets: Sequence[socket.socket], *more: str) -> None:
    """Say where it is, what it keeps where, and `more`. Raises `OutputUnusable`."""
    # Where there is a public URL, what it listens at is for the proxy: it answers nobody there.
    verb = "listens" if config.public_url else "is"
    say(f"Parley {verb} at {_address(config, sockets)}  (Ctrl+C stops it)")
    if config.public_url:
        say(f"People reach it at {config.public_url}")
    elif addresses := _in_network(config, sockets):
        say(f"On your network: {' and '.join(addresses)}")
    kept = "PostgreSQL, with the server's secret in " if config.database_url else ""
    say(f"Conversations are kept in {kept}{config.data.resolve()}")
    if config.files_url:
        say(f"Files are kept in {config.files_url}")
    for each in filter(None, more):
        say(each)
    if not config.rate_limits:
        say("Rate limits are OFF: anyone can do anything as often as they like.")
    if ANY_HOST in config.hosts:
        say(HOSTS_UNCHECKED)


def warn_of_unknown(environ: Mapping[str, str]) -> None:
    """Tell of variables that look like settings and are none."""
    for variable in unknown_variables(environ):
        with contextlib.suppress(OSError):  # it is no reason not to start
            click.echo(f"parley: unknown setting {variable}; see parley serve --help.", err=True)


def _address(config: Config, sockets: Sequence[socket.socket]) -> str:
    host = "localhost" if _is_everywhere(sockets[0]) else config.host
    return _url(_scheme(config), host, sockets[0])


def _in_network(config: Config, sockets: Sequence[socket.socket]) -> list[str]:
    """Where this machine is in its networks, of those that are listened on everywhere."""
    found = ((each, _own_address(each.family)) for each in sockets if _is_everywhere(each))
    scheme = _scheme(config)
    return [_url(scheme, address, each) for each, address in found if address is not None]


def _scheme(config: Config) -> str:
    return "http" if config.tls_certificate is None else "https"


def _is_everywhere(listening: socket.socket) -> bool:
    return listening.getsockname()[0] in EVERYWHERE


def _url(scheme: str, host: str, listening: socket.socket) -> str:
    port = listening.getsockname()[1]
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _own_address(family: int) -> str | None:
    """This machine's address in its network of IPv4 or IPv6, if it is in one."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((ELSEWHERE[socket.AddressFamily(family)], 9))
            address: str = probe.getsockname()[0]
    except OSError:
        return None
    return None if ip_address(address).is_link_local else address
