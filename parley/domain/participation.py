"""What somebody takes part in: the conversations they come back for."""

from __future__ import annotations

import sqlalchemy as sa

from parley.domain import access, door
from parley.domain.context import Context
from parley.domain.conversations import cursor_after, position
from parley.domain.door import Found
from parley.errors import NotJoined
from parley.records import (
    NONE_UNREAD,
    Conversation,
    Message,
    Own,
    PartChanged,
    Session,
    Standing,
)
from parley.storage import messages as stored_messages
from parley.storage import participation as stored
from parley.storage import readings

SHOWN_MAX = 20
"""A first look, by the latest activity: a page goes on from there."""
PINNED_MAX = 20
"""With one more, the one that was pinned first is pinned no more."""

_INSIDE = (Standing.OWNER, Standing.MEMBER, Standing.READER)


async def page(
    context: Context, session: Session | None, *, limit: int, cursor: str | None = None
) -> tuple[list[Own], str | None]:
    """A page of those that a session owns, has joined or was let into, and the next page's cursor,
    with the latest activity first. What it pinned comes before the first page, beyond `limit`.

    Not those it was removed from or left for good, nor what anybody with the link could read.
    Raises `BadRequest` for a cursor of ours that is none.
    """
    after = position(cursor) if cursor else None
    if session is None:
        return [], None
    mine = session

    def query(connection: sa.Connection) -> tuple[list[Own], str | None]:
        parts = stored.listed(connection, mine.id, limit=limit + 1, after=after)
        found = parts[:limit]
        pinned = stored.pinned(connection, mine.id) if after is None else []
        shown = [(part, True) for part in pinned] + [(part, False) for part in found]
        listed = (_own(connection, _found(part, mine), is_pinned) for part, is_pinned in shown)
        own = [each for each in listed if each is not None]
        return own, cursor_after(found[-1].conversation) if len(parts) > limit else None

    return await context.database.read(query)


async def room_ids(context: Context, session: Session) -> dict[int, str]:
    """Of all that it takes part in, as far as `page` would go on, by the conversations' ids."""
    return await context.database.read(stored.room_ids, session.id)


async def some(
    context: Context, session: Session, conversation_ids: list[int]
) -> dict[int, Own | None]:
    """The same as `page` of these conversations; None for what is none of the session's now."""

    def query(connection: sa.Connection) -> dict[int, Own | None]:
        found, pins = {}, set(stored.pins(connection, session.id))
        for id in conversation_ids:
            part = stored.one(connection, session.id, id)
            own = None if part is None else _own(connection, _found(part, session), id in pins)
            found[id] = own
        return found

    return await context.database.read(query)


async def pin(context: Context, room_id: str, session: Session | None, *, is_pinned: bool) -> None:
    """Keep it at the top of one's list, or no more. It is told to whoever looks at that list; no
    one else learns of it. Raises `NotJoined` for what `page` doesn't list, and what keeps them
    from reading.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> list[PartChanged]:
        found = door.readable(connection, room_id, session)
        if session is None or not _is_listed(found):
            raise NotJoined
        pins = stored.pins(connection, session.id)
        if is_pinned == (found.id in pins):
            return []
        gone = pins[: max(0, len(pins) + 1 - PINNED_MAX)] if is_pinned else [found.id]
        for id in gone:
            stored.unpin(connection, session.id, id)
        if is_pinned:
            stored.pin(connection, session.id, found.id, at=at)
        return [PartChanged(id, session.id) for id in {found.id, *gone}]

    def tell(changed: list[PartChanged]) -> None:
        for each in changed:
            context.bus.publish(each)

    await context.database.write(work, tell)


def joined(connection: sa.Connection, session: Session, *, limit: int) -> list[Found]:
    """Those in which it is somebody now, the latest activity first: it was not removed, nor did it
    leave for good, whatever it owns.
    """
    parts = stored.latest(connection, session.id, limit=limit)
    return [found for part in parts if _is_joined(found := _found(part, session))]


def joined_one(connection: sa.Connection, session: Session, conversation_id: int) -> Found | None:
    """The same of one conversation; None where it is nobody there now."""
    part = stored.one(connection, session.id, conversation_id)
    found = None if part is None else _found(part, session)
    return found if found is not None and _is_joined(found) else None


def inside_one(connection: sa.Connection, session: Session, conversation_id: int) -> Found | None:
    """One of those that `page` lists; None for what is none of the session's now."""
    part = stored.one(connection, session.id, conversation_id)
    found = None if part is None else _found(part, session)
    return found if found is not None and _is_listed(found) else None


def _is_joined(found: Found) -> bool:
    person = found.person
    return (
        found.standing in _INSIDE
        and person is not None
        and person.removed_at is None
        and not person.left_for_good
    )


def _found(part: stored.Part, session: Session) -> Found:
    standing = access.standing(part.conversation, session, person=part.person, granted=part.granted)
    is_founder = access.is_founder(part.conversation, session, is_granted=part.is_founder)
    return Found(part.conversation, standing, part.person, is_founder)


def _own(connection: sa.Connection, found: Found, is_pinned: bool) -> Own | None:
    if not _is_listed(found):
        return None
    unread = NONE_UNREAD if found.person is None else readings.unread(connection, found.person)
    last = _last(connection, found.conversation)
    return Own(found.conversation, found.standing, unread, last, is_pinned)


def _last(connection: sa.Connection, conversation: Conversation) -> Message | None:
    if conversation.is_encrypted:
        return stored_messages.last_said(connection, conversation.id)
    said = stored_messages.newest(connection, conversation.id, limit=1)
    return said[-1] if said else None


def _is_listed(found: Found) -> bool:
    if found.standing not in _INSIDE:
        return False
    return found.person is None or not found.person.left_for_good or _owns(found)


def _owns(found: Found) -> bool:
    """Then it stays theirs to decide about, whatever they do in it."""
    return found.standing is Standing.OWNER
