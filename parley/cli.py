"""The command line: `parley serve`, and what a host does beside it."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import click

from parley import __version__
from parley.config import SETTINGS, Config, in_words, load_config
from parley.errors import OutputUnusable, StartupError
from parley.terminal import say
from parley.workers.worker import Worker

EXIT_CANNOT_START = 1
EXIT_CHANGED, EXIT_CANNOT_CHECK = 1, 2
SERVERS_FOLDER = "the server's data folder"
Command = Callable[..., Any]


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


class _Heard(click.Command):
    """A command whose help is read, or which says that it cannot be."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        try:
            return super().make_context(*args, **extra)
        except OSError as error:  # it has done nothing yet but write
            _end(OutputUnusable.because_of(error))


class _HeardGroup(_Heard, click.Group):
    command_class = _Heard


@click.group(
    cls=_HeardGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
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
    worker = Worker.of(os.environ)

    def start(config: Config) -> None:
        if worker is None and config.workers > 1:
            from parley.workers import running

            running.supervise(config, sys.argv[1:])
        else:
            _starting().serve(config, worker)

    _or_say_why(flags, start)


@main.command()
@with_settings("data")
def migrate(**flags: str | None) -> None:
    """Upgrade the database, as `serve` does too."""
    _or_say_why(flags, lambda config: _starting().migrate(config))


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@with_settings("data", "files_url", data=SERVERS_FOLDER)
def backup(file: Path, **flags: str | None) -> None:
    """Save all conversations to a new FILE, also while the server runs."""

    def save(config: Config) -> None:
        # What is begun is removed again, however it ends.
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
        made = _hosting().backup(config, file)
        messages, conversations = (
            _count(made.messages, "message"),
            _count(made.conversations, "conversation"),
        )
        size = in_words(made.size_bytes)
        say(f"Saved {messages} in {conversations} to {file} ({size}), checked and on disk.")
        if made.files:
            theirs = f"Their {_count(made.files, 'file')} ({in_words(made.files_bytes)})"
            are = "is" if made.files == 1 else "are"
            if config.files_url:
                say(f"{theirs} {are} in {config.files_url}, and not in this backup.")
            else:
                say(f"{theirs} {are} in the folder {file}.files.")
        if made.files_missing:
            say(
                f"{_count(made.files_missing, 'file')} not found in the data folder. If they are "
                "in a bucket, give --files-url; otherwise `parley files check` names them."
            )

    _or_say_why(flags, save)


@main.group(cls=_HeardGroup, invoke_without_command=True)
@with_settings("data", "files_url", "files_in_all", data=SERVERS_FOLDER)
@click.pass_context
def files(context: click.Context, /, **flags: str | None) -> None:
    """Say how much the files take up, sent or not yet, also while the server runs."""
    context.obj = flags
    if context.invoked_subcommand is not None:
        return

    def tell(config: Config) -> None:
        usage = _hosting().files_usage(config)
        say(f"{_count(usage.count, 'file')}, {in_words(usage.size)}")
        say(f"{_count(usage.uploads, 'upload')} not done, {in_words(usage.uploads_size)}")
        say(f"At most {in_words(config.files_in_all)} in all, as --files-in-all is set here")
        if config.files_url:
            say(f"Kept in {config.files_url}")

    _or_say_why(flags, tell)


@files.command()
@click.option(
    "--contents", is_flag=True, help="Read all of every file, too, and compare its SHA-256."
)
@with_settings("data", "files_url", data=SERVERS_FOLDER)
@click.pass_context
def check(context: click.Context, /, *, contents: bool, **flags: str | None) -> None:
    """Compare the files that conversations have with those that are kept: which there are, and
    how large they are.

    Also while the server runs. Exit code 0 means that all are there, 1 that some are not: their
    ids are printed. It changes nothing.
    """
    given = {name: value for name, value in context.obj.items() if value is not None}
    asked = {**given, **{name: value for name, value in flags.items() if value is not None}}

    def compare(config: Config) -> None:
        found = _hosting().check_files(config, contents=contents)
        for what, ids in (
            ("missing", found.missing),
            ("of another size than it had", found.resized),
            ("changed", found.changed),
            ("kept, but in no conversation", found.strays),
        ):
            for id in ids:
                say(f"{id}: {what}")
        damaged = found.resized + found.changed
        if found.missing or damaged or found.strays:
            say(
                f"{_count(found.count, 'file')} in order, {len(found.missing)} missing, "
                f"{len(damaged)} damaged, {len(found.strays)} in no conversation."
            )
            sys.exit(EXIT_CANNOT_START)
        say(f"{_count(found.count, 'file')}, all in order.")

    _or_say_why(asked, compare)


@main.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True))
@click.option("--dry-run", is_flag=True, help="Only say what it would become.")
@click.option("--title", default="", help="The conversation's title, instead of the file's.")
@click.option(
    "--zone",
    default="",
    metavar="ZONE",
    help="The time zone of the phone or computer that wrote the file, such as Europe/Berlin, where "
    "the file doesn't say.",
)
@click.option("--choose", default="", metavar="NAME", help="Which channel, of a file with several.")
@click.option(
    "--order",
    default="",
    type=click.Choice(["", "dmy", "mdy", "ymd"]),
    metavar="ORDER",
    help="How the file writes dates, where it leaves that open: dmy, mdy or ymd.",
)
@with_settings(
    *("data", "public_url", "port", "files_url", "max_file"),
    *("files_per_person", "files_per_conversation", "files_in_all"),
    data=SERVERS_FOLDER,
    port="the server's port",
)
def import_(
    file: Path,
    *,
    dry_run: bool,
    title: str,
    zone: str,
    choose: str,
    order: str,
    **flags: str | None,
) -> None:
    """Make a conversation of FILE, which another chat exported.

    The server must not run meanwhile, unless it is a --dry-run; on its page /import files can be
    imported at any time.
    """

    def bring(config: Config) -> None:
        hosting = _hosting()

        def tell(staged: Any) -> None:
            for line in hosting.becomes(staged):
                say(line)

        told = hosting.Told(title=title, zone=zone, choose=choose, order=order)
        if dry_run:
            staged = hosting.dry_run(config, file, told)
            tell(staged)
            if missing := hosting.unsaid(staged):
                say(missing)
            say("Nothing was stored, as this is a dry run.")
            return
        made = hosting.import_file(config, file, told, tell)
        for name in made.files_refused:
            say(f"Left out, as it can't be opened or is too large: {name}")
        say(f"Imported to {made.link}")
        say(f"To own it, open this within ten minutes: {made.owner_link}")

    _or_say_why(flags, bring)


# An id may begin with a hyphen, and even with -h.
@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("room")
@with_settings("data", "public_url", "port", data=SERVERS_FOLDER, port="the server's port")
@click.pass_context
def owner_link(context: click.Context, /, room: str, **flags: str | None) -> None:
    """Print a link that makes whoever opens it an owner of the conversation ROOM.

    ROOM is the conversation's link, or the last part of it. For owners who lost their cookie. The
    link works once, within ten minutes; owners see in their log that it was made.
    """

    if room == "-h":
        say(context.get_help())
        return

    def make(config: Config) -> None:
        say(_hosting().owner_link(config, room))

    _or_say_why(flags, make)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", metavar="KEY", help="The public key of the server it has to come from.")
@click.option(
    "--prove",
    metavar="ID",
    help="Print a small file that shows this message to be in the export, for others to check.",
)
@click.option("--redact", metavar="ID", help="Print the export without what this message says.")
def verify_export(file: Path, key: str | None, prove: str | None, redact: str | None) -> None:
    """Say whether anything was changed in FILE, and where. Nothing is asked of a server.

    FILE is an export as JSON Lines, JSON or ZIP, or what --prove printed. Exit code 0 means that
    nothing was changed, 1 that something was, 2 that it can't be checked.
    """
    if prove is not None and redact is not None:
        raise click.UsageError("Give --prove or --redact, not both.")
    from parley import verifying

    try:
        if prove is not None:
            _write(iter([verifying.prove(file, prove, key)]))
        elif redact is not None:
            _write(verifying.redact(file, redact))
        else:
            is_right = True
            for line, is_bad in verifying.verdict(file, key):
                say(line)
                is_right = is_right and not is_bad
            sys.exit(0 if is_right else EXIT_CHANGED)
    except verifying.CannotCheck as error:
        click.echo(f"parley: {error}", err=True)
        sys.exit(EXIT_CANNOT_CHECK)
    except OutputUnusable as error:
        _end(error)


@main.command()
@with_settings("data", "public_url", "port", data=SERVERS_FOLDER, port="the server's port")
def export_key(**flags: str | None) -> None:
    """Print the public key that this server's exports are signed with.

    Give it to whoever has an export: `parley verify-export FILE --key KEY`.
    """
    _or_say_why(flags, lambda config: say(_hosting().export_key(config)))


def _write(pieces: Iterator[bytes]) -> None:
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except OSError as error:
        raise OutputUnusable.because_of(error) from error


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _hosting() -> ModuleType:
    """What is done beside a server, loaded where it is asked for."""
    from parley import hosting

    return hosting


def _starting() -> ModuleType:
    """What needs the whole of Parley, loaded once it is known what for: help comes at once, and
    so does the sentence about a wrong setting.
    """
    gc.disable()  # nothing of it becomes garbage, and looking takes a tenth of the time
    try:
        from parley import starting
    finally:
        gc.enable()
    return starting


def _or_say_why(flags: Mapping[str, str | None], start: Callable[[Config], None]) -> None:
    """Run `start`; what keeps it from starting is one sentence and exit code 1."""
    try:
        start(load_config(flags, os.environ))
    except StartupError as error:
        _end(error)


def _end(error: StartupError) -> NoReturn:
    with contextlib.suppress(OSError):
        click.echo(f"parley: {error}", err=True)
    if isinstance(error, OutputUnusable):
        # Python would try again what it could not write, and tell of it in its own words.
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
    sys.exit(EXIT_CANNOT_START)
