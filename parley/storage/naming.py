"""Whose names can be taken for one another: the queries of `domain/naming.py`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import sqlalchemy as sa

from parley.records import Participant, Role
from parley.storage.dialects import Pairs, pairs
from parley.storage.participants import ALL, OF_ONE, PRESENT, participant
from parley.storage.prepared import Prepared, p
from parley.storage.schema import SPOKEN, former_names, participants

FEW = 8
"""So many of one name are read faster all at once than those among them who count."""
UNMARKED_MAX = 100
"""So many are marked at once, however many should be: each is told to everybody."""
_SAME_NAME = sa.and_(OF_ONE, participants.c.name_key == p("name_key"))
_HOLDS = participants.c.removed_at.is_(None)
_MARKED, _UNMARKED = (participants.c.is_alike == is_alike for is_alike in (sa.true(), sa.false()))
_IS_HELD, _IS_KEPT, _IS_FORMER = (
    sa.Column(name, sa.Integer) for name in ("is_held", "is_kept", "is_former")
)
_OF_FORMER = (
    former_names.c.conversation_id == p("conversation_id"),
    former_names.c.name_key == p("name_key"),
)
_TAKEN = Prepared(
    sa.select(
        sa.exists().where(_SAME_NAME, _HOLDS),
        sa.exists().where(_SAME_NAME, participants.c.removed_at.is_not(None), _UNMARKED),
        sa.exists().where(*_OF_FORMER),
    ),
    (_IS_HELD, _IS_KEPT, _IS_FORMER),
)
_asked = pairs(p("asked", Pairs())).table_valued(
    sa.column("number", sa.BigInteger), sa.column("text", sa.Text), name="asked"
)
_ANY_TAKEN = Prepared(
    sa.select(*_asked.c).where(
        sa.or_(
            *(
                sa.exists().where(
                    table.c.conversation_id == _asked.c.number,
                    table.c.name_key == _asked.c.text,
                    *conditions,
                )
                for table, conditions in (
                    (participants, (_HOLDS,)),
                    (participants, (participants.c.removed_at.is_not(None), _UNMARKED)),
                    (former_names, ()),
                )
            )
        )
    ),
    _asked.c,
)
_MARKS = Prepared(
    sa.select(participants.c.is_alike, sa.exists().where(*_OF_FORMER))
    .where(_SAME_NAME, _HOLDS)
    .limit(FEW + 1),
    (participants.c.is_alike, _IS_FORMER),
)
_NEXT_KEY = Prepared(
    sa.select(participants.c.name_key)
    .where(OF_ONE, participants.c.name_key >= p("name_key"), _HOLDS)
    .order_by(participants.c.name_key)
    .limit(1),
    (participants.c.name_key,),
)
_HOLDERS = Prepared(ALL.where(_SAME_NAME, _HOLDS), participants.c)
_KEYED = (
    participants.c.conversation_id,
    participants.c.user_id,
    participants.c.username,
    participants.c.name_key,
)
_REKEY = Prepared(
    participants.update()
    .where(
        OF_ONE,
        participants.c.user_id == p("user_id"),
        participants.c.username == p("username"),
    )
    .values(name_key=p("new_name_key"))
)
_REKEY_FORMER = Prepared(
    former_names.update().where(former_names.c.id == p("id")).values(name_key=p("new_name_key"))
)


class Keyed(NamedTuple):
    conversation_id: int
    user_id: str
    username: str
    name_key: str
    former_id: int | None = None
    """Where it is a name that they gave up: its row."""


class Held(NamedTuple):
    conversation_id: int
    name_key: str
    is_shared: bool
    """Whether several hold it, or one who is marked; or another spoke under it before."""


class Taken(NamedTuple):
    is_held: int
    """Whether anybody has such a name who was not removed."""
    is_kept: int
    """Whether anybody unmarked was removed under it."""
    is_former: int
    """Whether anybody spoke under it who has another now."""


class Marks(NamedTuple):
    of_holders: list[bool]
    """Of those who hold it, whether each is marked: `FEW` and one at most."""
    is_former: bool
    """Whether anybody spoke under it who has another now; unknown where nobody holds it."""


def taken(connection: sa.Connection, conversation_id: int, name_key: str) -> Taken:
    """Who has, or had, a name that can be taken for one with this key."""
    row = _TAKEN.first(connection, conversation_id=conversation_id, name_key=name_key)
    return Taken(row.is_held, row.is_kept, row.is_former)


def any_taken(connection: sa.Connection, keys: Collection[tuple[int, str]]) -> set[tuple[int, str]]:
    """Of these conversations and keys, those that anybody has, or had, such a name of."""
    return {(row[0], row[1]) for row in _ANY_TAKEN.run(connection, asked=keys)}


def marks(connection: sa.Connection, conversation_id: int, name_key: str) -> Marks:
    """What tells whether there is anybody to mark of a name with this key."""
    rows = _MARKS.run(connection, conversation_id=conversation_id, name_key=name_key)
    return Marks([row.is_alike for row in rows], any(row.is_former for row in rows))


def next_key(connection: sa.Connection, conversation_id: int, name_key: str) -> str | None:
    """The first key, from this one on, of a name that somebody holds."""
    row = _NEXT_KEY.first(connection, conversation_id=conversation_id, name_key=name_key)
    return None if row is None else str(row.name_key)


def holders(
    connection: sa.Connection, conversation_id: int, name_key: str
) -> tuple[Participant, ...]:
    """All who hold a name with this key. Ask for them where there are few."""
    rows = _HOLDERS.run(connection, conversation_id=conversation_id, name_key=name_key)
    return tuple(participant(row) for row in rows)


def foremost(
    connection: sa.Connection, conversation_id: int, name_key: str
) -> tuple[Participant, ...]:
    """Of the holders, however many: who decides which is the first, and whose mark depends on it.

    These are the first of all, the first of those who are here or own the conversation, and the
    first `UNMARKED_MAX` of the latter who bear no mark: one or two, unless marks are behind. And
    the first of those who have spoken under it.
    """
    rows = _FOREMOST.run(connection, conversation_id=conversation_id, name_key=name_key)
    return tuple({row.user_id: participant(row) for row in rows}.values())


def after(
    connection: sa.Connection, conversation_id: int, user_id: str, *, limit: int
) -> list[Keyed]:
    """The names of everybody, in every conversation, from the one that comes after this one."""
    rows = connection.execute(
        sa.select(*_KEYED)
        .where(
            sa.tuple_(participants.c.conversation_id, participants.c.user_id)
            > sa.tuple_(conversation_id, user_id)
        )
        .order_by(participants.c.conversation_id, participants.c.user_id)
        .limit(limit)
    )
    return [Keyed(*row) for row in rows]


def kept(connection: sa.Connection) -> list[Keyed]:
    """The same of everybody who was removed: an index holds them alone."""
    rows = connection.execute(sa.select(*_KEYED).where(participants.c.removed_at.is_not(None)))
    return [Keyed(*row) for row in rows]


def former_after(connection: sa.Connection, id: int, *, limit: int) -> list[Keyed]:
    """The names that were given up, in every conversation, from the row that comes after this."""
    columns = former_names.c
    rows = connection.execute(
        sa.select(
            columns.conversation_id,
            columns.user_id,
            columns.username,
            columns.name_key,
            columns.id,
        )
        .where(columns.id > id)
        .order_by(columns.id)
        .limit(limit)
    )
    return [Keyed(*row) for row in rows]


def rekey(connection: sa.Connection, person: Keyed, name_key: str) -> None:
    """Nothing happens if their name is another by now."""
    if person.former_id is not None:
        _REKEY_FORMER.write(connection, id=person.former_id, new_name_key=name_key)
        return
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
                sa.exists().where(
                    former_names.c.conversation_id == participants.c.conversation_id,
                    former_names.c.name_key == participants.c.name_key,
                ),
            ),
        )
        .where(_HOLDS, sa.tuple_(*names) > sa.tuple_(conversation_id, name_key))
        .group_by(*names)
        .order_by(*names)
        .limit(limit)
    )
    return [Held(*row) for row in rows]


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
        (SPOKEN, 1),
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


_FOREMOST = _foremost()
