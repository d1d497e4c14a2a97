"""Invitations by contact links, and who may make none."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from parley.records.conversations import Conversation


class Invite(Struct, frozen=True):
    """Somebody with an account is asked to join a conversation."""

    id: str
    conversation_id: int
    session_id: int
    """Of the account."""
    by_session_id: int
    by_name: str
    """What whoever invites was called in it then."""
    made_at: datetime
    answer: str | None
    """`accepted` or `declined`; None for not yet."""


class Invited(Struct, frozen=True):
    """An invitation that waits for an answer, and where to."""

    invite: Invite
    conversation: Conversation


class Blocked(Struct, frozen=True):
    """Somebody from whom an account takes no invitations."""

    id: int
    name: str
    """What they were called in the conversation to which they invited."""
    made_at: datetime
