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
    """`admitted` or `declined`; `opened` where the door was opened to all; `crowded_out` where
    it made room for another; None while nobody answered."""
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
    is_knock: bool = False
    """Whether strangers may knock, unless it is locked."""
    has_passphrase: bool = False
    """Whether strangers may come in by a passphrase, unless it is locked."""
    is_owner_here: bool = False
    """Whether an owner's socket is in the conversation: they see at once who knocks."""

    @property
    def is_locked_out(self) -> bool:
        """Whether they can do nothing but wait until it is unlocked."""
        return self.is_locked and not self.may_come_in

    @property
    def name_to_join_by(self) -> str | None:
        """The name of whoever knocked and may come in; None where nobody is to come in so."""
        if not self.may_come_in or self.knock is None:
            return None
        return self.knock.username if self.knock.answer in ("admitted", "opened") else None
