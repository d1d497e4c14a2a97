"""Hooks: where other programs speak in a conversation, and where they are told what happens."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Hook(Struct, frozen=True):
    """Whoever knows its code speaks in the conversation, as the participant it is."""

    id: int
    conversation_id: int
    user_id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None
    uses: int


class PausedFor(StrEnum):
    """Why nothing is sent to a webhook."""

    OWNER = "owner"
    """An owner said so."""
    FAILING = "failing"
    """It took nothing for a day."""
    GONE = "gone"
    """It answered that it is there no more."""
    ADDRESS = "address"
    """It leads to where this server may send nothing."""


class Webhook(Struct, frozen=True):
    """An address that is told what happens in a conversation."""

    id: int
    conversation_id: int
    url: str
    events: tuple[str, ...]
    salt: str
    """Its secret follows from this and the server's own."""
    created_at: datetime
    through_seq: int
    """Up to this place of the conversation's log everything is in the queue, or was not asked for.
    """
    done_through: int
    """Up to this delivery nothing waits."""
    waiting: int
    """How many deliveries do."""
    paused_at: datetime | None
    paused_for: PausedFor | None
    failing_since: datetime | None
    failures: int
    """In a row."""
    retry_at: datetime | None
    took_at: datetime | None
    """When it last took something."""

    @property
    def is_paused(self) -> bool:
        return self.paused_at is not None


class DeliveryState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    """It was refused again and again; those behind it were not."""
    ERASED = "erased"
    """What it was about is gone."""


class Delivery(Struct, frozen=True):
    """One event on its way to one webhook. Of a message it has the place alone: what it says is
    read as it is sent.
    """

    id: int
    webhook_id: int
    conversation_id: int
    event_id: str
    """The same however often it is sent."""
    event: str
    message_seq: int | None
    data: str | None
    """In JSON, where it is about no message."""
    happened_at: datetime
    state: DeliveryState
    tries: int
    status: int
    """As HTTP has it, of the last try; 0 where nothing was answered."""
    why: str
    """What the last answer says, in short."""
    tried_at: datetime | None
