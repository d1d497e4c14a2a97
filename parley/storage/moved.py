"""Whether a database was moved elsewhere, or is one that is being moved into."""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa

from parley.errors import DatabaseMoved
from parley.storage import facts

MOVING = "moving"
"""The name of the fact that a move into this database is not finished: which move it is."""
MOVED = "moved"
"""The name of the fact that all of it is in another database now."""
TAKEN = "taken_to"
"""The name of the fact which move takes this database somewhere else, or took."""
OF_MOVES = (MOVING, MOVED, TAKEN)


def require_here(connection: sa.Connection) -> None:
    """For who would use it. Raises `DatabaseMoved`."""
    why = why_not({name for name in OF_MOVES if facts.get(connection, name) is not None})
    if why:
        raise DatabaseMoved(why)


def why_not(names: Collection[str]) -> str:
    """Why a database with such facts is not the one to use, and what to do; or nothing."""
    if MOVING in names:
        return (
            "Conversations are being moved into this database, and not all of them are there. "
            "Run the same `parley move-data` again: it goes on where it stopped."
        )
    if MOVED in names:
        return (
            "The conversations of this database were moved to another, which has what was said "
            "since. Start with that one. To go on here all the same, without that: "
            "`parley move-data --reopen` with this data folder or URL."
        )
    if TAKEN in names:
        return (
            "The conversations of this database are being moved to another. If that was broken "
            "off, run the same `parley move-data` again; or to stay here, `parley move-data "
            "--reopen` with this data folder or URL."
        )
    return ""
