"""The command line: `parley serve` and `parley migrate`."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
from collections.abc import Callable
from typing import Any

import click

from parley import __version__, logs
from parley.app import create_app
from parley.config import ANY_HOST, SETTINGS, Config, load_config, unknown_variables
from parley.errors import AddressUnusable, StartupError, TooFewFilesAllowed
from parley.wire import serving

EXIT_CANNOT_START = 1
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
Command = Callable[..., Any]


def with_settings(*names: str) -> Callable[[Command], Command]:
    """Give a command the flags of these settings, all without a name, from the one table."""

    def decorate(command: Command) -> Command:
        for setting in reversed(SETTINGS):
            if names and setting.name not in names:
                continue
            default = f"  [default: {setting.default}]" if setting.default else ""
            help = setting.help[:1].upper() + setting.help[1:] + "." + default
            command = click.option(
                setting.flag,
                setting.name,
                metavar=setting.metavar,
                help=help,
            )(command)
        return command

    return decorate


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="parley %(version)s")
def main() -> None:
    """Parley: the self-hosted place to talk by link.

    Start a conversation and send its link. Anyone who opens it can read straight
    away, enter a name and join in. `parley serve` is all it takes.
    """


@main.command(epilog="Every option can also be set as PARLEY_<NAME>, such as PARLEY_PORT.")
@with_settings()
def serve(**flags: str | None) -> None:
    """Serve pages, REST and Socket.IO until you press Ctrl+C."""
    _or_say_why(lambda: _run(_serve(load_config(flags, os.environ))))


@main.command()
@with_settings("data")
def migrate(**flags: str | None) -> None:
    """Upgrade the database, as `serve` does too."""
    _or_say_why(lambda: _run(_migrate(load_config(flags, os.environ))))


async def _serve(config: Config) -> None:
    logs.log_to(sys.stderr, config.log_level)
    for variable in unknown_variables(os.environ):
        click.echo(f"parley: {variable} is no setting: see parley serve --help.", err=True)
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
            click.echo(f"In your network: http://{address}:{port}")
        click.echo(f"Conversations are kept in {config.data.resolve()}")
        if not config.rate_limits:
            click.echo("Rate limits are OFF: anybody may do anything as often as they like.")
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


def _or_say_why(start: Callable[[], None]) -> None:
    """Run `start`; what keeps it from starting is one sentence and exit code 1."""
    try:
        start()
    except StartupError as error:
        click.echo(f"parley: {error}", err=True)
        sys.exit(EXIT_CANNOT_START)
