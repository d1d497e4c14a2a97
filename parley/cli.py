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
TOLD_EVERY_ROWS = 100_000
"""While a table is moved."""
EXIT_CHANGED, EXIT_CANNOT_CHECK = 1, 2
EXITS = {"ok": 0, "warn": 1, "fail": 2}
"""Of the doctor, by the worst that it found."""
SERVERS_FOLDER = "the server's data folder"
Command = Callable[..., Any]
# An id may begin with a hyphen, and even with -h.
_ROOM = {"ignore_unknown_options": True, "help_option_names": ["--help"]}


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
        _end(error)
    rows = [(each.name, f"{each.rows:,}", each.sha256[:16]) for each in tables]
    for line in lines(("table", "rows", "SHA-256"), rows):
        say(line)
    count = _count(sum(each.rows for each in tables), "row")
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
            _count(made.messages, "message"),
            _count(made.conversations, "conversation"),
        )
        where = "the PostgreSQL database" if config.database_url else config.data
        say(f"Restored {messages} in {conversations} to {where}, checked and on disk.")
        if made.files:
            say(f"With {_count(made.files, 'file')} ({in_words(made.files_bytes)}).")
        for id in made.files_left_out:
            say(f"{id}: missing or damaged, and left out")
        if not made.has_secret:
            say(
                "Without parley.secret the server makes a new one: open pages must be reloaded, "
                "and exports are signed by another key."
            )

    _or_say_why(flags, bring)


@main.group(cls=_HeardGroup, invoke_without_command=True)
@with_settings("data", "database_url", "files_url", "files_in_all", data=SERVERS_FOLDER)
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


@main.command(context_settings=_ROOM)
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

    _or_say_why(flags, make)


# --- conversations ---


_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
_OF_OPERATORS = with_settings(
    *("data", "database_url", "redis_url", "public_url", "port", "files_url"),
    data=SERVERS_FOLDER,
    port="the server's port",
)


@main.command(name="list")
@click.option(
    "--state",
    type=click.Choice(["all", "active", "ended"]),
    default="all",
    help="Which conversations.  [default: all]",
)
@click.option("--limit", type=click.IntRange(1), metavar="NUMBER", help="How many at most.")
@_AS_JSON
@with_settings("data", "database_url", data=SERVERS_FOLDER)
def list_(*, state: str, limit: int | None, as_json: bool, **flags: str | None) -> None:
    """List conversations, the newest first; unlisted ones too.

    Also while the server runs. With --json, each is a line of its own.
    """

    def tell(config: Config) -> None:
        operating = _operating()
        found = operating.listed(config, state=state, limit=limit)
        if as_json:
            for each in found:
                say(_json(each))
            return
        rows = [
            (
                each.room_id,
                each.title,
                each.state if each.visibility == "listed" else f"{each.state}, unlisted",
                f"{each.messages:,}",
                f"{each.people:,}",
                _minute(each.last_activity_at),
            )
            for each in found
        ]
        from parley import tables

        heads = ("ID", "TITLE", "STATE", "MESSAGES", "PEOPLE", "LAST ACTIVITY (UTC)")
        for line in tables.lines(heads, rows):
            say(line)

    _or_say_why(flags, tell)


@main.command(context_settings=_ROOM)
@click.argument("room")
@_AS_JSON
@_OF_OPERATORS
def show(room: str, *, as_json: bool, **flags: str | None) -> None:
    """Say all there is to know of the conversation ROOM, but what is said in it.

    ROOM is its link, or the last part of it; an old link will do. Also while the server runs.
    """

    def tell(config: Config) -> None:
        found = _operating().show(config, room)
        if as_json:
            say(_json(found))
            return
        from parley import tables

        for name, value in _told(found):
            say(f"{name + ':':<18}{tables.plain(value) if name == 'Title' else value}")

    _or_say_why(flags, tell)


@main.command(context_settings=_ROOM)
@click.argument("room")
@_AS_JSON
@_OF_OPERATORS
def end(room: str, *, as_json: bool, **flags: str | None) -> None:
    """End the conversation ROOM: it can still be read, but no one can post.

    ROOM is its link, or the last part of it. Also while the server runs: everyone there is told.
    Owners see in their log that the host did it.
    """

    def act(config: Config) -> None:
        ended = _operating().end(config, room)
        say(_json(ended) if as_json else f"Ended {ended.room_id}. It can still be read.")

    _or_say_why(flags, act)


@main.command(context_settings=_ROOM)
@click.argument("room")
@click.option("--yes", is_flag=True, help="Don't ask.")
@_AS_JSON
@_OF_OPERATORS
def delete(room: str, *, yes: bool, as_json: bool, **flags: str | None) -> None:
    """Delete the conversation ROOM, with its messages and files, for everyone and for good.

    ROOM is its link, or the last part of it. Also while the server runs: everyone there is told.
    """

    def act(config: Config) -> None:
        operating = _operating()
        if not yes:
            _ask(operating.show(config, room))
        gone = operating.delete(config, room)
        if as_json:
            say(_json(gone))
            return
        parts = (_count(gone.messages, "message"), _count(gone.files, "file"))
        say(f"Deleted {gone.room_id}, with {' and '.join(parts)}.")

    _or_say_why(flags, act)


@main.group(invoke_without_command=True)
@click.option("--all", "are_all", is_flag=True, help="Those you resolved, too.")
@_AS_JSON
@with_settings("data", "database_url", "public_url", "port", data=SERVERS_FOLDER)
@click.pass_context
def reports(
    context: click.Context, /, *, are_all: bool, as_json: bool, **flags: str | None
) -> None:
    """List what people reported, the newest first.

    Also while the server runs. With --json, each is a line of its own. `parley reports show NUMBER`
    says all of one, `parley reports resolve NUMBER` takes it off the list: options of
    `parley reports`, such as --data, stand before show and resolve.
    """
    context.obj = (flags, as_json)
    if context.invoked_subcommand is not None:
        return

    def tell(config: Config) -> None:
        from parley import tables

        found = _moderating().listed(config, state="all" if are_all else "open")
        if as_json:
            for each in found:
                say(_json(each))
            return
        rows = [
            (
                str(each.report.id),
                _minute(each.report.at),
                "resolved" if each.report.resolved else "open",
                ", ".join(dict.fromkeys(said.reason for said in each.report.complaints)),
                str(len(each.report.complaints)),
                each.report.username,
                _first_line(each.report),
            )
            for each in found
        ]
        heads = ("NUMBER", "REPORTED (UTC)", "STATE", "WHY", "BY", "PERSON", "MESSAGE")
        for line in tables.lines(heads, rows):
            say(line)

    _or_say_why(flags, tell)


@reports.command(name="show")
@click.argument("number", type=click.IntRange(1))
@click.pass_context
def show_report(context: click.Context, /, number: int) -> None:
    """Say what was reported, and why."""
    flags, as_json = context.obj

    def tell(config: Config) -> None:
        found = _moderating().show(config, number)
        if as_json:
            say(_json(found))
            return
        for line in _reported(found):
            say(line)

    _or_say_why(flags, tell)


@reports.command(name="resolve")
@click.argument("number", type=click.IntRange(1))
@click.pass_context
def resolve_report(context: click.Context, /, number: int) -> None:
    """Say that you are done with a report. Owners of the conversation decide for themselves."""
    flags, as_json = context.obj

    def act(config: Config) -> None:
        found = _moderating().resolve(config, number)
        say(_json(found) if as_json else f"Resolved {number}.")

    _or_say_why(flags, act)


@main.command()
@click.argument("network", metavar="ADDRESS")
@click.option("--note", default="", help="Why, for yourself.")
@_AS_JSON
@_OF_OPERATORS
def block(network: str, *, note: str, as_json: bool, **flags: str | None) -> None:
    """Let no one write from ADDRESS, or from a network such as 192.0.2.0/24.

    They can still read, but not post, join, start or upload anything. At once, also while the
    server runs. An IPv6 address stands for its /64.
    """

    def act(config: Config) -> None:
        done = _moderating().block(config, network, note)
        say(_json(done) if as_json else f"Blocked {done.network} from writing.")

    _or_say_why(flags, act)


@main.command()
@click.argument("network", metavar="ADDRESS")
@_AS_JSON
@_OF_OPERATORS
def unblock(network: str, *, as_json: bool, **flags: str | None) -> None:
    """Let people write again from ADDRESS, as `parley blocks` lists it."""

    def act(config: Config) -> None:
        done = _moderating().unblock(config, network)
        say(_json(done) if as_json else f"{done.network} is not blocked any more.")

    _or_say_why(flags, act)


@main.command()
@_AS_JSON
@with_settings("data", "database_url", data=SERVERS_FOLDER)
def blocks(*, as_json: bool, **flags: str | None) -> None:
    """List the addresses and networks that no one may write from.

    Also while the server runs. With --json, each is a line of its own.
    """

    def tell(config: Config) -> None:
        from parley import tables

        found = _moderating().blocks(config)
        if as_json:
            for each in found:
                say(_json(each))
            return
        rows = [(each.network, _minute(each.made_at), each.note) for each in found]
        for line in tables.lines(("ADDRESS", "SINCE (UTC)", "NOTE"), rows):
            say(line)

    _or_say_why(flags, tell)


@main.command()
@click.argument("text", required=False, default="")
@click.option("--clear", is_flag=True, help="Show no announcement any more.")
@_AS_JSON
@_OF_OPERATORS
@click.pass_context
def announce(
    context: click.Context, /, text: str, *, clear: bool, as_json: bool, **flags: str | None
) -> None:
    """Show everyone the line TEXT, on all pages, until it is cleared or replaced.

    At most 300 characters. Also while the server runs: open conversations show it at once. People
    can close it, and see the next one.
    """
    if clear == bool(text.strip()):
        raise click.UsageError("Give a text, or --clear.", context)

    def act(config: Config) -> None:
        done = _moderating().announce(config, text)
        if as_json:
            say(_json(done))
        else:
            say(f"Everyone is shown: {_in_line(done.text)}" if done.text else "No announcement.")

    _or_say_why(flags, act)


@main.command()
@click.option(
    "--uses", type=click.IntRange(1), default=1, help="How many people can use it.  [default: 1]"
)
@click.option(
    "--days",
    type=click.IntRange(1, 3650),
    default=7,
    help="For how many days it can be used.  [default: 7]",
)
@click.option("--note", default="", help="For whom it is, for yourself.")
@_AS_JSON
@with_settings(
    *("data", "database_url", "public_url", "port"),
    data=SERVERS_FOLDER,
    port="the server's port",
)
def invite(*, uses: int, days: int, note: str, as_json: bool, **flags: str | None) -> None:
    """Print a link that lets whoever uses it start conversations.

    For servers with --who-may-start invited. What stands in the link behind invitation= is the
    code, which can be typed on the start page, too. Also while the server runs.
    """

    def make(config: Config) -> None:
        made = _moderating().invite(config, uses=uses, days=days, note=note)
        say(_json(made) if as_json else made.link)

    _or_say_why(flags, make)


@main.command()
@click.option(
    "--revoke",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="No one can use it any more, and whoever did can start nothing new. What they started "
    "stays.",
)
@_AS_JSON
@with_settings("data", "database_url", data=SERVERS_FOLDER)
def invitations(*, revoke: int | None, as_json: bool, **flags: str | None) -> None:
    """List invitations to start conversations, the newest first, or revoke one.

    Also while the server runs. With --json, each is a line of its own.
    """

    def act(config: Config) -> None:
        from parley import tables

        moderating = _moderating()
        if revoke is not None:
            gone = moderating.revoke_invitation(config, revoke)
            people = f"{_count(gone.people, 'browser')} that used it can start nothing more."
            say(_json(gone) if as_json else f"Revoked {revoke}. {people}")
            return
        found = moderating.invitations(config)
        if as_json:
            for each in found:
                say(_json(each))
            return
        rows = [
            (
                str(each.id),
                _minute(each.made_at),
                each.state,
                f"{each.uses} of {each.uses_max}" if each.uses_max else str(each.uses),
                _minute(each.expires_at or ""),
                each.note,
            )
            for each in found
        ]
        heads = ("NUMBER", "MADE (UTC)", "STATE", "USED", "EXPIRES (UTC)", "NOTE")
        for line in tables.lines(heads, rows):
            say(line)

    _or_say_why(flags, act)


def _first_line(report: Any) -> str:
    if not report.message_id:
        return "(the person)"
    text = report.text.strip().partition("\n")[0]
    return text or ", ".join(report.files) or "(not readable here)"


def _reported(found: Any) -> Iterator[str]:
    """All of one, in lines, of which none can move the cursor."""
    report = found.report
    yield f"Number:       {report.id}, {'resolved' if report.resolved else 'open'}"
    yield f"Reported:     {_minute(report.at)}"
    yield f"Conversation: {found.link}"
    yield f"Person:       {_plain(report.username)} (user_id {_plain(report.user_id)})"
    for complaint in report.complaints:
        words = f": {_in_line(complaint.words)}" if complaint.words else ""
        yield f"Because:      {complaint.reason}{words}"
    if report.message_id:
        yield f"Sent:         {_minute(report.sent_at)} (id {report.message_id})"
        for name in report.files:
            yield f"File:         {_in_line(name)}"
        if report.by_word:
            yield "The server can't read it. According to someone who reported it, it says:"
        for line in report.text.splitlines():
            yield f"  {_in_line(line)}"


def _in_line(text: str) -> str:
    from parley import tables

    return tables.shown(text)


def _ask(found: Any) -> None:
    """Go on only if whoever gave the command says so."""
    from parley import tables

    if not sys.stdin.isatty():
        raise StartupError("Nothing was deleted: no one is here to ask. Add --yes if you are sure.")
    what = f"“{tables.plain(found.title)}”, with {_count(found.messages, 'message')}"
    if not click.confirm(f"Delete {what} and {_count(found.files, 'file')}? This can't be undone"):
        raise StartupError("Nothing was deleted.")


def _told(found: Any) -> Iterator[tuple[str, str]]:
    """What is shown of a conversation: names, and values."""
    yield "ID", found.room_id
    yield "Link", found.link
    yield "Title", found.title
    yield "State", found.state if found.ended_at is None else f"ended {_minute(found.ended_at)}"
    yield "Public list", "yes" if found.visibility == "listed" else "no"
    yield "Created", _minute(found.created_at)
    yield "Last activity", _minute(found.last_activity_at)
    yield "Messages", f"{found.messages:,}"
    online = "" if found.online is None else f", {found.online:,} online"
    yield "People", f"{found.people:,}{online}"
    yield "Owners", ", ".join(map(_plain, found.owners)) or "none with a name"
    yield "Files", f"{found.files:,} ({in_words(found.files_bytes)})"
    yield "Access", found.door
    yield "Posting", "owners only" if found.read_only else "everyone"
    yield "Messages kept", "forever" if found.keep_days is None else f"{found.keep_days} days"
    yield "Links with roles", f"{found.links:,}"


def _plain(text: str) -> str:
    from parley import tables

    return tables.plain(text)


def _minute(moment: str) -> str:
    """A moment as it is on the wire, to the minute."""
    return moment[:16].replace("T", " ")


def _json(found: Any) -> str:
    import msgspec

    return msgspec.json.encode(found).decode()


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
            say(_json(found))
        else:
            for each in found.findings:
                say(telling.line(each))
    except OutputUnusable as error:
        _end(error)
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
        _write(iter([comparing.hashes().encode()]))
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


def _operating() -> ModuleType:
    """What is done with conversations, loaded where it is asked for."""
    from parley import operating

    return operating


def _moderating() -> ModuleType:
    """What is done against abuse, loaded where it is asked for."""
    from parley import moderating

    return moderating


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
