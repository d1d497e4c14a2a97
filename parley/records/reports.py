"""What was reported, to the owners of a conversation and to whoever runs the server."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Complaint(Struct, frozen=True):
    """Why somebody reported it. Nobody is told who that was."""

    reason: str
    words: str


class Report(Struct, frozen=True):
    """A message, or somebody, as it was when it was reported."""

    id: int
    conversation_id: int
    message_id: str | None
    """None where a person is reported."""
    seq: int | None
    sent_at: datetime | None
    user_id: str
    """Of whoever is reported, or wrote it."""
    username: str
    text: str
    files: tuple[str, ...]
    """The names of its files."""
    is_told: bool
    """Whether the text is what a reporter says that it is: the server can't read it."""
    made_at: datetime
    """When it was first reported."""
    resolved_at: datetime | None
    host_resolved_at: datetime | None
    complaints: tuple[Complaint, ...] = ()
