"""Starting and stopping: the app on its sockets, and what is said of it on the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import sys
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import click

from parley import logs
from parley.app import create_app
from parley.config import ANY_HOST, Config, unknown_variables
from parley.errors import (
    AddressUnusable,
    CertificateRefused,
    OutputUnusable,
    SettingInvalid,
    TooFewFilesAllowed,
)
from parley.terminal import say
from parley.wire import serving
from parley.wire.certificate import Certificate, CertificateUnusable

GC_THRESHOLDS = (20_000, 50, 50)
"""Objects made more than freed before Python looks for cycles; then, how often the older."""
SWITCH_S = 0.001
"""How long a thread that reads from the database may keep the event loop waiting: Python's own five
milliseconds are longer than what the loop does in most of its turns."""
HOSTS_UNCHECKED = (
    "Host names are NOT CHECKED (--hosts *): a stranger's page can pass for one of this server's."
)
EVERYWHERE = (serving.EVERY_IPV4, serving.EVERY_IPV6)
ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Nobody's addresses (RFC 5737, RFC 3849), nor is anything sent: the way there is looked up."""


def serve(config: Config) -> None:
    """Serve until a signal. Raises `StartupError`s."""
    _run(_serve(config))


def migrate(config: Config) -> None:
    """Upgrade the database. Raises `StartupError`s."""
    _run(_migrate(config))


async def _serve(config: Config) -> None:
    logs.log_to(sys.stderr, config.log_level)
    for variable in unknown_variables(os.environ):
        with contextlib.suppress(OSError):  # it is no reason not to start
            click.echo(f"parley: unknown setting {variable}; see parley serve --help.", err=True)
    if config.proxy_protocol and not config.trusted_proxies:
        raise SettingInvalid(
            "--proxy-protocol is on, but no proxy is trusted: give the addresses that proxies "
            "connect from with --trusted-proxies."
        )
    room = _room(config)
    certificate = _certificate(config)
    app = create_app(config)
    await app.open()
    try:
        try:
            sockets = serving.listen(config.host, config.port)
        except serving.CannotListen as error:
            raise AddressUnusable(str(error)) from error
        metrics_at = None if app.metrics is None else await app.metrics.open()
        # Before anybody is told that it is up: who is told may stop it at once.
        stop = serving.stop_on_signals(None if certificate is None else certificate.reload)
        # Where there is a public URL, what it listens at is for the proxy: it answers nobody there.
        verb = "listens" if config.public_url else "is"
        say(f"Parley {verb} at {_address(config, sockets)}  (Ctrl+C stops it)")
        if config.public_url:
            say(f"People reach it at {config.public_url}")
        elif addresses := _in_network(config, sockets):
            say(f"On your network: {' and '.join(addresses)}")
        say(f"Conversations are kept in {config.data.resolve()}")
        if config.files_url:
            say(f"Files are kept in {config.files_url}")
        if app.files.caution:
            say(app.files.caution)
        if not config.rate_limits:
            say("Rate limits are OFF: anyone can do anything as often as they like.")
        if ANY_HOST in config.hosts:
            say(HOSTS_UNCHECKED)
        if metrics_at:
            say(f"Metrics are shown at {metrics_at}")
        _collect_seldom()
        sys.setswitchinterval(SWITCH_S)
        await serving.serve(
            app,
            sockets,
            stop=stop,
            drain=app.drain,
            max_connections=room,
            certificate=certificate,
        )
    finally:
        await app.close()
    with contextlib.suppress(OutputUnusable):  # a terminal that closed is why it stops
        say("Parley has stopped.")


def _room(config: Config) -> int:
    """How many connections there is room for. Raises `TooFewFilesAllowed`."""
    try:
        return serving.room_for(config.max_connections)
    except serving.TooFewFiles as error:
        raise TooFewFilesAllowed(str(error)) from error


def _certificate(config: Config) -> Certificate | None:
    """What TLS is spoken with, if it is. Raises `SettingInvalid`, `CertificateRefused`."""
    if config.tls_certificate is None and config.tls_key is None:
        return None
    if config.tls_certificate is None or config.tls_key is None:
        given, missing = "--tls-certificate", "--tls-key"
        if config.tls_certificate is None:
            given, missing = missing, given
        raise SettingInvalid(
            f"{given} is given without {missing}: HTTPS needs both. They may name one file."
        )
    try:
        return Certificate(config.tls_certificate, config.tls_key)
    except CertificateUnusable as error:
        raise CertificateRefused(str(error)) from error


def _collect_seldom() -> None:
    """Have Python look for cycles less often.

    What a message needs is freed by itself; to look through it again and again was a
    tenth of the work. And what was made up to here stays: it need not be looked through.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


async def _migrate(config: Config) -> None:
    logs.log_to(sys.stderr, config.log_level)
    # No file is touched, and no mail is sent.
    bare = replace(config, files_url="", smtp_url="", smtp_password_file=None, mail_from="")
    app = create_app(bare)
    await app.open()
    await app.close()
    say(f"The database in {config.data} is up to date.")


def _address(config: Config, sockets: list[socket.socket]) -> str:
    host = "localhost" if _is_everywhere(sockets[0]) else config.host
    return _url(_scheme(config), host, sockets[0])


def _in_network(config: Config, sockets: list[socket.socket]) -> list[str]:
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


def _run(work: Any) -> None:
    """Run it on uvloop, where that is installed."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)
