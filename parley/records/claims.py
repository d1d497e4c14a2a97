"""Who claims to be somebody whose words were imported."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Claim(Struct, frozen=True):
    conversation_id: int
    user_id: str
    """Of whoever asks, as they are until it is agreed."""
    username: str
    claimed_id: str
    """Of whom they claim to be."""
    claimed_name: str
    asked_at: datetime
    is_declined: bool = False
    """An owner did not agree."""
