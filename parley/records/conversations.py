"""Conversations, and where a page of their list goes on."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Visibility(StrEnum):
    """Whether a conversation stands in the public list."""

    LISTED = "listed"
    UNLISTED = "unlisted"


class Conversation(Struct, frozen=True):
    """One place to talk. `seq` counts its changes: messages, edits, the ending."""

    id: int
    room_id: str
    title: str
    description: str
    visibility: Visibility
    created_at: datetime
    created_by: str
    created_from: str | None
    """A tag of the address, where the owner's session was made for it."""
    owner_session_id: int
    ended_at: datetime | None
    seq: int
    message_count: int
    participant_count: int
    last_activity_at: datetime
    is_locked: bool
    """Whether nobody new comes in."""
    is_knock: bool
    """Whether who is new asks first."""
    is_read_only: bool
    """Whether only owners speak."""
    needs_proof: bool
    """Whether nobody comes back as somebody without a token."""
    shows_title: bool
    """Whether links to it that are sent in other apps are shown with its title there."""
    passphrase_hash: str | None
    keep_days: int | None
    """After how many days messages are erased; None for never."""
    erased_through: int
    """Messages up to this seq were erased so."""
    read_proof_hash: bytes | None
    """Of what readers have to show; None where it is not encrypted."""
    epoch: int
    """The number of the key it is encrypted with now: 0 for the first."""
    has_calls: bool = True
    """Whether people may call each other in it."""

    @property
    def is_encrypted(self) -> bool:
        """Whether the server can read nothing that is said in it."""
        return self.read_proof_hash is not None

    @property
    def is_active(self) -> bool:
        return self.ended_at is None


class ListPosition(Struct, frozen=True):
    """Where a page of the list goes on: behind the conversation last seen."""

    last_activity_at: datetime
    id: int
