"""Who somebody is, and what they are to a conversation."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Session(Struct, frozen=True):
    """Who somebody is: the holder of a secret whose hash we keep."""

    id: int
    created_at: datetime
    token_used: bool
    """Whether the secret was ever presented back to us."""
    mark: int = 0
    """Of the secret's hash: another once another secret proves it; 0 where nobody looked."""


class Role(StrEnum):
    """What somebody may do in one conversation. Readers take no part in it."""

    OWNER = "owner"
    MEMBER = "member"
    READER = "reader"


class Standing(StrEnum):
    """What a session is to a conversation, as far as it was let in, invited or put out."""

    OWNER = "owner"
    MEMBER = "member"
    READER = "reader"
    STRANGER = "stranger"
    REMOVED = "removed"
