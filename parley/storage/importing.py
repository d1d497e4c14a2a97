"""Storing what was said elsewhere: many rows at once, in a conversation that nobody finds yet."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Conversation, Role
from parley.storage import conversations as stored
from parley.storage.prepared import Prepared, execute_many, p
from parley.storage.schema import (
    conversations,
    messages,
    milliseconds,
    participants,
    reactions,
    sessions,
)

_MESSAGE = (
    *("conversation_id", "seq", "id", "changed_seq", "session_id", "user_id", "username"),
    *("text", "type", "sent_at", "deleted_at", "is_alike", "edited_at", "pinned_at"),
    *("reply_seq", "reply_id", "mentions", "parts", "reactions", "attachments"),
)
"""The columns that an imported message has something in."""
_PERSON = (
    *("conversation_id", "user_id", "username", "session_id", "role", "joined_at", "left_at"),
    *("visits", "is_alike", "name_key", "named_at", "has_spoken", "is_imported"),
)
_REACTION = ("conversation_id", "seq", "emoji", "user_id")
_LEFT = Prepared(
    sa.select(conversations.c.id).where(conversations.c.importing_at < p("before")),
    [conversations.c.id],
)
_IS_OPEN = Prepared(
    sa.select(conversations.c.id).where(
        conversations.c.id == p("id"), conversations.c.importing_at.is_not(None)
    ),
    [conversations.c.id],
)


def hide(connection: sa.Connection, conversation_id: int, *, at: datetime) -> None:
    """Nobody finds it until it is shown; if that never happens, it counts as deleted."""
    connection.execute(
        conversations.update()
        .where(conversations.c.id == conversation_id)
        .values(deleted_at=at, importing_at=at)
    )


def is_open(connection: sa.Connection, conversation_id: int) -> bool:
    """Whether it is still being imported: not since given up, as by a start."""
    return _IS_OPEN.first(connection, id=conversation_id) is not None


def show(
    connection: sa.Connection, conversation_id: int, *, seq: int, at: datetime
) -> Conversation:
    """All of it is there. From now on it is found."""
    return stored.change(
        connection,
        conversation_id,
        deleted_at=None,
        importing_at=None,
        seq=seq,
        message_count=seq,
        last_activity_at=at,
    )


def give_up(connection: sa.Connection, conversation_id: int) -> None:
    """What there is of it is to be erased."""
    connection.execute(
        conversations.update()
        .where(conversations.c.id == conversation_id, conversations.c.importing_at.is_not(None))
        .values(importing_at=None)
    )


def give_up_all(connection: sa.Connection, *, before: datetime) -> int:
    """What a server that was ended left half done is to be erased, if it began before then; how
    many.
    """
    found = _LEFT.run(connection, before=before)
    for row in found:
        give_up(connection, row.id)
    return len(found)


def add_people(
    connection: sa.Connection, conversation_id: int, people: Iterable[Any], *, at: datetime
) -> dict[int, int]:
    """Participants whom nobody can speak as: each with a session whose secret nobody has.

    `people` as the scratch file has them; gives the ids of their sessions by their numbers.
    """
    ids, rows = {}, []
    at_ms = milliseconds(at)
    for n, user_id, name, name_key, is_alike, first, last in people:
        session_id = connection.execute(
            sessions.insert()
            .values(token_hash=secrets.token_bytes(32), created_at=at, token_used_at=at)
            .returning(sessions.c.id)
        ).scalar_one()
        ids[n] = session_id
        joined = at_ms if first is None else first
        left = at_ms if last is None else last
        who = (conversation_id, user_id, name, session_id, Role.MEMBER.value, joined, left)
        rows.append((*who, 0, is_alike, name_key, joined, first is not None, True))
    _add(connection, participants, _PERSON, rows)
    return ids


def add_messages(connection: sa.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    """In the order of `MESSAGE`, as they are stored."""
    _add(connection, messages, _MESSAGE, rows)


def add_reactions(connection: sa.Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    _add(connection, reactions, _REACTION, rows)


def _add(
    connection: sa.Connection,
    table: sa.Table,
    names: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> None:
    dialect = connection.dialect
    statement = _insert(table, names, "?" if dialect.paramstyle == "qmark" else "%s")
    truths = _truths(table, names) if dialect.supports_native_boolean else ()
    execute_many(connection, statement, [_with_truths(row, truths) for row in rows])


@functools.cache
def _insert(table: sa.Table, names: tuple[str, ...], place: str) -> str:
    known = [table.c[name].name for name in names]
    places = ", ".join([place] * len(known))
    return f"INSERT INTO {table.name} ({', '.join(known)}) VALUES ({places})"  # noqa: S608


@functools.cache
def _truths(table: sa.Table, names: tuple[str, ...]) -> tuple[int, ...]:
    """Where the scratch file, which is SQLite's, has 0 and 1 for what is true or not."""
    return tuple(at for at, name in enumerate(names) if isinstance(table.c[name].type, sa.Boolean))


def _with_truths(row: tuple[Any, ...], truths: tuple[int, ...]) -> Sequence[Any]:
    if not truths:
        return row
    values = list(row)
    for at in truths:
        values[at] = bool(values[at])
    return values
