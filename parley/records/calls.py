"""Calls that go on: who is in them, with which devices."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

CALL = "call"
"""The type of the message that a call leaves."""


class CallPeer(Struct, frozen=True):
    """A device in a call."""

    id: str
    user_id: str
    username: str
    """As they are called in the conversation now."""
    process: int
    """The one that has its socket; 0 where there is one alone."""
    has_audio: bool
    has_video: bool
    has_screen: bool
    has_hand: bool
    """Whether they raised their hand."""

    @property
    def is_seen(self) -> bool:
        """Whether it sends a picture, of a camera or a screen."""
        return self.has_video or self.has_screen


class CallPerson(Struct, frozen=True, array_like=True):
    """Somebody who was in a call, under the name they had then."""

    user_id: str
    username: str


class Call(Struct, frozen=True):
    conversation_id: int
    id: str
    started_at: datetime
    started_by: str
    """The user_id of who called."""
    people: tuple[CallPerson, ...]
    """Whoever was in it, in the order in which they came."""
    put_out: tuple[str, ...]
    """The user_ids of those an owner put out of it."""
    peers: tuple[CallPeer, ...]
    """In the order in which they came."""


class RelayKey(Struct, frozen=True):
    """What a TURN server takes of somebody for a while."""

    username: str
    credential: str
    expires_at: datetime


class Offered(Struct, frozen=True):
    """The servers by which somebody may find a way to the others."""

    stun: tuple[str, ...]
    turn: tuple[str, ...]
    key: RelayKey | None
    """For `turn`; None where there is none."""
    is_relay_only: bool
