"""Messages, and what is looked at before one is stored."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from parley.records.sessions import Role


class Answered(Struct, frozen=True):
    """The message that another one answers, as it is now."""

    id: str
    seq: int
    user_id: str
    username: str
    begins: str
    """How its text begins."""
    is_gone: bool
    """Whether it was deleted, or erased: then nothing is known of it but where it stood."""


class Message(Struct, frozen=True):
    """What somebody said, at its place `seq` in the conversation's log."""

    conversation_id: int
    seq: int
    id: str
    changed_seq: int
    user_id: str
    username: str
    text: str
    type: str
    sent_at: datetime
    client_id: str | None
    role: Role = Role.MEMBER
    """Of whoever said it, then."""
    is_alike: bool = False
    """Whether their name could be taken for another's, then."""
    is_unproven: bool = False
    """Whether they had never used their token, then."""
    deleted_at: datetime | None = None
    """When it was deleted: its text is gone."""
    edited_at: datetime | None = None
    pinned_at: datetime | None = None
    answered: Answered | None = None
    mentions: str | None = None
    """The user_ids of those it means, as a list in JSON."""
    parts: str | None = None
    """What its Markdown comes to, in JSON, as it is sent; None for a text without any. Of a call,
    what there is to tell of it."""
    reactions: str | None = None
    """In JSON, as they are sent."""
    attachments: str | None = None
    """Its files in JSON, as they are sent."""
    buttons: str | None = None
    """What a bot put under it, in JSON, as it is sent."""


class Head(Struct, frozen=True):
    """What is looked at before a message is stored: the conversation, and who would say it."""

    seq: int
    """Of the conversation's last change."""
    is_active: bool
    is_read_only: bool
    is_for_others: bool
    """Whether only people with an account may speak, and this one has none."""
    session_id: int | None
    """Whose that participant is now; None where nobody is called so."""
    username: str
    role: Role
    is_alike: bool
    has_spoken: bool
    """Whether they have said something under that name."""
    is_unproven: bool
    is_removed: bool
    is_encrypted: bool
    """Of the conversation."""
    epoch: int
    """The number of the key it is encrypted with now."""
