"""The scratch file: what an export holds, in the order of time, as it will be stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from parley.importing.chats import Problem

NAME = "import-"
"""How the names of these files begin, in the folder of the database."""
CACHE_KB = 8 * 1024
"""Of memory for SQLite's pages; what doesn't fit there is on the disk."""

TABLES = """
CREATE TABLE entries (
    n INTEGER PRIMARY KEY, at INTEGER NOT NULL, key TEXT, person TEXT, body BLOB NOT NULL
);
CREATE TABLE people (
    n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, name TEXT NOT NULL,
    name_key TEXT NOT NULL, is_alike INTEGER NOT NULL, first_at INTEGER, last_at INTEGER
);
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, person INTEGER, text TEXT NOT NULL,
    sent_at INTEGER NOT NULL, deleted_at INTEGER, edited_at INTEGER, pinned_at INTEGER,
    reply_seq INTEGER, reply_id TEXT, mentions TEXT, parts TEXT, reactions TEXT,
    is_service INTEGER NOT NULL
);
CREATE TABLE reactions (
    n INTEGER PRIMARY KEY, seq INTEGER NOT NULL, emoji TEXT NOT NULL, user_id TEXT NOT NULL
);
CREATE TABLE files (
    n INTEGER PRIMARY KEY, seq INTEGER NOT NULL, path TEXT NOT NULL, name TEXT NOT NULL,
    size INTEGER NOT NULL, kept TEXT
);
CREATE INDEX files_seq ON files (seq, n);
CREATE TABLE summary (value BLOB NOT NULL);
"""


class Staged(Struct, frozen=True, kw_only=True):
    """What a file will become: the dry run."""

    system: str
    title: str
    people: tuple[str, ...]
    """The first of their names."""
    people_count: int
    messages: int
    service_lines: int
    files: int
    files_bytes: int
    files_missing: int
    files_too_large: int
    first_at_ms: int | None
    last_at_ms: int | None
    needs_zone: bool
    """Whether a time zone has to be given before it can be stored."""
    problems: tuple[Problem, ...]
    """The first of what couldn't be read, or not as a whole."""
    problems_count: int
    split: int
    """Messages too long for one, each in several now."""
    reactions_left_out: int
    pins_left_out: int
    description: str = ""
    choices: tuple[str, ...] = ()
    """The conversations in it, of which one has to be chosen before anything is read."""

    @property
    def rows(self) -> int:
        """How many messages it will have, service lines too."""
        return self.messages + self.service_lines


class Scratch:
    """One such file. Used by one thread at a time."""

    def __init__(self, path: Path, *, is_new: bool = False) -> None:
        self.path = path
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        # Nobody needs it after a crash.
        self.db.execute("PRAGMA journal_mode = OFF")
        self.db.execute("PRAGMA synchronous = OFF")
        self.db.execute("PRAGMA temp_store = FILE")
        if is_new:
            self.db.executescript(TABLES)

    def close(self) -> None:
        self.db.close()

    def keep_summary(self, staged: Staged) -> None:
        self.db.execute("INSERT INTO summary VALUES (?)", (msgspec.json.encode(staged),))

    def summary(self) -> Staged:
        (value,) = self.db.execute("SELECT value FROM summary").fetchone()
        return msgspec.json.decode(value, type=Staged)

    def people(self, *, after: int, limit: int) -> list[Any]:
        return self.db.execute(
            "SELECT n, user_id, name, name_key, is_alike, first_at, last_at FROM people "
            "WHERE n > ? ORDER BY n LIMIT ?",
            (after, limit),
        ).fetchall()

    def messages(self, *, after: int, limit: int) -> list[Any]:
        return self.db.execute(
            "SELECT m.*, p.user_id, p.name, p.is_alike FROM messages m "
            "LEFT JOIN people p ON p.n = m.person WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, limit),
        ).fetchall()

    def reactions(self, *, after: int, limit: int) -> list[Any]:
        return self.db.execute(
            "SELECT n, seq, emoji, user_id FROM reactions WHERE n > ? ORDER BY n LIMIT ?",
            (after, limit),
        ).fetchall()

    def files(self) -> Iterator[Any]:
        """Those whose bytes are there: number, seq, path, name, size, and the user_id of whose it
        is, None of the service's.
        """
        after = 0
        while rows := self.db.execute(
            "SELECT f.n, f.seq, f.path, f.name, f.size, p.user_id FROM files f "
            "JOIN messages m USING (seq) LEFT JOIN people p ON p.n = m.person "
            "WHERE f.n > ? ORDER BY f.n LIMIT 100",
            (after,),
        ).fetchall():
            after = rows[-1][0]
            yield from rows

    def keep_file(self, n: int, kept: bytes) -> None:
        """As it is sent with its message, in JSON."""
        self.db.execute("UPDATE files SET kept = ? WHERE n = ?", (kept.decode(), n))

    def attachments(self, first: int, last: int) -> dict[int, str]:
        """Of messages between these seqs their files in JSON, by seq."""
        found: dict[int, list[str]] = {}
        for seq, kept in self.db.execute(
            "SELECT seq, kept FROM files WHERE seq BETWEEN ? AND ? AND kept IS NOT NULL "
            "ORDER BY seq, n",
            (first, last),
        ):
            found.setdefault(seq, []).append(kept)
        return {seq: f"[{','.join(each)}]" for seq, each in found.items()}


def summary_of(path: Path) -> Staged:
    with closing(Scratch(path)) as scratch:
        return scratch.summary()


def remove(path: Path) -> None:
    """Also what SQLite may have made beside it."""
    for each in path.parent.glob(f"{path.name}*"):
        each.unlink(missing_ok=True)
