"""Knocks, and how it stands with whoever may have to."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Knock(Struct, frozen=True):
    """Somebody who asks to be let in."""

    id: str
    conversation_id: int
    session_id: int
    username: str
    asked_at: datetime
    answer: str | None
    """`admitted` or `declined`; `crowded_out` where it made room for another; None while
    nobody answered."""
    room_id: str
    """At which they knocked: a newer one is not for strangers to learn."""
    place: str = ""
    """The key of where they knocked from; empty where nobody noted it."""


class AtTheDoor(Struct, frozen=True):
    """How it stands with somebody who may have to knock."""

    may_come_in: bool
    """As they are, without knocking."""
    knock: Knock | None
    is_locked: bool = False
    """Whether nobody new comes in just now."""
