"""Knocks: who asks to be let in."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Knock
from parley.storage.dialects import insert
from parley.storage.schema import knocks


def ask(
    connection: sa.Connection,
    *,
    conversation_id: int,
    session_id: int,
    id: str,
    room_id: str,
    username: str,
    place: str,
    at: datetime,
) -> Knock:
    """The knock of this session, under a name that may be new; an answer it had is forgotten."""
    row = connection.execute(
        insert(knocks)
        .values(
            conversation_id=conversation_id,
            session_id=session_id,
            id=id,
            room_id=room_id,
            username=username,
            asked_at=at,
            place=place,
        )
        .on_conflict_do_update(
            index_elements=[knocks.c.conversation_id, knocks.c.session_id],
            set_={
                "room_id": room_id,
                "username": username,
                "asked_at": at,
                "answer": None,
                "place": place,
            },
        )
        .returning(*knocks.c)
    ).one()
    return _knock(row)


def asked_since(connection: sa.Connection, at: datetime) -> set[int]:
    """The conversations at whose door somebody waits who knocked since then."""
    rows = connection.execute(
        sa.select(knocks.c.conversation_id)
        .where(knocks.c.answer.is_(None), knocks.c.asked_at >= at)
        .distinct()
    )
    return {row.conversation_id for row in rows}


def of_session(connection: sa.Connection, conversation_id: int, session_id: int) -> Knock | None:
    row = connection.execute(
        sa.select(knocks).where(
            knocks.c.conversation_id == conversation_id, knocks.c.session_id == session_id
        )
    ).one_or_none()
    return None if row is None else _knock(row)


def waiting(
    connection: sa.Connection, conversation_id: int, *, since: datetime
) -> tuple[Knock, ...]:
    """Those without an answer who asked after `since`, the longest waiting first."""
    rows = connection.execute(
        sa.select(knocks)
        .where(_waits(conversation_id), knocks.c.asked_at > since)
        .order_by(knocks.c.asked_at, knocks.c.id)
    )
    return tuple(_knock(row) for row in rows)


def of_many(
    connection: sa.Connection, ids: Collection[int], *, since: datetime
) -> tuple[Knock, ...]:
    """Of all who asked in these conversations after `since`, with the answers they got."""
    rows = connection.execute(
        sa.select(knocks).where(knocks.c.conversation_id.in_(ids), knocks.c.asked_at > since)
    )
    return tuple(_knock(row) for row in rows)


def answer(
    connection: sa.Connection, conversation_id: int, id: str, *, answer: str
) -> Knock | None:
    """None where nobody waits under this id."""
    row = connection.execute(
        knocks.update()
        .where(
            knocks.c.conversation_id == conversation_id,
            knocks.c.id == id,
            knocks.c.answer.is_(None),
        )
        .values(answer=answer)
        .returning(*knocks.c)
    ).one_or_none()
    return None if row is None else _knock(row)


def answer_session(
    connection: sa.Connection, conversation_id: int, session_id: int, *, answer: str
) -> Knock | None:
    """Whatever answer the session's knock had; the knock, if it still waited for one."""
    before = of_session(connection, conversation_id, session_id)
    if before is None:
        return None
    connection.execute(
        knocks.update()
        .where(knocks.c.conversation_id == conversation_id, knocks.c.session_id == session_id)
        .values(answer=answer)
    )
    return before if before.answer is None else None


def forget_old(connection: sa.Connection, conversation_id: int, *, until: datetime) -> None:
    """Those of this time whom no owner answered: they waited, or need not any more."""
    unanswered = sa.or_(knocks.c.answer.is_(None), knocks.c.answer.in_(("crowded_out", "opened")))
    connection.execute(
        knocks.delete().where(
            knocks.c.conversation_id == conversation_id, unanswered, knocks.c.asked_at <= until
        )
    )


def answer_waiting(
    connection: sa.Connection, conversation_id: int, *, answer: str, until: datetime
) -> tuple[Knock, ...]:
    """All who asked by then and had no answer."""
    rows = connection.execute(
        knocks.update()
        .where(_waits(conversation_id), knocks.c.asked_at <= until)
        .values(answer=answer)
        .returning(*knocks.c)
    )
    return tuple(_knock(row) for row in rows)


def _waits(conversation_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(knocks.c.conversation_id == conversation_id, knocks.c.answer.is_(None))


def _knock(row: Any) -> Knock:
    return Knock(
        id=row.id,
        conversation_id=row.conversation_id,
        session_id=row.session_id,
        username=row.username,
        asked_at=row.asked_at,
        answer=row.answer,
        room_id=row.room_id,
        place=row.place,
    )
