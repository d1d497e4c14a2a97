"""What a host does to go from SQLite to PostgreSQL, or back: move all conversations."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from parley.errors import DatabaseUnusable, MoveFailed, the_extra
from parley.storage.moving import move
from parley.storage.moving.move import Table
from parley.storage.moving.places import Place
from parley.storage.moving.sqlite import Sqlite

_URLS = ("postgresql://", "postgres://", "postgresql+psycopg://")


def is_url(place: str) -> bool:
    """Whether it names a PostgreSQL database, and no folder."""
    return place.startswith(_URLS)


def move_data(source: str, target: str, tell: Callable[[str, int], None]) -> list[Table]:
    """Move everything from one to the other, each a data folder or a `postgresql://` URL.

    `tell` is told of each table as its rows are put, and how many are there by then. Gives the
    tables, which are the same in both. Raises `StartupError`s; whatever stops it, it goes on from
    there when it is called again.
    """
    if source == target or (not is_url(source) and not is_url(target)):
        raise MoveFailed(
            "Data moves between a data folder and a postgresql:// URL, either way. A folder is "
            "copied with `parley backup` and `parley restore`, or moved as it is while no server "
            "runs on it."
        )
    with (
        closing(_place(source, is_target=False)) as theirs,
        closing(_place(target, is_target=True)) as ours,
    ):
        try:
            return move.move(theirs, ours, tell)
        except (*theirs.errors, *ours.errors) as error:
            raise MoveFailed(
                f"It stopped before the end ({_in_one_line(error)}). Nothing is lost: run the "
                "same command again, and it goes on from there."
            ) from error


def reopen(source: str) -> bool:
    """Let servers run again on a database that was moved, or half so. Whether it had been."""
    with closing(_place(source, is_target=False)) as place:
        return move.reopen(place)


def _place(named: str, *, is_target: bool) -> Place:
    if not is_url(named):
        return Sqlite(Path(named), is_target=is_target)
    try:
        from parley.storage.moving.postgresql import Postgresql
    except ImportError as error:
        raise DatabaseUnusable(f"PostgreSQL needs {the_extra('postgres')}") from error
    return Postgresql(named, is_target=is_target)


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(getattr(error, "orig", None) or error).split()).rstrip(".")
