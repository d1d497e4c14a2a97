"""What a search found."""

from __future__ import annotations

from msgspec import Struct

from parley.records.conversations import Conversation
from parley.records.messages import Message


class Hit(Struct, frozen=True):
    """A message that was found."""

    message: Message
    snippet: list[tuple[str, bool]]
    """The words around, in pieces, and whether each is what was looked for."""
    conversation: Conversation


class Hits(Struct, frozen=True):
    """A page of them."""

    found: list[Hit]
    next_cursor: str | None
    """Where it goes on; None where nothing more can be found. A page may be short, or empty, and
    go on all the same: the search had looked long enough."""
