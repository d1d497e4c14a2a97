"""Files, and the uploads that become files."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class File(Struct, frozen=True):
    """Something that was uploaded to a conversation, as it is served."""

    conversation_id: int
    id: str
    """What nobody can guess: whoever is told it may read it, as long as they may read the
    conversation."""
    session_id: int
    user_id: str
    name: str
    type: str
    """The media type it is served with."""
    kind: str
    """`picture`, `audio`, `video` or `document`."""
    size: int
    """In bytes."""
    sha256: bytes
    created_at: datetime
    seq: int | None = None
    """Of the message that names it; None as long as none does."""
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    has_preview: bool = False


class SentFile(Struct, frozen=True):
    """A file, and the message that names it."""

    file: File
    message_id: str
    seq: int
    username: str
    """Of whoever said it, then."""
    sent_at: datetime


class Upload(Struct, frozen=True):
    """What is on its way to become a file, under the same id."""

    conversation_id: int
    id: str
    session_id: int
    user_id: str
    name: str
    size: int
    """How many bytes it will have."""
    offset: int
    """How many of them are on the disk for sure."""
    begun_at: datetime
    touched_at: datetime
    """When something of it came last."""


class Usage(Struct, frozen=True):
    """How many bytes files and unfinished uploads take."""

    server: int
    conversation: int
    session: int
