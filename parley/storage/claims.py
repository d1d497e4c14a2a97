"""Claims: who claims to be somebody whose words were imported."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Claim, Participant, Role
from parley.storage import participants as stored
from parley.storage import sessions as stored_sessions
from parley.storage.dialects import insert
from parley.storage.prepared import Prepared, p
from parley.storage.schema import IMPORTED, claims, participants, sessions

_claimed = participants.alias("claimed")
_ANY = Prepared(
    sa.select(participants.c.user_id)
    .where(participants.c.conversation_id == p("conversation_id"), IMPORTED)
    .limit(1),
    [participants.c.user_id],
)


def is_any_imported(connection: sa.Connection, conversation_id: int) -> bool:
    """Whether there is somebody whom nobody here speaks as; found by index."""
    return _ANY.first(connection, conversation_id=conversation_id) is not None


def imported(
    connection: sa.Connection, conversation_id: int, *, limit: int
) -> tuple[Participant, ...]:
    """Those whom nobody here speaks as, by name."""
    rows = connection.execute(
        sa.select(participants)
        .where(
            participants.c.conversation_id == conversation_id,
            IMPORTED,
            participants.c.removed_at.is_(None),
        )
        .order_by(participants.c.name_key, participants.c.user_id)
        .limit(limit)
    )
    return tuple(stored.participant(row) for row in rows)


def ask(connection: sa.Connection, person: Participant, claimed_id: str, *, at: datetime) -> None:
    """Instead of what they asked before."""
    given = insert(claims).values(
        conversation_id=person.conversation_id,
        user_id=person.user_id,
        claimed_id=claimed_id,
        asked_at=at,
    )
    connection.execute(
        given.on_conflict_do_update(
            index_elements=[claims.c.conversation_id, claims.c.user_id],
            set_={"claimed_id": claimed_id, "asked_at": at, "declined_at": None},
        )
    )


def waiting(connection: sa.Connection, conversation_id: int, *, limit: int) -> tuple[Claim, ...]:
    """The longest waiting first, of people who are not removed."""
    rows = connection.execute(
        _claims(conversation_id)
        .where(claims.c.declined_at.is_(None))
        .order_by(claims.c.asked_at)
        .limit(limit)
    )
    return tuple(_claim(row) for row in rows)


def claimed_in(connection: sa.Connection, ids: Collection[int]) -> set[int]:
    """In which of these conversations somebody waits."""
    rows = connection.execute(
        sa.select(claims.c.conversation_id)
        .where(claims.c.conversation_id.in_(ids), claims.c.declined_at.is_(None))
        .distinct()
    )
    return {row.conversation_id for row in rows}


def of(connection: sa.Connection, conversation_id: int, user_id: str) -> Claim | None:
    """What somebody asked last, answered or not."""
    row = connection.execute(
        _claims(conversation_id).where(claims.c.user_id == user_id)
    ).one_or_none()
    return None if row is None else _claim(row)


def count(connection: sa.Connection, conversation_id: int) -> int:
    """How many wait for an answer: of who was removed, nobody could give one."""
    asked = _claims(conversation_id).where(claims.c.declined_at.is_(None))
    waiting = asked.with_only_columns(claims.c.user_id).subquery()
    number: int = connection.execute(sa.select(sa.func.count()).select_from(waiting)).scalar_one()
    return number


def decline(connection: sa.Connection, conversation_id: int, user_id: str, *, at: datetime) -> None:
    connection.execute(
        claims.update()
        .where(claims.c.conversation_id == conversation_id, claims.c.user_id == user_id)
        .values(declined_at=at)
    )


def forget(connection: sa.Connection, conversation_id: int, user_id: str) -> None:
    connection.execute(
        claims.delete().where(
            claims.c.conversation_id == conversation_id, claims.c.user_id == user_id
        )
    )


def forget_all_of(connection: sa.Connection, conversation_id: int, claimed_id: str) -> None:
    """Somebody is them now."""
    connection.execute(
        claims.delete().where(
            claims.c.conversation_id == conversation_id, claims.c.claimed_id == claimed_id
        )
    )


def swap(
    connection: sa.Connection, person: Participant, claimed: Participant, *, at: datetime
) -> tuple[Participant, Participant]:
    """The session of `person` is `claimed` from now on, and nobody is `person` any more; both as
    they are then, away.
    """
    # No two may have one session, not even for a moment.
    between = stored_sessions.insert(connection, token_hash=secrets.token_bytes(32), at=at)
    stored.change(connection, person, session_id=between.id)
    now = stored.change(
        connection,
        claimed,
        session_id=person.session_id,
        role=person.role.value,
        left_at=at,
        is_imported=False,
        unproven_from=person.unproven_from,
        first_session_id=person.first_session_id,
        left_for_good=False,
        visits=person.visits,
    )
    before = stored.change(
        connection,
        person,
        session_id=claimed.session_id,
        role=Role.MEMBER.value,
        left_at=person.left_at or at,
        left_for_good=True,
        unproven_from=None,
        first_session_id=None,
    )
    connection.execute(sessions.delete().where(sessions.c.id == between.id))
    return before, now


def _claims(conversation_id: int) -> sa.Select[Any]:
    return (
        sa.select(claims, participants.c.username, _claimed.c.username.label("claimed_name"))
        .join(
            participants,
            sa.and_(
                participants.c.conversation_id == claims.c.conversation_id,
                participants.c.user_id == claims.c.user_id,
            ),
        )
        .join(
            _claimed,
            sa.and_(
                _claimed.c.conversation_id == claims.c.conversation_id,
                _claimed.c.user_id == claims.c.claimed_id,
            ),
        )
        .where(
            claims.c.conversation_id == conversation_id,
            participants.c.removed_at.is_(None),
            _claimed.c.is_imported.is_(True),
        )
    )


def _claim(row: Any) -> Claim:
    return Claim(
        conversation_id=row.conversation_id,
        user_id=row.user_id,
        username=row.username,
        claimed_id=row.claimed_id,
        claimed_name=row.claimed_name,
        asked_at=row.asked_at,
        is_declined=row.declined_at is not None,
    )
