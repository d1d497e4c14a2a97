"""A conversation as it stands, and what changed in it."""

from __future__ import annotations

from msgspec import Struct

from parley.records.accounts import Look
from parley.records.conversations import Conversation
from parley.records.messages import Message
from parley.records.participants import Participant
from parley.records.readings import Reading, Unread
from parley.records.sessions import Standing


class Snapshot(Struct, frozen=True):
    """A conversation as it stands at `conversation.seq`: who is in it, and its newest messages."""

    conversation: Conversation
    standing: Standing
    """What the one who asked is to it."""
    person: Participant | None
    """And who they are in it, if they ever joined."""
    participants: tuple[Participant, ...]
    """The first of those who are in it: see `domain.people.first`."""
    messages: tuple[Message, ...]
    has_more: bool
    """Whether there are messages older than these."""
    newest_message_seq: int
    """The seq of the last message of all, 0 where there is none: are these the newest?"""
    people_cursor: str | None = None
    """Where the list goes on with those who are not among `participants`; None where all are."""
    online: frozenset[str] = frozenset()
    """The user ids that hold an open socket in the conversation, of those it tells of."""
    online_count: int = 0
    """How many people do in all."""
    is_delta: bool = False
    """Whether `messages` are only those that changed after the seq that was asked for."""
    old_room_ids: tuple[str, ...] = ()
    """The last ones that its link had before, for a page of somebody who is in it."""
    pins: tuple[Message, ...] = ()
    """What is pinned, for a page: the one that was pinned last first."""
    readings: tuple[Reading, ...] | None = None
    """How far those have read who show it; None where too many take part to tell."""
    looks: tuple[Look, ...] = ()
    """Of those who ever took part and chose how their mark looks."""
    own: Unread | None = None
    """What whoever asks has not read, for a page of somebody who is in it."""


class Recent(Struct, frozen=True):
    """A conversation as it stands, with enough of what changed lately to tell whoever was away."""

    snapshot: Snapshot
    """As for somebody new."""
    changes: tuple[Message, ...]
    """Every message that changed after `since`, in the order of their changes."""
    since: int


class Changes(Struct, frozen=True):
    """What changed in a conversation after a seq, in order, known up to `seq`."""

    seq: int
    messages: tuple[Message, ...]
    more: bool
    is_active: bool
    erased_through: int
    epoch: int | None = None
    """The number of the key there is now; None where it is not encrypted."""


class Position(Struct, frozen=True):
    """How far a conversation is."""

    seq: int
    version: int
    """How often changed what has no seq: who is in it, names, its title."""
    rights: int
    """How often it changed who may do what."""
    people: int
    """Who joined and has not left."""
