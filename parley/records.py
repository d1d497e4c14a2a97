"""The nouns, and what can happen to them, as frozen structs: cheap to make, one a message.

The ground floor: imports nothing of ours. Storage takes and gives these, the
domain decides on them, the bus carries the events, `present` turns them into
wire objects. Times are timezone-aware and in UTC.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Visibility(StrEnum):
    """Whether a conversation stands in the public list."""

    LISTED = "listed"
    UNLISTED = "unlisted"


class Role(StrEnum):
    """What somebody may do in one conversation."""

    OWNER = "owner"
    MEMBER = "member"


class Session(Struct, frozen=True):
    """Who somebody is: the holder of a secret whose hash we keep."""

    id: int
    created_at: datetime
    token_used: bool
    """Whether the secret was ever presented back to us."""


class Conversation(Struct, frozen=True):
    """One place to talk. `seq` counts its changes: messages, edits, the ending."""

    id: int
    room_id: str
    title: str
    description: str
    visibility: Visibility
    created_at: datetime
    created_by: str
    owner_session_id: int
    ended_at: datetime | None
    seq: int
    message_count: int
    participant_count: int
    last_activity_at: datetime

    @property
    def is_active(self) -> bool:
        return self.ended_at is None


class Participant(Struct, frozen=True):
    """One person in one conversation; `left_at` is set while they are away for good."""

    conversation_id: int
    user_id: str
    username: str
    session_id: int
    role: Role
    joined_at: datetime
    left_at: datetime | None
    visits: int
    """How often they came in on a socket: tells a late leave from a newer visit."""


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


class ListPosition(Struct, frozen=True):
    """Where a page of the list goes on: behind the conversation last seen."""

    last_activity_at: datetime
    id: int


class Snapshot(Struct, frozen=True):
    """A conversation as it stands at `conversation.seq`: who is in it, and its newest messages."""

    conversation: Conversation
    participants: tuple[Participant, ...]
    online: frozenset[str]
    """The user ids that hold an open socket in the conversation."""
    messages: tuple[Message, ...]
    has_more: bool
    """Whether there are messages older than these."""
    newest_message_seq: int
    """The seq of the last message of all, 0 where there is none: are these the newest?"""
    is_delta: bool = False
    """Whether `messages` are only those that changed after the seq that was asked for."""


class Changes(Struct, frozen=True):
    """What changed in a conversation after a seq, in order, known up to `seq`."""

    seq: int
    messages: tuple[Message, ...]
    more: bool
    is_active: bool


# What happened: published on the bus after the commit, in commit order.


class MessageSent(Struct, frozen=True):
    room_id: str
    message: Message


class ParticipantArrived(Struct, frozen=True):
    room_id: str
    participant: Participant
    participant_count: int


class ParticipantLeft(Struct, frozen=True):
    room_id: str
    participant: Participant
    participant_count: int


class TypingChanged(Struct, frozen=True):
    room_id: str
    user_id: str
    username: str
    is_typing: bool


class ConversationEnded(Struct, frozen=True):
    room_id: str
    seq: int
    ended_at: datetime


Event = MessageSent | ParticipantArrived | ParticipantLeft | TypingChanged | ConversationEnded
