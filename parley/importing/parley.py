"""Parley's own exports: JSON Lines, JSON as Parley writes it, ZIP files and what was in them.

What is read is what was written, to the millisecond. `parley verify-export` says whether it was
changed since.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import IO

import msgspec
from msgspec import UNSET, Struct, UnsetType

from parley.importing.archive import Archive
from parley.importing.chats import (
    Attachment,
    Chat,
    Entry,
    ImportRefused,
    Person,
    Problem,
    Reaction,
)

SYSTEM = "Parley"
VERSION = 1
MEMBER = "conversation.jsonl"
LINE_MAX_BYTES = 64 * 1024 * 1024
"""The longest there are name everybody who reacted to a message."""
_JSON = b'{"success":true,"export":\n'
_LINES = b'{"parley_export":'
_PROOF = (b'{"head":', b'],"proof":')
_REDACTED = b'{"commitment":"'
_BETWEEN = b',"messages":[\n'


class ParleyPerson(Person, frozen=True):
    """Somebody who was in the conversation, or has spoken in it. `name` is their latest."""

    role: str = "member"
    """`owner` or `member`."""
    joined_at: datetime | None = None
    """None for who had left."""


class ParleyAttachment(Attachment, frozen=True):
    sha256: str | None = None
    """Of its bytes, in hexadecimal."""


class ParleyEntry(Entry, frozen=True, kw_only=True):
    seq: int
    username: str
    """What they were called then."""
    role: str
    """`owner` or `member`: what they were then."""
    type: str
    mentions: tuple[str, ...] = ()
    """The keys of those it means."""


class _Answered(Struct):
    id: str


class _Reaction(Struct):
    emoji: str
    count: int
    user_ids: list[str]


class _File(Struct):
    name: str
    type: str
    size: int
    path: str | None = None
    sha256: str | None = None


class _Message(Struct):
    id: str
    seq: int
    user_id: str
    username: str
    message: str
    timestamp: datetime
    type: str = "text"
    role: str = "member"
    deleted: bool = False
    pinned: bool = False
    edited_at: datetime | None = None
    reply_to: _Answered | None = None
    mentions: tuple[str, ...] = ()
    reactions: list[_Reaction] = []
    attachments: list[_File] = []


class ParleyConversation(Struct):
    """What it was, when it was exported."""

    room_id: str
    title: str
    description: str = ""
    created_at: datetime | None = None
    created_by: str = ""
    visibility: str = "unlisted"
    is_active: bool = True
    ended_at: datetime | None = None
    seq: int = 0
    door: str = "open"
    read_only: bool = False
    keep_days: int | None = None


class _Person(Struct):
    user_id: str
    username: str
    role: str = "member"
    joined_at: datetime | None = None


class _Head(Struct):
    parley_export: int
    conversation: ParleyConversation
    people: list[_Person] = []
    exported_at: datetime | UnsetType = UNSET


_HEAD = msgspec.json.Decoder(_Head)
_MESSAGE = msgspec.json.Decoder(_Message)


def recognise(archive: Archive) -> Chat | None:
    """The conversation in an export of Parley's; None where it is none.

    Raises `ImportRefused` for one of a newer version, or whose first line is damaged.
    """
    names = list(archive.names())
    found = [name for name in names if name.rpartition("/")[2] == MEMBER] or names
    if len(found) != 1:
        return None
    [name] = found
    with archive.open(name) as file:
        begins = file.readline(LINE_MAX_BYTES)
        if begins == _JSON:
            begins, number = file.readline(LINE_MAX_BYTES), 2
        elif begins.startswith(_LINES):
            number = 1
        else:
            return None
    return ParleyChat(archive, name, _head(begins, number), number)


def _head(line: bytes, number: int) -> _Head:
    try:
        head = _HEAD.decode(line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ImportRefused(
            f"Line {number}, which says what this is an export of, is damaged: {error}."
        ) from error
    if head.parley_export > VERSION:
        raise ImportRefused("This was exported by a newer Parley. Bring this one up to date first.")
    return head


class ParleyChat(Chat):
    """A conversation that a Parley exported."""

    system = SYSTEM
    needs_zone = False

    def __init__(self, archive: Archive, name: str, head: _Head, head_line: int) -> None:
        self._archive = archive
        self._name = name
        self._folder = name[: -len(MEMBER)] if name.endswith(MEMBER) else ""
        self._head_line = head_line
        self.conversation = head.conversation
        """What else was known of it."""
        self.title = head.conversation.title
        self.description = head.conversation.description
        self.people: dict[str, Person] = {
            each.user_id: ParleyPerson(
                each.user_id, each.username, role=each.role, joined_at=each.joined_at
            )
            for each in head.people
        }
        self._present = frozenset(self.people)

    def entries(self) -> Iterator[Entry | Problem]:
        with self._archive.open(self._name) as file:
            for _ in range(self._head_line):
                file.readline(LINE_MAX_BYTES)
            number = self._head_line
            while True:
                number += 1
                line = self._line(file, number)
                if line.startswith(_PROOF):
                    return
                if not line:
                    yield Problem(
                        self._place(number),
                        "The export ends here without its proof: the rest is missing.",
                    )
                    return
                if line == _BETWEEN or line.startswith(b'{"member":'):
                    continue
                yield self._read(line.lstrip(b","), self._place(number))

    def _line(self, file: IO[bytes], number: int) -> bytes:
        line = file.readline(LINE_MAX_BYTES)
        # The proof is as long as there are messages, and is not read.
        if len(line) == LINE_MAX_BYTES and not line.startswith(_PROOF):
            raise ImportRefused(f"Line {number} is longer than any that Parley writes.")
        return line

    def _place(self, number: int) -> str:
        return (
            f"line {number}"
            if not self._folder and self._name != MEMBER
            else (f"{self._name}, line {number}")
        )

    def _read(self, line: bytes, place: str) -> Entry | Problem:
        if line.startswith(_REDACTED):
            return Problem(place, "A message was taken out of the export here.")
        try:
            message = _MESSAGE.decode(line)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            return Problem(place, f"This message can't be read: {error}.")
        times = [message.timestamp, message.edited_at or message.timestamp]
        if any(at.tzinfo is None for at in times):
            return Problem(place, "This message's time has no zone.")
        self._meet(message)
        return ParleyEntry(
            key=message.id,
            place=place,
            sent_at=message.timestamp,
            person=message.user_id,
            text=message.message,
            is_deleted=message.deleted,
            edited_at=message.edited_at,
            reply_to=None if message.reply_to is None else message.reply_to.id,
            attachments=tuple(map(self._attachment, message.attachments)),
            reactions=tuple(
                Reaction(each.emoji, tuple(each.user_ids), max(each.count, len(each.user_ids)))
                for each in message.reactions
            ),
            is_pinned=message.pinned,
            seq=message.seq,
            username=message.username,
            role=message.role,
            # What a call was like is told by the server that it was on, and by no file.
            type="text" if message.type == "call" else message.type,
            mentions=message.mentions,
        )

    def _meet(self, message: _Message) -> None:
        """Whoever spoke and had left by then: their latest name counts."""
        if message.user_id in self._present:
            return
        self.people[message.user_id] = ParleyPerson(
            message.user_id, message.username, role=message.role
        )

    def _attachment(self, file: _File) -> ParleyAttachment:
        path = None if file.path is None else f"{self._folder}{file.path}"
        is_there = path is not None and path in self._archive
        return ParleyAttachment(
            file.name,
            path=path if is_there else None,
            type=file.type,
            size=file.size,
            missing=None if is_there else "The export doesn't have this file. Export as ZIP.",
            sha256=file.sha256,
        )
