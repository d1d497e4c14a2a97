"""Pages of the history, and how far each reaches."""

from __future__ import annotations

from dataclasses import dataclass

from parley.client import Client, types
from parley.client.outbox import given


@dataclass(frozen=True, slots=True)
class Page:
    """What is read of it, oldest first. In an encrypted conversation that may be nothing, of many
    messages: what only changes others shows nothing by itself.
    """

    messages: list[types.Message]
    has_more: bool
    first: int
    last: int
    """The seqs of the first and last message that the server has of it, or 0."""


async def page(
    talk: Client, *, before: int | None = None, after: int | None = None, limit: int | None = None
) -> Page:
    """The newest, or those before or after a seq."""
    asked = given(before=before, after=after, limit=limit)
    path = f"{talk.link.path}/messages"
    found = await talk._rest.call(types.MessagesReply, "GET", path, **asked)
    seqs = [each.seq for each in found.messages] or [0]
    return Page(talk._read(found.messages), found.has_more, seqs[0], seqs[-1])
