"""Taking a conversation along: all that was said in it, page by page.

An export has every message up to the conversation's `seq` when it began. No transaction lasts
longer than a page: what is edited, reacted to or deleted meanwhile stands as it was when its page
was read, and whoever loses the right to read gets no further page.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from parley import contract
from parley.domain import access, door
from parley.domain.context import Context
from parley.records import Conversation, File, Message, Participant, Session
from parley.storage import exports as stored
from parley.storage import participants as stored_participants

PAGE_MESSAGES = 500
PAGE_CHARS = 500_000
"""Of text and what comes with it, so that a page is never large."""
PEOPLE_MAX = 10_000
"""So many are named at its beginning; whoever spoke is named by what they said."""
_REACTIONS = msgspec.json.Decoder(list[contract.Reaction])


class Begun(Struct, frozen=True):
    """An export: of what, and as of when."""

    conversation: Conversation
    people: tuple[Participant, ...]
    at: datetime
    room_id: str
    """By which whoever exports has found it, and is let in again for each page."""
    session: Session | None

    @property
    def through(self) -> int:
        """The last seq that is in it."""
        return self.conversation.seq


class Page(Struct, frozen=True):
    """Some messages, and what is not kept with them."""

    messages: Sequence[Message]
    files: Mapping[str, File]
    """Those they name, by id."""
    reactions: Mapping[int, Mapping[str, Sequence[str]]]
    """By seq, of messages that keep only the first who reacted: all of them, by the emoji."""


async def begin(context: Context, room_id: str, session: Session | None) -> Begun:
    """For whoever may read. Raises as `conversations.find`."""
    at = context.clock()

    def query(connection: sa.Connection) -> Begun:
        found = door.readable(connection, room_id, session)
        access.require_legible(found.conversation)
        people = stored_participants.present(connection, found.id, limit=PEOPLE_MAX)
        return Begun(found.conversation, people, at, room_id, session)

    return await context.database.search(query)


async def pages(context: Context, begun: Begun) -> AsyncIterator[Page]:
    """Oldest first. Raises as `begin` once whoever exports may read no more."""
    after = 0
    while True:

        def query(connection: sa.Connection, after: int = after) -> Page:
            door.readable(connection, begun.room_id, begun.session)
            return _page(connection, begun, after)

        page = await context.database.search(query)
        if not page.messages:
            return
        yield page
        after = page.messages[-1].seq


def _page(connection: sa.Connection, begun: Begun, after: int) -> Page:
    conversation_id = begun.conversation.id
    messages = stored.page(
        connection,
        conversation_id,
        after=after,
        through=begun.through,
        limit=PAGE_MESSAGES,
        chars=PAGE_CHARS,
    )
    with_files = [each.seq for each in messages if each.attachments is not None]
    files = stored.files_of(connection, conversation_id, with_files) if with_files else []
    reactions = {
        each.seq: stored.who_reacted(connection, conversation_id, each.seq)
        for each in messages
        if each.reactions is not None and _has_more(each.reactions)
    }
    return Page(messages, {file.id: file for file in files}, reactions)


def _has_more(kept: str) -> bool:
    return any(each.count > len(each.user_ids) for each in _REACTIONS.decode(kept))


async def files(context: Context, begun: Begun) -> AsyncIterator[File]:
    """The files of its messages, oldest first. Raises as `begin`."""
    after = 0
    while True:

        def query(connection: sa.Connection, after: int = after) -> list[File]:
            door.readable(connection, begun.room_id, begun.session)
            return stored.files_after(
                connection,
                begun.conversation.id,
                after=after,
                through=begun.through,
                limit=PAGE_MESSAGES,
            )

        found = await context.database.search(query)
        if not found:
            return
        for file in found:
            yield file
        after = found[-1].seq or begun.through
