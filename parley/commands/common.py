"""What commands share: flags from the table of settings, and how they say what came of it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn

import click

from parley.config import SETTINGS, Config, load_config
from parley.errors import OutputUnusable, StartupError

SERVERS_FOLDER = "the server's data folder"


Command = Callable[..., Any]


# An id may begin with a hyphen, and even with -h.
ROOM = {"ignore_unknown_options": True, "help_option_names": ["--help"]}


EXIT_CANNOT_START = 1


def with_settings(*names: str, **helps: str) -> Callable[[Command], Command]:
    """Give a command the flags of these settings, all without a name, from the one table; with
    `helps` where a setting is something else to it than to the server.
    """

    def decorate(command: Command) -> Command:
        for setting in reversed(SETTINGS):
            if names and setting.name not in names:
                continue
            default = f"  [default: {setting.default}]" if setting.default else ""
            help = helps.get(setting.name, setting.help)
            help = help[:1].upper() + help[1:] + "." + default
            command = click.option(
                setting.flag,
                setting.name,
                metavar=setting.metavar,
                help=help,
            )(command)
        return command

    return decorate


class Heard(click.Command):
    """A command whose help is read, or which says that it cannot be."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        try:
            return super().make_context(*args, **extra)
        except OSError as error:  # it has done nothing yet but write
            end_with(OutputUnusable.because_of(error))


class HeardGroup(Heard, click.Group):
    command_class = Heard


AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


OF_OPERATORS = with_settings(
    *("data", "database_url", "redis_url", "public_url", "port", "files_url"),
    data=SERVERS_FOLDER,
    port="the server's port",
)


def or_say_why(flags: Mapping[str, str | None], start: Callable[[Config], None]) -> None:
    """Run `start`; what keeps it from starting is one sentence and exit code 1."""
    try:
        start(load_config(flags, os.environ))
    except StartupError as error:
        end_with(error)


def end_with(error: StartupError) -> NoReturn:
    with contextlib.suppress(OSError):
        click.echo(f"parley: {error}", err=True)
    if isinstance(error, OutputUnusable):
        # Python would try again what it could not write, and tell of it in its own words.
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
    sys.exit(EXIT_CANNOT_START)


def write(pieces: Iterator[bytes]) -> None:
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise OutputUnusable.because_of(error) from error


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def plain(text: str) -> str:
    from parley import tables

    return tables.plain(text)


def minute(moment: str) -> str:
    """A moment as it is on the wire, to the minute."""
    return moment[:16].replace("T", " ")


def json_of(found: Any) -> str:
    import msgspec

    return msgspec.json.encode(found).decode()
