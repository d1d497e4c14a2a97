"""How far somebody has read, what they have not, and the conversations that are theirs."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.objects import OwnConversation
from parley.contract.terms import DRAFT_MAX_CHARS, Seq


class ReadBody(Struct, kw_only=True):
    """You have read all up to `seq`: it only goes forward. With `hidden: true` the others are not
    told how far you have read here, until you say `false`.
    """

    seq: Seq | None = None
    hidden: bool | None = None


class ReadReply(Struct, kw_only=True):
    """How far you have read, and whether you keep it to yourself."""

    success: Literal[True] = True
    read_seq: int
    hidden: bool


class WrittenBy(Struct, kw_only=True):
    """Somebody, and how many messages of theirs."""

    user_id: str
    username: str
    count: int


class FileCounts(Struct, kw_only=True):
    """How many files, by what they hold; `documents` are those that are none of the others."""

    pictures: int
    videos: int
    audio: int
    documents: int


class UnreadReply(Struct, kw_only=True):
    """What others said after the seq `after`, as the conversation was at `seq`.

    `unread` counts up to 1000 messages, the newest; with `more` there are more. `by` names who
    wrote most of them, up to 50. `mentions` are the seqs of those that mean you, `replies` of those
    that answer you: the first hundred of both together. `files` came with the messages that are
    counted, and are counted up to 1000, the newest.
    """

    success: Literal[True] = True
    after: int
    seq: int
    unread: int
    more: bool | UnsetType = UNSET
    by: list[WrittenBy]
    mentions: list[int]
    replies: list[int]
    files: FileCounts


class PinnedBody(Struct, kw_only=True):
    """`pinned` conversations come first in your list, by their activity. There are 20 at most: with
    one more, the one you pinned first is pinned no more.
    """

    pinned: bool


class DraftBody(Struct, kw_only=True):
    """`version` is that of the draft which this replaces; an empty `text` takes it away."""

    text: Annotated[str, Meta(max_length=DRAFT_MAX_CHARS)]
    version: Seq = 0


class DraftReply(Struct, kw_only=True):
    """What you are writing there; without any, `text` is empty and `version` 0."""

    success: Literal[True] = True
    text: str
    version: int


class MineReply(Struct, kw_only=True):
    """The conversations you take part in, newest activity first. Before the first page, and beyond
    its `limit`, come those you pinned.
    """

    success: Literal[True] = True
    conversations: list[OwnConversation]
    next_cursor: str | UnsetType = UNSET
