"""The morning after a power cut: what SQLite finds, and whether it is what was promised."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from parley.records import Message
from parley.storage.folder import NAME
from tests.powercut.disk import FATES, Disk
from tests.powercut.recording import Acknowledged, Event

Files = dict[str, bytes]
Place = tuple[int, int]
"""The key of a conversation, and a seq in it."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A power cut after so many events, with what the disk then holds."""

    after: int
    fate: str
    files: Files
    acknowledged: int
    """How many of the acknowledgements were out by then."""


class Broken(AssertionError):
    """A promise that was not kept."""


def cuts(events: list[Event], *, per_event: int = len(FATES)) -> Iterator[Cut]:
    """A cut after every event, with `per_event` of the fates, in turn."""
    disk, acknowledged = Disk(), 0
    turn = 0
    for number, event in enumerate(events, 1):
        disk.happens(event)
        acknowledged += isinstance(event, Acknowledged)
        for _ in range(per_event):
            fate = FATES[turn % len(FATES)]
            turn += 1
            files = disk.after_a_cut(fate, random.Random(turn))
            yield Cut(number, fate.__name__, files, acknowledged)


@dataclass
class Inspection:
    """Looks at one disk after the other, in a folder of its own; at equal ones once."""

    folder: Path
    asked: set[str]
    disks: int = 0
    """How many different ones there were."""
    _seen: dict[bytes, dict[Place, tuple[str, str]]] = field(default_factory=dict)

    def finds(self, cut: Cut) -> dict[Place, tuple[str, str]]:
        """The id and text of each message, by its place. Raises `Broken`."""
        digest = hashlib.sha256()
        for name, content in sorted(cut.files.items()):
            digest.update(f"{name} {len(content)} ".encode() + content)
        key = digest.digest()
        if key not in self._seen:
            self.disks += 1
            lay_out(cut.files, self.folder)
            try:
                self._seen[key] = _messages(self.folder, self.asked)
            except (Broken, sqlite3.Error, UnicodeError) as error:
                raise Broken(f"after event {cut.after}, {cut.fate}: {error}") from error
        return self._seen[key]

    def checks(self, cut: Cut, acknowledged: Iterable[Message]) -> None:
        """Raises `Broken` where an acknowledged message is missing, or anything is unsound."""
        found = self.finds(cut)
        for message in acknowledged:
            here = found.get((message.conversation_id, message.seq))
            if here != (message.id, message.text):
                raise Broken(f"after event {cut.after}, {cut.fate}: seq {message.seq} is lost")


def check_all(
    events: list[Event], folder: Path, asked: set[str], *, per_event: int = len(FATES)
) -> tuple[int, int]:
    """Check a cut after every event: how many cuts, and how many different disks."""
    told = [event.message for event in events if isinstance(event, Acknowledged)]
    inspection, number = Inspection(folder, asked), 0
    for cut in cuts(events, per_event=per_event):
        inspection.checks(cut, told[: cut.acknowledged])
        number += 1
    return number, inspection.disks


def lay_out(files: Files, folder: Path) -> None:
    """Nothing but these files in the folder."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _messages(folder: Path, asked: set[str]) -> dict[Place, tuple[str, str]]:
    with closing(sqlite3.connect(folder / NAME, isolation_level=None)) as connection:
        # No power is cut here: looking need not be safe, only quick.
        connection.execute("PRAGMA synchronous = OFF")
        sound = connection.execute("PRAGMA integrity_check").fetchall()
        if sound != [("ok",)]:
            raise Broken(f"integrity_check says {sound[:3]}")
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'messages'").fetchall():
            return {}
        if connection.execute("PRAGMA foreign_key_check").fetchall():
            raise Broken("a foreign key points nowhere")
        rows = connection.execute(
            "SELECT conversation_id, seq, id, text, session_id, client_id FROM messages"
        ).fetchall()
        counts = connection.execute("SELECT id, seq, message_count FROM conversations").fetchall()
    _check_log(rows, counts, asked)
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


def _check_log(
    rows: list[tuple[int, int, str, str, int, str | None]],
    counts: list[tuple[int, int, int]],
    asked: set[str],
) -> None:
    for conversation, seq, message_count in counts:
        seqs = sorted(row[1] for row in rows if row[0] == conversation)
        if seqs != list(range(1, seq + 1)) or message_count != seq:
            raise Broken(f"a log of {seq} has {message_count} messages with the seqs {seqs}")
    if len({row[2] for row in rows}) != len(rows):
        raise Broken("two messages have one id")
    named = [(row[0], row[4], row[5]) for row in rows if row[5] is not None]
    if len(set(named)) != len(named):
        raise Broken("a message is there twice")
    if not {row[3] for row in rows} <= asked:
        raise Broken("somebody says what they never said")
