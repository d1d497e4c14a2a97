"""What whoever runs the server decided for all of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from parley.records.conversations import Conversation
from parley.records.reports import Report


class Announcement(Struct, frozen=True):
    """A line that everybody is shown."""

    id: str
    """Another with each, so that who closed one sees the next."""
    text: str


class Block(Struct, frozen=True):
    """A network from which nobody writes."""

    network: str
    note: str
    """Why, for the host alone."""
    made_at: datetime


class HostRole(StrEnum):
    """What somebody may do for the host."""

    ADMIN = "admin"
    """All that there is on the admin page."""
    MODERATOR = "moderator"
    """What concerns abuse, and what everybody is told."""


class Admin(Struct, frozen=True):
    """An account that acts for the host."""

    id: int
    account_id: int
    session_id: int
    """What it is in conversations."""
    role: HostRole
    label: str
    """What the host called them."""
    name: str
    """What they called their account."""
    added_at: datetime

    @property
    def called(self) -> str:
        return self.label or self.name or f"Admin {self.id}"


class AdminLink(Struct, frozen=True):
    """What makes an account an admin, once."""

    role: HostRole
    label: str
    expires_at: datetime


class HostAct(Struct, frozen=True):
    """Something that was done for the host."""

    id: int
    at: datetime
    who: str
    admin_id: int | None
    """None where a command did it."""
    act: str
    about: str


class ServerProcess(Struct, frozen=True):
    """A process that serves, as it is now."""

    process: str
    version: str
    up_s: float
    connections: int
    people: int
    """Who have an open socket there, once for each conversation they are in."""
    refused: dict[str, int]
    """How often each limit refused somebody since its start, by the name of what is limited."""


class Sized(Struct, frozen=True):
    """A conversation, and the bytes of its files."""

    conversation: Conversation
    files_bytes: int


class Inspected(Struct, frozen=True):
    """A conversation, and what there is of it."""

    conversation: Conversation
    owners: tuple[str, ...]
    """The names of some who are owners and have not left."""
    files: int
    files_bytes: int
    links: int
    """That give a role."""
    was_found_by_old_link: bool


class Reported(Struct, frozen=True):
    """A report, and where that was."""

    report: Report
    room_id: str
