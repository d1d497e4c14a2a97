"""Starting and stopping: the app on its sockets, and what is said of it on the terminal."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
from typing import Any

import click

from parley import logs
from parley.app import create_app
from parley.config import ANY_HOST, Config, unknown_variables
from parley.errors import AddressUnusable, TooFewFilesAllowed
from parley.wire import serving

GC_THRESHOLDS = (20_000, 50, 50)
"""Objects made more than freed before Python looks for cycles; then, how often the older."""
SWITCH_S = 0.001
"""How long a thread that reads from the database may keep the event loop waiting: Python's own five
milliseconds are longer than what the loop does in most of its turns."""
HOSTS_UNCHECKED = (
    "Host names are NOT CHECKED (--hosts *): a stranger's page can pass for one of this server's."
)
EVERYWHERE = ("0.0.0.0", "::", "")  # noqa: S104  # told apart, not bound
ELSEWHERE = ("192.0.2.1", 9)
"""Nobody's address (RFC 5737), nor is anything sent: only the way to it is looked up."""


def serve(config: Config) -> None:
    """Serve until a signal. Raises `StartupError`s."""
    _run(_serve(config))


def migrate(config: Config) -> None:
    """Upgrade the database. Raises `StartupError`s."""
    _run(_migrate(config))


async def _serve(config: Config) -> None:
    logs.log_to(sys.stderr, config.log_level)
    for variable in unknown_variables(os.environ):
        click.echo(f"parley: unknown setting {variable}; see parley serve --help.", err=True)
    room = _room(config)
    app = create_app(config)
    await app.open()
    try:
        try:
            sockets = serving.listen(config.host, config.port)
        except serving.CannotListen as error:
            raise AddressUnusable(str(error)) from error
        # Before anybody is told that it is up: who is told may stop it at once.
        stop = serving.stop_on_signals()
        port = sockets[0].getsockname()[1]
        # Where there is a public URL, what it listens at is for the proxy: it answers nobody there.
        verb = "listens" if config.public_url else "is"
        click.echo(f"Parley {verb} at {_address(config, port)}  (Ctrl+C stops it)")
        if config.public_url:
            click.echo(f"People reach it at {config.public_url}")
        elif config.host in EVERYWHERE and (address := _in_network()):
            click.echo(f"On your network: http://{address}:{port}")
        click.echo(f"Conversations are kept in {config.data.resolve()}")
        if not config.rate_limits:
            click.echo("Rate limits are OFF: anyone can do anything as often as they like.")
        if ANY_HOST in config.hosts:
            click.echo(HOSTS_UNCHECKED)
        _collect_seldom()
        sys.setswitchinterval(SWITCH_S)
        await serving.serve(
            app,
            sockets,
            stop=stop,
            drain=app.drain,
            max_connections=room,
        )
    finally:
        await app.close()
    click.echo("Parley has stopped.")


def _room(config: Config) -> int:
    """How many connections there is room for. Raises `TooFewFilesAllowed`."""
    try:
        return serving.room_for(config.max_connections)
    except serving.TooFewFiles as error:
        raise TooFewFilesAllowed(str(error)) from error


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
    app = create_app(config)
    await app.open()
    await app.close()
    click.echo(f"The database in {config.data} is up to date.")


def _address(config: Config, port: int) -> str:
    host = "localhost" if config.host in EVERYWHERE else config.host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _in_network() -> str | None:
    """This machine's address in its network, if it is in one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return None
        address: str = probe.getsockname()[0]
    return address


def _run(work: Any) -> None:
    """Run it on uvloop, where that is installed."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(work)
    else:
        uvloop.run(work)
