"""Edits, reactions and the like that a file tells apart from the messages they are about.

They may come before their message or long after it, and there may be millions: so they are put
aside in a database of their own, on disk, which goes when it is closed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Literal

from msgspec import Struct

Kind = Literal["edit", "reaction", "deletion", "vote"]
OF_ONE_MAX = 10_000
"""Of one message: the first are read."""
_CACHE_KIB = 4096


class Relation(Struct, frozen=True):
    kind: Kind
    at: int
    """In milliseconds since 1970."""
    person: str
    said: str


class Relations:
    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._count = 0
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute(
            "CREATE TABLE relations (target TEXT, kind TEXT, at INTEGER, person TEXT, said TEXT,"
            " own TEXT, is_used INTEGER DEFAULT 0)"
        )

    def add(self, target: str, own: str, relation: Relation) -> None:
        """`own` is the key of what tells it, by which it can be deleted itself."""
        self._count += 1
        self._database.execute(
            "INSERT INTO relations (target, kind, at, person, said, own) VALUES (?, ?, ?, ?, ?, ?)",
            (target, relation.kind, relation.at, relation.person, relation.said, own),
        )

    def complete(self) -> None:
        """Nothing is added any more. What was deleted of them goes, with its deletion."""
        self._database.execute("CREATE INDEX by_target ON relations (target)")
        self._database.execute("CREATE INDEX by_own ON relations (own)")
        self._database.execute(
            "UPDATE relations SET is_used = 1 WHERE kind = 'deletion' AND target IN"
            " (SELECT own FROM relations WHERE kind != 'deletion')"
        )
        self._database.execute(
            "DELETE FROM relations WHERE kind != 'deletion' AND own IN"
            " (SELECT target FROM relations WHERE kind = 'deletion')"
        )

    def of(self, target: str) -> list[Relation]:
        """All of one message, in the order of time."""
        if not self._count:
            return []
        rows = self._database.execute(
            "SELECT kind, at, person, said FROM relations WHERE target = ? ORDER BY at, rowid"
            " LIMIT ?",
            (target, OF_ONE_MAX),
        ).fetchall()
        if rows:
            self._database.execute("UPDATE relations SET is_used = 1 WHERE target = ?", (target,))
        return [Relation(*row) for row in rows]

    def left(self) -> list[tuple[Kind, int]]:
        """How many of each kind are about messages that weren't asked for."""
        return self._database.execute(
            "SELECT kind, count(*) FROM relations WHERE NOT is_used GROUP BY kind ORDER BY kind"
        ).fetchall()


@contextmanager
def put_aside() -> Iterator[Relations]:
    # An empty name stands for a file that nobody else sees and that is deleted when it is closed.
    with closing(sqlite3.connect("", isolation_level=None, check_same_thread=False)) as database:
        yield Relations(database)
