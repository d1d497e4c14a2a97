"""The morning after a power cut: what SQLite finds, and whether it is what was promised."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from parley.records import Message
from parley.storage.folder import NAME
from tests.powercut.disk import FATES, Disk
from tests.powercut.recording import Acknowledged, AcknowledgedReading, Event

Files = dict[str, bytes]
Place = tuple[int, int]
"""The key of a conversation, and a seq in it."""


class Kept(NamedTuple):
    """All that makes a message what it is."""

    id: str
    changed_seq: int
    text: str
    is_deleted: bool
    is_edited: bool
    is_pinned: bool
    reply_to: str | None
    mentions: str | None
    parts: str | None
    reactions: str | None


def kept(message: Message) -> Kept:
    """As it must be found, once somebody was told of it so."""
    return Kept(
        message.id,
        message.changed_seq,
        message.text,
        message.deleted_at is not None,
        message.edited_at is not None,
        message.pinned_at is not None,
        None if message.answered is None else message.answered.id,
        message.mentions,
        message.parts,
        message.reactions,
    )


class History:
    """What was done, from the first to the last: what a cut leaves is this up to some change."""

    def __init__(self, events: Iterable[Event]) -> None:
        self._changes: dict[Place, tuple[int, Kept]] = {}
        for event in events:
            if isinstance(event, Acknowledged):
                message = event.message
                place = message.conversation_id, message.changed_seq
                said = message.seq, kept(message)
                if self._changes.setdefault(place, said) != said:
                    raise Broken(f"two things were told as {place}")

    def through(self, conversation: int, seq: int) -> dict[Place, Kept]:
        """The messages as they were at this seq. Raises `Broken` where it never came to that."""
        found = {}
        for change in range(1, seq + 1):
            if (conversation, change) not in self._changes:
                raise Broken(f"nobody was ever told of the change {change} of a log of {seq}")
            said, message = self._changes[conversation, change]
            found[conversation, said] = message
        return found


@dataclass(frozen=True)
class Found:
    """What a disk holds."""

    messages: dict[Place, Kept]
    seqs: dict[int, int]
    """Of each conversation's last change."""
    readings: dict[tuple[int, str], int]
    """How far people have read."""


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


def cuts(events: list[Event], *, per_event: int = len(FATES), every: int = 1) -> Iterator[Cut]:
    """A cut after every event, or each so many, with `per_event` of the fates, in turn."""
    disk, acknowledged = Disk(), 0
    turn = 0
    for number, event in enumerate(events, 1):
        disk.happens(event)
        acknowledged += isinstance(event, Acknowledged | AcknowledgedReading)
        for _ in range(0 if number % every else per_event):
            fate = FATES[turn % len(FATES)]
            turn += 1
            files = disk.after_a_cut(fate, random.Random(turn))
            yield Cut(number, fate.__name__, files, acknowledged)


@dataclass
class Inspection:
    """Looks at one disk after the other, in a folder of its own; at equal ones once."""

    folder: Path
    history: History
    disks: int = 0
    """How many different ones there were."""
    _seen: dict[bytes, Found] = field(default_factory=dict)

    def finds(self, cut: Cut) -> Found:
        """Raises `Broken` where it is not the history up to some change."""
        digest = hashlib.sha256()
        for name, content in sorted(cut.files.items()):
            digest.update(f"{name} {len(content)} ".encode() + content)
        key = digest.digest()
        if key not in self._seen:
            self.disks += 1
            lay_out(cut.files, self.folder)
            try:
                self._seen[key] = _found(self.folder, self.history)
            except (Broken, sqlite3.Error, UnicodeError) as error:
                raise Broken(f"after event {cut.after}, {cut.fate}: {error}") from error
        return self._seen[key]

    def checks(self, cut: Cut, acknowledged: Iterable[Acknowledged | AcknowledgedReading]) -> None:
        """Raises `Broken` where an acknowledged change is missing, or anything is unsound."""
        found = self.finds(cut)
        for told in acknowledged:
            if isinstance(told, Acknowledged):
                seq, place = told.message.changed_seq, told.message.conversation_id
                is_lost = found.seqs.get(place, 0) < seq
            else:
                seq, user_id = told.reading.seq, told.reading.user_id
                is_lost = found.readings.get((told.conversation_id, user_id), 0) < seq
            if is_lost:
                raise Broken(f"after event {cut.after}, {cut.fate}: {seq} is lost, of {told}")


def check_all(
    events: list[Event], folder: Path, *, per_event: int = len(FATES), every: int = 1
) -> tuple[int, int]:
    """Check a cut after every event, or each so many: how many, and how many different disks."""
    told = [event for event in events if isinstance(event, Acknowledged | AcknowledgedReading)]
    inspection, number = Inspection(folder, History(events)), 0
    for cut in cuts(events, per_event=per_event, every=every):
        inspection.checks(cut, told[: cut.acknowledged])
        number += 1
    return number, inspection.disks


def lay_out(files: Files, folder: Path) -> None:
    """Nothing but these files in the folder."""
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)


def _found(folder: Path, history: History) -> Found:
    with closing(sqlite3.connect(folder / NAME, isolation_level=None)) as connection:
        # No power is cut here: looking need not be safe, only quick.
        connection.execute("PRAGMA synchronous = OFF")
        sound = connection.execute("PRAGMA integrity_check").fetchall()
        if sound != [("ok",)]:
            raise Broken(f"integrity_check says {sound[:3]}")
        if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'messages'").fetchall():
            return Found({}, {}, {})
        if connection.execute("PRAGMA foreign_key_check").fetchall():
            raise Broken("a foreign key points nowhere")
        rows = connection.execute(
            "SELECT conversation_id, seq, session_id, client_id, id, changed_seq, text,"
            " deleted_at IS NOT NULL, edited_at IS NOT NULL, pinned_at IS NOT NULL, reply_id,"
            " mentions, parts, reactions FROM messages"
        ).fetchall()
        counts = connection.execute("SELECT id, seq, message_count FROM conversations").fetchall()
        readings = connection.execute("SELECT conversation_id, user_id, seq FROM readings")
        found = Found(
            {(row[0], row[1]): Kept(*row[4:]) for row in rows},
            {id: seq for id, seq, _ in counts},
            {(id, user_id): seq for id, user_id, seq in readings},
        )
        _check_beside(connection, found)
    _check_log(rows, counts)
    for conversation, seq, _ in counts:
        here = {place: each for place, each in found.messages.items() if place[0] == conversation}
        if here != history.through(conversation, seq):
            raise Broken(f"a log of {seq} is not what it was at that change")
    return found


def _check_log(rows: list[tuple[Any, ...]], counts: list[tuple[int, int, int]]) -> None:
    for conversation, seq, message_count in counts:
        here = [row for row in rows if row[0] == conversation]
        if message_count != len(here):
            raise Broken(f"a log of {seq} says {message_count} of {len(here)} messages")
    named = [(row[0], row[2], row[3]) for row in rows if row[3] is not None]
    if len(set(named)) != len(named):
        raise Broken("a message is there twice")


def _check_beside(connection: sqlite3.Connection, found: Found) -> None:
    """Who reacted and who is meant, by their own rows, is what the messages say."""
    counted = Counter(
        ((conversation, seq), emoji)
        for conversation, seq, emoji in connection.execute(
            "SELECT conversation_id, seq, emoji FROM reactions"
        )
    )
    meant = {
        ((conversation, seq), user_id)
        for conversation, seq, user_id in connection.execute(
            "SELECT conversation_id, seq, user_id FROM mentions WHERE NOT is_reply"
        )
    }
    for place, message in found.messages.items():
        for reaction in json.loads(message.reactions or "[]"):
            if counted.pop((place, reaction["emoji"]), 0) != reaction["count"]:
                raise Broken(f"{message} has other reactions")
        named = {(place, user_id) for user_id in json.loads(message.mentions or "[]")}
        if not {each for each in meant if each[0] == place} <= named:
            raise Broken(f"{message} means others")
    if counted:
        raise Broken(f"there are reactions to nothing: {counted}")
