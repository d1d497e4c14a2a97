"""Names under which somebody spoke before they took another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import FormerName, Participant
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import former_names

STEP_ROWS = 25
"""Erased by one statement; then the time is looked at."""

_OF_ONE = former_names.c.conversation_id == p("conversation_id")
_SAME_NAME = former_names.c.name_key == p("name_key")
_OF_USER = (_OF_ONE, former_names.c.user_id == p("user_id"))
_GIVEN_UP = (_OF_ONE, former_names.c.given_up_at < p("before"))
_RANK = (former_names.c.role.desc(), former_names.c.named_at, former_names.c.user_id)
_INSERT = Prepared(
    former_names.insert().values(
        values(column for column in former_names.c if column is not former_names.c.id)
    )
)
_FOREMOST = Prepared(
    sa.select(former_names).where(_OF_ONE, _SAME_NAME).order_by(*_RANK).limit(p("limit")),
    former_names.c,
)
_OWN = Prepared(
    sa.select(former_names).where(*_OF_USER, _SAME_NAME).order_by(former_names.c.named_at),
    former_names.c,
)
_TAKE_BACK = Prepared(former_names.delete().where(*_OF_USER, _SAME_NAME))
_COUNT = sa.func.count().label("count")
_COUNT_OWN = Prepared(
    sa.select(_COUNT).select_from(former_names).where(*_OF_USER),
    (_COUNT,),
)
_IS_GIVEN_UP = Prepared(
    sa.select(former_names.c.id).where(*_GIVEN_UP).limit(1), (former_names.c.id,)
)
_ERASE = Prepared(
    former_names.delete().where(
        former_names.c.id.in_(sa.select(former_names.c.id).where(*_GIVEN_UP).limit(p("limit")))
    )
)


def insert(connection: sa.Connection, person: Participant, name_key: str, *, at: datetime) -> None:
    """They have the name no longer that is theirs in `person`; its key is this."""
    _INSERT.write(
        connection,
        conversation_id=person.conversation_id,
        user_id=person.user_id,
        username=person.username,
        name_key=name_key,
        role=person.role.value,
        named_at=person.named_at,
        is_alike=person.is_alike,
        given_up_at=at,
    )


def foremost(
    connection: sa.Connection, conversation_id: int, name_key: str, *, limit: int
) -> list[FormerName]:
    """Of all who gave up a name with this key: owners before all, then who had it first."""
    rows = _FOREMOST.run(
        connection, conversation_id=conversation_id, name_key=name_key, limit=limit
    )
    return [_former_name(row) for row in rows]


def own(connection: sa.Connection, person: Participant, name_key: str) -> FormerName | None:
    """What they gave up themselves; None where they never spoke under a name with this key."""
    row = _OWN.first(connection, **_of(person), name_key=name_key)
    return None if row is None else _former_name(row)


def take_back(connection: sa.Connection, person: Participant, name_key: str) -> None:
    """They have it again: it is none that they gave up."""
    _TAKE_BACK.write(connection, **_of(person), name_key=name_key)


def count(connection: sa.Connection, person: Participant) -> int:
    """How many they gave up that are remembered."""
    found: int = _COUNT_OWN.first(connection, **_of(person)).count
    return found


def is_any_from_before(
    connection: sa.Connection, conversation_id: int, *, before: datetime
) -> bool:
    """Whether one was given up before then: all that was said under it is older still."""
    return (
        _IS_GIVEN_UP.first(connection, conversation_id=conversation_id, before=before) is not None
    )


def erase_from_before(
    connection: sa.Connection,
    conversation_id: int,
    *,
    before: datetime,
    is_time_left: Callable[[], bool],
) -> bool:
    """Erase those, while there is time; whether all of them went."""
    given = {"conversation_id": conversation_id, "before": before, "limit": STEP_ROWS}
    while _ERASE.write(connection, **given) == STEP_ROWS:
        if not is_time_left():
            return False
    return True


def _of(person: Participant) -> dict[str, Any]:
    return {"conversation_id": person.conversation_id, "user_id": person.user_id}


def _former_name(row: Any) -> FormerName:
    return FormerName(row.user_id, ROLES[row.role], row.named_at, row.is_alike)
