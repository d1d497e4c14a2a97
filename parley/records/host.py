"""What whoever runs the server decided for all of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


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
