"""Reading: how far somebody has read, who is told of it, and what there is that they have not."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import READ_SHOWN_MAX
from parley.domain import door
from parley.domain.context import Context
from parley.errors import NotJoined
from parley.records import Conversation, Missed, Participant, Reading, ReadingMoved, Session
from parley.storage import readings as stored


class Mark(Struct, frozen=True):
    """What somebody says of their reading; None where they say nothing of it."""

    seq: int | None = None
    """They have read all up to this one."""
    is_hidden: bool | None = None
    """Whether they keep it to themselves from now on."""


async def mark(
    context: Context,
    room_id: str,
    session: Session | None,
    mark: Mark,
    *,
    socket: str | None = None,
) -> Reading:
    """Note how far they have read, as whoever the session is there; then it is told.

    It only goes forward, and not beyond the conversation's last change; it counts after the end,
    too. Raises `NotJoined`, and what keeps them from reading.
    """

    def work(connection: sa.Connection) -> ReadingMoved | Reading:
        found = door.readable(connection, room_id, session)
        person, conversation = found.person, found.conversation
        if person is None:
            raise NotJoined
        before = stored.find(connection, found.id, person.user_id) or Reading(person.user_id, 0)
        now = _moved(before, mark, conversation.seq)
        if now == before:
            return now
        stored.put(connection, found.id, now)
        is_few = is_told(conversation) and person.left_at is None
        return ReadingMoved(
            conversation_id=found.id,
            room_id=conversation.room_id,
            session_id=person.session_id,
            reading=now,
            is_shown=is_few and not now.is_hidden,
            is_withdrawn=is_few and now.is_hidden and not before.is_hidden,
            socket=socket,
        )

    def tell(result: ReadingMoved | Reading) -> None:
        if isinstance(result, ReadingMoved):
            context.bus.publish(result)

    result = await context.database.write(work, tell, conversation=room_id)
    return result.reading if isinstance(result, ReadingMoved) else result


async def missed(
    context: Context, room_id: str, session: Session | None, *, after: int | None
) -> Missed:
    """What others said after a seq: of whoever takes part, from where they have read to.

    Raises `NotJoined` where nothing tells from where on, and what keeps them from reading.
    """

    def query(connection: sa.Connection) -> Missed:
        found = door.readable(connection, room_id, session)
        person, read = found.person, after
        if read is None and person is None:
            raise NotJoined("Join the conversation first, or pass after: the seq to count from.")
        if read is None and person is not None:
            read = stored.unread(connection, person).after
        user_id = "" if person is None else person.user_id
        last = found.conversation.seq
        return stored.missed(connection, found.id, user_id, after=read or 0, seq=last)

    return await context.database.read(query)


def shown(connection: sa.Connection, conversation: Conversation) -> tuple[Reading, ...] | None:
    """How far those have read who show it; None where too many take part to tell."""
    if not is_told(conversation):
        return None
    return stored.shown(connection, conversation.id, limit=READ_SHOWN_MAX)


def shown_by(
    conversation: Conversation, person: Participant, reading: Reading | None, *, among: int
) -> ReadingMoved | None:
    """What the others are told when somebody comes in, since nobody is told how far those have
    read who are away. `among`: so many take part then.
    """
    if reading is None or among > READ_SHOWN_MAX:
        return None
    return ReadingMoved(
        conversation_id=conversation.id,
        room_id=conversation.room_id,
        session_id=person.session_id,
        reading=reading,
        is_shown=not reading.is_hidden,
        is_withdrawn=reading.is_hidden,  # perhaps since they left
    )


def is_told(conversation: Conversation) -> bool:
    """Whether few enough take part for each to be told how far the others have read."""
    return conversation.participant_count <= READ_SHOWN_MAX


def _moved(before: Reading, mark: Mark, last: int) -> Reading:
    return Reading(
        user_id=before.user_id,
        seq=max(before.seq, min(mark.seq or 0, last)),
        is_hidden=before.is_hidden if mark.is_hidden is None else mark.is_hidden,
    )
