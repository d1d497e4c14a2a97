"""Participants: one person in one conversation."""

from __future__ import annotations

import functools
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from parley.records import Participant, Role
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import conversations, participants

ROLES = {role.value: role for role in Role}
"""What Role itself does, ten times as fast: once for each person in each state."""
FEW = 8
"""So many of one name are read faster all at once than those among them who count."""
UNMARKED_MAX = 100
"""So many are marked at once, however many should be: each is told to everybody."""
PRESENT = participants.c.left_at.is_(None)
_OF_ONE = participants.c.conversation_id == p("conversation_id")
_ALL = sa.select(participants).where(_OF_ONE)
_INSERT = Prepared(
    participants.insert()
    .values(values(participants.c, left_at=None, removed_at=None, is_alike=False))
    .returning(*participants.c),
    participants.c,
)
_BY_USER = Prepared(_ALL.where(participants.c.user_id == p("user_id")), participants.c)
_BY_SESSION = Prepared(_ALL.where(participants.c.session_id == p("session_id")), participants.c)
_SAME_NAME = sa.and_(_OF_ONE, participants.c.name_key == p("name_key"))
_HOLDS = participants.c.removed_at.is_(None)
_MARKED, _UNMARKED = (participants.c.is_alike == is_alike for is_alike in (sa.true(), sa.false()))
_IS_HELD, _IS_KEPT = (sa.Column(name, sa.Integer) for name in ("is_held", "is_kept"))
_TAKEN = Prepared(
    sa.select(
        sa.exists().where(_SAME_NAME, _HOLDS),
        sa.exists().where(_SAME_NAME, participants.c.removed_at.is_not(None), _UNMARKED),
    ),
    (_IS_HELD, _IS_KEPT),
)
_MARKS = Prepared(
    sa.select(participants.c.is_alike).where(_SAME_NAME, _HOLDS).limit(FEW + 1),
    (participants.c.is_alike,),
)
_HOLDERS = Prepared(_ALL.where(_SAME_NAME, _HOLDS), participants.c)
_REKEY = Prepared(
    participants.update()
    .where(
        _OF_ONE,
        participants.c.user_id == p("user_id"),
        participants.c.username == p("username"),
    )
    .values(name_key=p("new_name_key"))
)
_PRESENT = Prepared(
    _ALL.where(PRESENT).order_by(participants.c.joined_at, participants.c.user_id), participants.c
)


class Keyed(NamedTuple):
    conversation_id: int
    user_id: str
    username: str
    name_key: str


class Held(NamedTuple):
    conversation_id: int
    name_key: str
    is_shared: bool
    """Whether several hold it, or one who is marked."""


class Taken(NamedTuple):
    is_held: int
    """Whether anybody has such a name who was not removed."""
    is_kept: int
    """Whether anybody unmarked was removed under it."""


def insert(
    connection: sa.Connection,
    *,
    conversation_id: int,
    user_id: str,
    username: str,
    session_id: int,
    role: Role,
    at: datetime,
    visits: int,
    name_key: str,
    named_at: datetime,
) -> Participant:
    return _participant(
        _INSERT.first(
            connection,
            conversation_id=conversation_id,
            user_id=user_id,
            username=username,
            session_id=session_id,
            role=role.value,
            joined_at=at,
            visits=visits,
            name_key=name_key,
            named_at=named_at,
        )
    )


def by_user(connection: sa.Connection, conversation_id: int, user_id: str) -> Participant | None:
    row = _BY_USER.first(connection, conversation_id=conversation_id, user_id=user_id)
    return None if row is None else _participant(row)


def by_session(
    connection: sa.Connection, conversation_id: int, session_id: int
) -> Participant | None:
    row = _BY_SESSION.first(connection, conversation_id=conversation_id, session_id=session_id)
    return None if row is None else _participant(row)


def present(connection: sa.Connection, conversation_id: int) -> tuple[Participant, ...]:
    """Those who joined and have not left, in the order of joining."""
    rows = _PRESENT.run(connection, conversation_id=conversation_id)
    return tuple(_participant(row) for row in rows)


def taken(connection: sa.Connection, conversation_id: int, name_key: str) -> Taken:
    """Who has, or had, a name that can be taken for one with this key."""
    row = _TAKEN.first(connection, conversation_id=conversation_id, name_key=name_key)
    return Taken(row.is_held, row.is_kept)


def marks(connection: sa.Connection, conversation_id: int, name_key: str) -> list[bool]:
    """Of those who hold a name with this key, whether each is marked: `FEW` and one at most."""
    rows = _MARKS.run(connection, conversation_id=conversation_id, name_key=name_key)
    return [row.is_alike for row in rows]


def holders(
    connection: sa.Connection, conversation_id: int, name_key: str
) -> tuple[Participant, ...]:
    """All who hold a name with this key. Ask for them where there are few."""
    rows = _HOLDERS.run(connection, conversation_id=conversation_id, name_key=name_key)
    return tuple(_participant(row) for row in rows)


def foremost(
    connection: sa.Connection, conversation_id: int, name_key: str
) -> tuple[Participant, ...]:
    """Of the holders, however many: who decides which is the first, and whose mark depends on it.

    These are the first of all, the first of those who are here or own the conversation, and the
    first `UNMARKED_MAX` of the latter who bear no mark: one or two, unless marks are behind.
    """
    rows = _foremost().run(connection, conversation_id=conversation_id, name_key=name_key)
    return tuple({row.user_id: _participant(row) for row in rows}.values())


def after(
    connection: sa.Connection, conversation_id: int, user_id: str, *, limit: int
) -> list[Keyed]:
    """The names of everybody, in every conversation, from the one that comes after this one."""
    rows = connection.execute(
        sa.select(
            participants.c.conversation_id,
            participants.c.user_id,
            participants.c.username,
            participants.c.name_key,
        )
        .where(
            sa.tuple_(participants.c.conversation_id, participants.c.user_id)
            > sa.tuple_(conversation_id, user_id)
        )
        .order_by(participants.c.conversation_id, participants.c.user_id)
        .limit(limit)
    )
    return [Keyed(*row) for row in rows]


def rekey(connection: sa.Connection, person: Keyed, name_key: str) -> None:
    """Nothing happens if their name is another by now."""
    _REKEY.write(
        connection,
        conversation_id=person.conversation_id,
        user_id=person.user_id,
        username=person.username,
        new_name_key=name_key,
    )


def held_after(
    connection: sa.Connection, conversation_id: int, name_key: str, *, limit: int
) -> list[Held]:
    """The names that are held in all conversations, from the one that comes after this one."""
    names = (participants.c.conversation_id, participants.c.name_key)
    rows = connection.execute(
        sa.select(
            *names,
            sa.or_(
                sa.func.count() > 1,
                sa.func.max(sa.cast(participants.c.is_alike, sa.Integer)) > 0,
            ),
        )
        .where(_HOLDS, sa.tuple_(*names) > sa.tuple_(conversation_id, name_key))
        .group_by(*names)
        .order_by(*names)
        .limit(limit)
    )
    return [Held(*row) for row in rows]


def removed(connection: sa.Connection, conversation_id: int) -> tuple[Participant, ...]:
    """Those an owner put out, the latest first."""
    rows = connection.execute(
        sa.select(participants)
        .where(
            participants.c.conversation_id == conversation_id,
            participants.c.removed_at.is_not(None),
        )
        .order_by(participants.c.removed_at.desc())
    )
    return tuple(_participant(row) for row in rows)


def left(
    connection: sa.Connection, conversation_id: int, *, limit: int
) -> tuple[tuple[Participant, ...], int]:
    """Those who left by themselves: the latest, and how many there are in all."""
    gone = sa.and_(
        participants.c.conversation_id == conversation_id,
        participants.c.left_at.is_not(None),
        participants.c.removed_at.is_(None),
    )
    count = connection.execute(sa.select(sa.func.count()).where(gone)).scalar_one()
    rows = connection.execute(
        sa.select(participants)
        .where(gone)
        .order_by(participants.c.left_at.desc(), participants.c.user_id)
        .limit(limit)
    )
    return tuple(_participant(row) for row in rows), count


def change(connection: sa.Connection, person: Participant, **changes: Any) -> Participant:
    """The participant with `changes` in its columns."""
    row = _change(tuple(changes)).first(
        connection,
        conversation_id=person.conversation_id,
        user_id=person.user_id,
        **{f"new_{name}": value for name, value in changes.items()},
    )
    return _participant(row)


def forget_sockets(connection: sa.Connection, *, at: datetime) -> None:
    """Count everyone who was on a socket as having left: after a start there are no sockets."""
    gone = sa.and_(PRESENT, participants.c.visits > 0)
    counts = (
        sa.select(participants.c.conversation_id, sa.func.count().label("gone"))
        .where(gone)
        .group_by(participants.c.conversation_id)
    )
    for conversation_id, left in connection.execute(counts).all():
        connection.execute(
            conversations.update()
            .where(conversations.c.id == conversation_id)
            .values(participant_count=conversations.c.participant_count - left)
        )
    connection.execute(participants.update().where(gone).values(left_at=at))


@functools.cache
def _foremost() -> Prepared:
    """An owner goes before a member, whoever has held the name longer: each is looked up among
    their own kind, where the index has them in that order.
    """
    owners, members = (
        sa.and_(_HOLDS, participants.c.role == role.value) for role in (Role.OWNER, Role.MEMBER)
    )
    kinds = [
        (sa.and_(members, _MARKED), 1),
        (sa.and_(members, _UNMARKED), 1),
        (sa.and_(owners, _MARKED), 1),
        (sa.and_(owners, _UNMARKED), UNMARKED_MAX),
        (sa.and_(PRESENT, _MARKED), 1),
        (sa.and_(PRESENT, _UNMARKED), UNMARKED_MAX),
    ]
    return Prepared(
        sa.union_all(*(_longest_named(kind, limit) for kind, limit in kinds)), participants.c
    )


def _longest_named(kind: sa.ColumnElement[bool], limit: int) -> sa.Select[Any]:
    columns = participants.c
    found = (
        sa.select(participants)
        .where(_SAME_NAME, kind)
        .order_by(columns.named_at, columns.joined_at, columns.user_id)
        .limit(limit)
    )
    return sa.select(found.subquery())


@functools.cache
def _change(names: tuple[str, ...]) -> Prepared:
    """The change of these columns: there are few sets of them."""
    return Prepared(
        participants.update()
        .where(_OF_ONE, participants.c.user_id == p("user_id"))
        .values({name: p(f"new_{name}") for name in names})
        .returning(*participants.c),
        participants.c,
    )


def _participant(row: Any) -> Participant:
    return Participant(
        conversation_id=row.conversation_id,
        user_id=row.user_id,
        username=row.username,
        session_id=row.session_id,
        role=ROLES[row.role],
        joined_at=row.joined_at,
        left_at=row.left_at,
        visits=row.visits,
        named_at=row.named_at,
        removed_at=row.removed_at,
        is_alike=row.is_alike,
    )
