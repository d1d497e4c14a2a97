"""The command line: `parley serve`, and what a host does beside it."""

from __future__ import annotations

import gc
import os
import signal
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from parley import __version__
from parley.commands import admins, conversations, moderating, talking
from parley.commands.common import (
    EXIT_CANNOT_START,
    ROOM,
    SERVERS_FOLDER,
    HeardGroup,
    counted,
    end_with,
    json_of,
    or_say_why,
    with_settings,
    write,
)
from parley.config import Config, in_words
from parley.errors import OutputUnusable, StartupError
from parley.terminal import say
from parley.workers.worker import Worker

TOLD_EVERY_ROWS = 100_000
"""While a table is moved."""
EXIT_CHANGED, EXIT_CANNOT_CHECK = 1, 2
EXITS = {"ok": 0, "warn": 1, "fail": 2}
"""Of the doctor, by the worst that it found."""


@click.group(
    cls=HeardGroup,
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

    or_say_why(flags, start)


@main.command()
@with_settings("data")
def migrate(**flags: str | None) -> None:
    """Upgrade the database, as `serve` does too."""
    or_say_why(flags, lambda config: _starting().migrate(config))


@main.command(name="move-data")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO", required=False, default="")
@click.option("--reopen", is_flag=True, help="Let servers run again on FROM, which was moved.")
@click.pass_context
def move_data(context: click.Context, /, source: str, target: str, *, reopen: bool) -> None:
    """Move all conversations between SQLite and PostgreSQL, either way.

    FROM and TO are a data folder and a postgresql:// URL. Stop the servers first. TO has to be
    empty. If it stops halfway, run it again: it goes on from there. At the end both are compared,
    row by row. From the beginning on servers refuse to run on FROM, which keeps what it had. Files
    stay where they are.
    """
    from parley import moving
    from parley.tables import lines

    if reopen == bool(target):
        raise click.UsageError("Give FROM and TO, or FROM with --reopen.", context)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        if reopen:
            was_moved = moving.reopen(source)
            say("Servers run on it again." if was_moved else "It had not been moved.")
            return
        told: dict[str, int] = {}

        def tell(table: str, rows: int) -> None:
            if rows - told.get(table, 0) >= TOLD_EVERY_ROWS:
                say(f"{table}: {rows:,} so far")
                told[table] = rows

        tables = moving.move_data(source, target, tell)
    except StartupError as error:
        end_with(error)
    rows = [(each.name, f"{each.rows:,}", each.sha256[:16]) for each in tables]
    for line in lines(("table", "rows", "SHA-256"), rows):
        say(line)
    count = counted(sum(each.rows for each in tables), "row")
    say(f"Moved {count}, the same in both. {_NEXT[moving.is_url(target)]}")


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@with_settings("data", "database_url", "files_url", data=SERVERS_FOLDER)
def backup(file: Path, **flags: str | None) -> None:
    """Save all conversations to a new FILE, also while the server runs."""

    def save(config: Config) -> None:
        # What is begun is removed again, however it ends.
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
        made = _hosting().backup(config, file)
        messages, conversations = (
            counted(made.messages, "message"),
            counted(made.conversations, "conversation"),
        )
        size = in_words(made.size_bytes)
        say(f"Saved {messages} in {conversations} to {file} ({size}), checked and on disk.")
        if made.files:
            theirs = f"Their {counted(made.files, 'file')} ({in_words(made.files_bytes)})"
            are = "is" if made.files == 1 else "are"
            if config.files_url:
                say(f"{theirs} {are} in {config.files_url}, and not in this backup.")
            else:
                say(f"{theirs} {are} in the folder {file}.files.")
        if made.files_missing:
            say(
                f"{counted(made.files_missing, 'file')} not found in the data folder. If they are "
                "in a bucket, give --files-url; otherwise `parley files check` names them."
            )

    or_say_why(flags, save)


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--secret",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The server's parley.secret, if you kept it.",
)
@click.option(
    "--incomplete",
    is_flag=True,
    help="Restore the rest where files are missing or damaged in the backup.",
)
@with_settings(
    "data", "database_url", "files_url", data="the folder to restore to; created if missing"
)
def restore(file: Path, *, secret: Path | None, incomplete: bool, **flags: str | None) -> None:
    """Restore a backup FILE, and the files beside it, to a data folder that has nothing in it.

    All of it is checked first, every file by its SHA-256. Nothing is ever overwritten: where
    there is something already, or a server runs, it says so and changes nothing.
    """

    def bring(config: Config) -> None:
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
        made = _hosting().restore(config, file, secret=secret, is_incomplete_ok=incomplete)
        messages, conversations = (
            counted(made.messages, "message"),
            counted(made.conversations, "conversation"),
        )
        where = "the PostgreSQL database" if config.database_url else config.data
        say(f"Restored {messages} in {conversations} to {where}, checked and on disk.")
        if made.files:
            say(f"With {counted(made.files, 'file')} ({in_words(made.files_bytes)}).")
        for id in made.files_left_out:
            say(f"{id}: missing or damaged, and left out")
        if not made.has_secret:
            say(
                "Without parley.secret the server makes a new one: open pages must be reloaded, "
                "and exports are signed by another key."
            )

    or_say_why(flags, bring)


@main.group(cls=HeardGroup, invoke_without_command=True)
@with_settings("data", "database_url", "files_url", "files_in_all", data=SERVERS_FOLDER)
@click.pass_context
def files(context: click.Context, /, **flags: str | None) -> None:
    """Say how much the files take up, sent or not yet, also while the server runs."""
    context.obj = flags
    if context.invoked_subcommand is not None:
        return

    def tell(config: Config) -> None:
        usage = _hosting().files_usage(config)
        say(f"{counted(usage.count, 'file')}, {in_words(usage.size)}")
        say(f"{counted(usage.uploads, 'upload')} not done, {in_words(usage.uploads_size)}")
        say(f"At most {in_words(config.files_in_all)} in all, as --files-in-all is set here")
        if config.files_url:
            say(f"Kept in {config.files_url}")

    or_say_why(flags, tell)


@files.command()
@click.option(
    "--contents", is_flag=True, help="Read all of every file, too, and compare its SHA-256."
)
@with_settings("data", "database_url", "files_url", data=SERVERS_FOLDER)
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
                f"{counted(found.count, 'file')} in order, {len(found.missing)} missing, "
                f"{len(damaged)} damaged, {len(found.strays)} in no conversation."
            )
            sys.exit(EXIT_CANNOT_START)
        say(f"{counted(found.count, 'file')}, all in order.")

    or_say_why(asked, compare)


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

    or_say_why(flags, bring)


@main.command(context_settings=ROOM)
@click.argument("room")
@with_settings(
    *("data", "database_url", "public_url", "port"),
    data=SERVERS_FOLDER,
    port="the server's port",
)
@click.option(
    "--founder",
    "is_founding",
    is_flag=True,
    help="Make them the founder, who can remove other owners: where that one is gone.",
)
@click.pass_context
def owner_link(
    context: click.Context, /, room: str, *, is_founding: bool, **flags: str | None
) -> None:
    """Print a link that makes whoever opens it an owner of the conversation ROOM.

    ROOM is the conversation's link, or the last part of it. For owners who lost their cookie. The
    link works once, within ten minutes; owners see in their log that it was made.
    """

    if room == "-h":
        say(context.get_help())
        return

    def make(config: Config) -> None:
        say(_hosting().owner_link(config, room, is_founding=is_founding))

    or_say_why(flags, make)


# --- conversations ---


@main.command(epilog="Give it the settings of the server, by the same flags or variables.")
@click.option(
    "--url",
    default="",
    metavar="URL",
    help="Where people reach the server.  [default: its public URL]",
)
@click.option("--offline", is_flag=True, help="Don't try to reach push services on the internet.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@with_settings()
def doctor(*, url: str, offline: bool, as_json: bool, **flags: str | None) -> None:
    """Look at the whole installation, and say what to mend.

    Settings, data folder, database, Redis, files, certificate, proxy, notifications and mail; also
    while the server runs. Nothing is changed. Exit code 0 means that all is well, 1 that something
    may go wrong, 2 that something has to be mended.
    """
    from parley.doctor import telling

    try:
        found = telling.examine_settings(flags, url=url, is_offline=offline)
        if as_json:
            say(json_of(found))
        else:
            for each in found.findings:
                say(telling.line(each))
    except OutputUnusable as error:
        end_with(error)
    sys.exit(EXITS[found.state])


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
            write(iter([verifying.prove(file, prove, key)]))
        elif redact is not None:
            write(verifying.redact(file, redact))
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
        end_with(error)


@main.command()
@click.argument("url")
@click.option(
    "--hashes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What `parley page-hashes` printed of the version to compare with, instead of this one.",
)
def check_page(url: str, hashes: Path | None) -> None:
    """Say whether a server sends the pages of this Parley, or changed ones.

    URL is the link of an encrypted conversation, with its key; `-` to type it where no one reads it
    off the list of processes. Run this on a machine that isn't the server, from a Parley you trust,
    of the server's version. The key isn't sent. Exit code 0 means that all is as it should be, 1
    that something differs, 2 that it can't be checked.
    """
    from parley import comparing

    if url == "-":
        url = click.prompt("Link", hide_input=True, err=True)
    try:
        asks = comparing.has_passphrase(url)
        passphrase = click.prompt("Passphrase", hide_input=True, err=True) if asks else ""
        found, version = comparing.compare(url, hashes, passphrase)
    except comparing.CannotCheck as error:
        click.echo(f"parley: {error}", err=True)
        sys.exit(EXIT_CANNOT_CHECK)
    for head, lines in (
        ("Agrees", found.agrees),
        ("Differs", found.differs),
        ("Not checked", found.uncovered),
    ):
        for line in lines:
            say(f"{head}: {line}")
    if found.differs:
        say(f"This is not what Parley {version} sends. Don't open it with the key.")
        sys.exit(EXIT_CHANGED)
    say(f"What was checked is what Parley {version} sends.")
    if not found.is_let_in:
        sys.exit(EXIT_CANNOT_CHECK)


@main.command()
def page_hashes() -> None:
    """Print what this Parley's pages are made of, for `parley check-page` elsewhere."""
    from parley import comparing

    try:
        write(iter([comparing.hashes().encode()]))
    except OutputUnusable as error:
        end_with(error)


@main.command()
@with_settings("data", "public_url", "port", data=SERVERS_FOLDER, port="the server's port")
def export_key(**flags: str | None) -> None:
    """Print the public key that this server's exports are signed with.

    Give it to whoever has an export: `parley verify-export FILE --key KEY`.
    """
    or_say_why(flags, lambda config: say(_hosting().export_key(config)))


_NEXT = {
    True: "Start the servers with --database-url, and the data folder they had: files are there.",
    False: "Start the server with this data folder, without --database-url. Files stay where they "
    "were: where that was another folder, copy its folder files here, and parley.secret.",
}


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


for each in (
    *conversations.COMMANDS,
    *moderating.COMMANDS,
    *admins.COMMANDS,
    *talking.COMMANDS,
):
    main.add_command(each)
