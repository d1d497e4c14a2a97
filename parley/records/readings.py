"""How far somebody has read, and what they have not."""

from __future__ import annotations

from msgspec import Struct

from parley.records.conversations import Conversation
from parley.records.messages import Message
from parley.records.sessions import Standing


class Reading(Struct, frozen=True):
    """How far one person says they have read in one conversation."""

    user_id: str
    seq: int
    """All up to this one."""
    is_hidden: bool = False
    """Whether they keep it to themselves."""


class Unread(Struct, frozen=True):
    """What one person has not read of one conversation."""

    after: int
    """They have read all up to this seq, by what they told or by having spoken later."""
    count: int
    """Messages of others, up to `UNREAD_MAX`."""
    mentions: int
    """Of those that mean them or answer them, up to as many."""
    is_hidden: bool = False
    """Whether they keep it to themselves how far they have read."""


NONE_UNREAD = Unread(0, 0, 0)


class Author(Struct, frozen=True):
    """Somebody, and how many messages of theirs."""

    user_id: str
    username: str
    count: int


class FileCounts(Struct, frozen=True):
    """How many files there are of each kind."""

    picture: int = 0
    video: int = 0
    audio: int = 0
    document: int = 0


class Missed(Struct, frozen=True):
    """What was said after a seq, as somebody is told who comes back."""

    after: int
    seq: int
    """Of the conversation, then."""
    count: int
    has_more: bool
    """Whether there is more than was counted."""
    authors: tuple[Author, ...]
    """Who said most of it, first."""
    mentions: tuple[int, ...]
    """The seqs of messages that mean whoever asks."""
    replies: tuple[int, ...]
    """The same of those that answer them."""
    files: FileCounts
    """That came with what was counted, but for files beyond `MISSED_FILES_MAX`."""


class Own(Struct, frozen=True):
    """A conversation as one of somebody's own."""

    conversation: Conversation
    standing: Standing
    """What they are to it."""
    unread: Unread
    last: Message | None
    """What was said last."""
    is_pinned: bool = False
    """Whether they keep it at the top of their list."""
