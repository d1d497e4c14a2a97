"""Who somebody is, and what they are to a conversation."""

from __future__ import annotations

from datetime import datetime
from enum import IntFlag, StrEnum

from msgspec import Struct


class May(IntFlag):
    """What a bot may do where it is."""

    READ = 1
    WRITE = 2
    REACT = 4
    MODERATE = 8


class Session(Struct, frozen=True):
    """Who somebody is: the holder of a secret whose hash we keep."""

    id: int
    created_at: datetime
    token_used: bool
    """Whether the secret was ever presented back to us."""
    mark: int = 0
    """Of the secret's hash: another once another secret proves it; 0 where nobody looked."""
    device_id: int = 0
    """Where its secret is kept. Several devices of an account have the same `id`, by which they are
    one and the same in conversations; anybody else's is their session's own.
    """
    may: May | None = None
    """Of a bot, what it may; None for people."""

    @property
    def is_of_account(self) -> bool:
        """Whether somebody is signed in with it."""
        return self.device_id not in (0, self.id)

    @property
    def is_bot(self) -> bool:
        return self.may is not None


class SaidBy(Struct, frozen=True):
    """The session that said something, as it is now."""

    session_id: int
    was_another: bool
    """Whether it was brought into an account since, or whoever it was there then."""


class Role(StrEnum):
    """What somebody may do in one conversation. Readers take no part in it."""

    OWNER = "owner"
    MEMBER = "member"
    READER = "reader"
    BOT = "bot"
    """A program that an owner gave a token of its own."""


class Standing(StrEnum):
    """What a session is to a conversation, as far as it was let in, invited or put out."""

    OWNER = "owner"
    MEMBER = "member"
    READER = "reader"
    STRANGER = "stranger"
    REMOVED = "removed"
