"""Conversations: list, show, end and delete them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import click

from parley.commands.common import (
    AS_JSON,
    OF_OPERATORS,
    ROOM,
    SERVERS_FOLDER,
    Heard,
    counted,
    json_of,
    minute,
    or_say_why,
    plain,
    with_settings,
)
from parley.config import Config, in_words
from parley.errors import StartupError
from parley.terminal import say


@click.command(cls=Heard, name="list")
@click.option(
    "--state",
    type=click.Choice(["all", "active", "ended"]),
    default="all",
    help="Which conversations.  [default: all]",
)
@click.option("--limit", type=click.IntRange(1), metavar="NUMBER", help="How many at most.")
@AS_JSON
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
                say(json_of(each))
            return
        rows = [
            (
                each.room_id,
                each.title,
                each.state if each.visibility == "listed" else f"{each.state}, unlisted",
                f"{each.messages:,}",
                f"{each.people:,}",
                minute(each.last_activity_at),
            )
            for each in found
        ]
        from parley import tables

        heads = ("ID", "TITLE", "STATE", "MESSAGES", "PEOPLE", "LAST ACTIVITY (UTC)")
        for line in tables.lines(heads, rows):
            say(line)

    or_say_why(flags, tell)


@click.command(cls=Heard, context_settings=ROOM)
@click.argument("room")
@AS_JSON
@OF_OPERATORS
def show(room: str, *, as_json: bool, **flags: str | None) -> None:
    """Say all there is to know of the conversation ROOM, but what is said in it.

    ROOM is its link, or the last part of it; an old link will do. Also while the server runs.
    """

    def tell(config: Config) -> None:
        found = _operating().show(config, room)
        if as_json:
            say(json_of(found))
            return
        from parley import tables

        for name, value in _told(found):
            say(f"{name + ':':<18}{tables.plain(value) if name == 'Title' else value}")

    or_say_why(flags, tell)


@click.command(cls=Heard, context_settings=ROOM)
@click.argument("room")
@AS_JSON
@OF_OPERATORS
def end(room: str, *, as_json: bool, **flags: str | None) -> None:
    """End the conversation ROOM: it can still be read, but no one can post.

    ROOM is its link, or the last part of it. Also while the server runs: everyone there is told.
    Owners see in their log that the host did it.
    """

    def act(config: Config) -> None:
        ended = _operating().end(config, room)
        say(json_of(ended) if as_json else f"Ended {ended.room_id}. It can still be read.")

    or_say_why(flags, act)


@click.command(cls=Heard, context_settings=ROOM)
@click.argument("room")
@click.option("--yes", is_flag=True, help="Don't ask.")
@AS_JSON
@OF_OPERATORS
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
            say(json_of(gone))
            return
        parts = (counted(gone.messages, "message"), counted(gone.files, "file"))
        say(f"Deleted {gone.room_id}, with {' and '.join(parts)}.")

    or_say_why(flags, act)


def _ask(found: Any) -> None:
    """Go on only if whoever gave the command says so."""
    from parley import tables

    if not sys.stdin.isatty():
        raise StartupError("Nothing was deleted: no one is here to ask. Add --yes if you are sure.")
    what = f"“{tables.plain(found.title)}”, with {counted(found.messages, 'message')}"
    if not click.confirm(f"Delete {what} and {counted(found.files, 'file')}? This can't be undone"):
        raise StartupError("Nothing was deleted.")


def _told(found: Any) -> Iterator[tuple[str, str]]:
    """What is shown of a conversation: names, and values."""
    yield "ID", found.room_id
    yield "Link", found.link
    yield "Title", found.title
    yield "State", found.state if found.ended_at is None else f"ended {minute(found.ended_at)}"
    yield "Public list", "yes" if found.visibility == "listed" else "no"
    yield "Created", minute(found.created_at)
    yield "Last activity", minute(found.last_activity_at)
    yield "Messages", f"{found.messages:,}"
    online = "" if found.online is None else f", {found.online:,} online"
    yield "People", f"{found.people:,}{online}"
    yield "Owners", ", ".join(map(plain, found.owners)) or "none with a name"
    yield "Files", f"{found.files:,} ({in_words(found.files_bytes)})"
    yield "Access", found.door
    yield "Posting", _who_posts(found)
    yield "Messages kept", "forever" if found.keep_days is None else f"{found.keep_days} days"
    yield "Links with roles", f"{found.links:,}"


def _who_posts(found: Any) -> str:
    if found.read_only:
        return "owners only"
    return "people with an account" if found.accounts_only else "everyone"


def _operating() -> ModuleType:
    """What is done with conversations, loaded where it is asked for."""
    from parley import operating

    return operating


COMMANDS: tuple[click.Command, ...] = (list_, show, end, delete)
