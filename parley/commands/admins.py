"""Admins: who acts for the host in the browser."""

from __future__ import annotations

from types import ModuleType

import click

from parley.commands.common import (
    AS_JSON,
    SERVERS_FOLDER,
    Heard,
    HeardGroup,
    json_of,
    minute,
    or_say_why,
    plain,
    with_settings,
)
from parley.config import Config
from parley.terminal import say


@click.command(cls=Heard, name="admin-link")
@click.option(
    "--moderator",
    is_flag=True,
    help="Only for reports, blocks and the announcement.",
)
@click.option("--label", default="", help="Who it is for: `parley admins` calls them so.")
@AS_JSON
@with_settings(
    *("data", "database_url", "public_url", "port"),
    data=SERVERS_FOLDER,
    port="the server's port",
)
def admin_link(*, moderator: bool, label: str, as_json: bool, **flags: str | None) -> None:
    """Print a link that makes an account an admin of this server.

    Whoever is signed in opens it and presses the button. It works once, within an hour. Also while
    the server runs.
    """

    def make(config: Config) -> None:
        made = _moderating().admin_link(config, is_moderator=moderator, label=label)
        say(json_of(made) if as_json else made.link)

    or_say_why(flags, make)


@click.group(cls=HeardGroup, invoke_without_command=True)
@AS_JSON
@with_settings("data", "database_url", data=SERVERS_FOLDER)
@click.pass_context
def admins(context: click.Context, /, *, as_json: bool, **flags: str | None) -> None:
    """List this server's admins and moderators.

    Also while the server runs. With --json, each is a line of its own. `parley admins remove
    NUMBER` takes the role from one at once: options of `parley admins`, such as --data, stand
    before remove.
    """
    context.obj = (flags, as_json)
    if context.invoked_subcommand is not None:
        return

    def tell(config: Config) -> None:
        from parley import tables

        found = _moderating().all_admins(config)
        if as_json:
            for each in found:
                say(json_of(each))
            return
        rows = [(str(each.id), each.role, minute(each.added_at), each.name) for each in found]
        for line in tables.lines(("NUMBER", "ROLE", "SINCE (UTC)", "NAME"), rows):
            say(line)

    or_say_why(flags, tell)


@admins.command()
@click.argument("number", type=click.IntRange(1))
@click.pass_context
def remove(context: click.Context, /, number: int) -> None:
    """Take the role from somebody, at once. Their account stays."""
    flags, as_json = context.obj

    def act(config: Config) -> None:
        gone = _moderating().remove_admin(config, number)
        say(json_of(gone) if as_json else f"{plain(gone.name)} is no longer {_ROLES[gone.role]}.")

    or_say_why(flags, act)


_ROLES = {"admin": "an admin", "moderator": "a moderator"}


def _moderating() -> ModuleType:
    """What is done for the host, loaded where it is asked for."""
    from parley import moderating

    return moderating


COMMANDS: tuple[click.Command, ...] = (admin_link, admins)
