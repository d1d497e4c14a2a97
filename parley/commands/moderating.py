"""Against abuse, and what everybody is told: what people reported, who may write, who may start."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import click

from parley import harmless
from parley.commands.common import (
    AS_JSON,
    OF_OPERATORS,
    SERVERS_FOLDER,
    Heard,
    HeardGroup,
    counted,
    json_of,
    minute,
    or_say_why,
    plain,
    with_settings,
)
from parley.config import Config
from parley.terminal import say


@click.group(cls=HeardGroup, invoke_without_command=True)
@click.option("--all", "are_all", is_flag=True, help="Those you resolved, too.")
@AS_JSON
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
                say(json_of(each))
            return
        rows = [
            (
                str(each.report.id),
                minute(each.report.at),
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

    or_say_why(flags, tell)


@reports.command(name="show")
@click.argument("number", type=click.IntRange(1))
@click.pass_context
def show_report(context: click.Context, /, number: int) -> None:
    """Say what was reported, and why."""
    flags, as_json = context.obj

    def tell(config: Config) -> None:
        found = _moderating().show(config, number)
        if as_json:
            say(json_of(found))
            return
        for line in _reported(found):
            say(line)

    or_say_why(flags, tell)


@reports.command(name="resolve")
@click.argument("number", type=click.IntRange(1))
@click.pass_context
def resolve_report(context: click.Context, /, number: int) -> None:
    """Say that you are done with a report. Owners of the conversation decide for themselves."""
    flags, as_json = context.obj

    def act(config: Config) -> None:
        found = _moderating().resolve(config, number)
        say(json_of(found) if as_json else f"Resolved {number}.")

    or_say_why(flags, act)


@click.command(cls=Heard)
@click.argument("network", metavar="ADDRESS")
@click.option("--note", default="", help="Why, for yourself.")
@AS_JSON
@OF_OPERATORS
def block(network: str, *, note: str, as_json: bool, **flags: str | None) -> None:
    """Let no one write from ADDRESS, or from a network such as 192.0.2.0/24.

    They can still read, but not post, join, start or upload anything. At once, also while the
    server runs. An IPv6 address stands for its /64.
    """

    def act(config: Config) -> None:
        done = _moderating().block(config, network, note)
        say(json_of(done) if as_json else f"Blocked {done.network} from writing.")

    or_say_why(flags, act)


@click.command(cls=Heard)
@click.argument("network", metavar="ADDRESS")
@AS_JSON
@OF_OPERATORS
def unblock(network: str, *, as_json: bool, **flags: str | None) -> None:
    """Let people write again from ADDRESS, as `parley blocks` lists it."""

    def act(config: Config) -> None:
        done = _moderating().unblock(config, network)
        say(json_of(done) if as_json else f"{done.network} is not blocked any more.")

    or_say_why(flags, act)


@click.command(cls=Heard)
@AS_JSON
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
                say(json_of(each))
            return
        rows = [(each.network, minute(each.made_at), each.note) for each in found]
        for line in tables.lines(("ADDRESS", "SINCE (UTC)", "NOTE"), rows):
            say(line)

    or_say_why(flags, tell)


@click.command(cls=Heard)
@click.argument("text", required=False, default="")
@click.option("--clear", is_flag=True, help="Show no announcement any more.")
@AS_JSON
@OF_OPERATORS
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
            say(json_of(done))
        else:
            say(
                f"Everyone is shown: {harmless.line(done.text)}"
                if done.text
                else "No announcement."
            )

    or_say_why(flags, act)


@click.command(cls=Heard)
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
@AS_JSON
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
        say(json_of(made) if as_json else made.link)

    or_say_why(flags, make)


@click.command(cls=Heard)
@click.option(
    "--revoke",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="No one can use it any more, and whoever did can start nothing new. What they started "
    "stays.",
)
@AS_JSON
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
            people = f"{counted(gone.people, 'browser')} that used it can start nothing more."
            say(json_of(gone) if as_json else f"Revoked {revoke}. {people}")
            return
        found = moderating.invitations(config)
        if as_json:
            for each in found:
                say(json_of(each))
            return
        rows = [
            (
                str(each.id),
                minute(each.made_at),
                each.state,
                f"{each.uses} of {each.uses_max}" if each.uses_max else str(each.uses),
                minute(each.expires_at or ""),
                each.note,
            )
            for each in found
        ]
        heads = ("NUMBER", "MADE (UTC)", "STATE", "USED", "EXPIRES (UTC)", "NOTE")
        for line in tables.lines(heads, rows):
            say(line)

    or_say_why(flags, act)


def _first_line(report: Any) -> str:
    if not report.message_id:
        return "(the person)"
    text = report.text.strip().partition("\n")[0]
    return text or ", ".join(report.files) or "(not readable here)"


def _reported(found: Any) -> Iterator[str]:
    """All of one, in lines, of which none can move the cursor."""
    report = found.report
    yield f"Number:       {report.id}, {'resolved' if report.resolved else 'open'}"
    yield f"Reported:     {minute(report.at)}"
    yield f"Conversation: {found.link}"
    yield f"Person:       {plain(report.username)} (user_id {plain(report.user_id)})"
    for complaint in report.complaints:
        words = f": {harmless.line(complaint.words)}" if complaint.words else ""
        yield f"Because:      {complaint.reason}{words}"
    if report.message_id:
        yield f"Sent:         {minute(report.sent_at)} (id {report.message_id})"
        for name in report.files:
            yield f"File:         {harmless.line(name)}"
        if report.by_word:
            yield "The server can't read it. According to someone who reported it, it says:"
        for line in harmless.lines(report.text):
            yield f"  {line}"


def _moderating() -> ModuleType:
    """What is done against abuse, loaded where it is asked for."""
    from parley import moderating

    return moderating


COMMANDS: tuple[click.Command, ...] = (
    reports,
    block,
    unblock,
    blocks,
    announce,
    invite,
    invitations,
)
