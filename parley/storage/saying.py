"""Storing what is said at once: the messages, and how many each conversation has by then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from parley.records import Message
from parley.storage.dialects import insert
from parley.storage.messages import LATER, MORE
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import conversations, messages, milliseconds

_ROLE_NAMES = {role: name for name, role in ROLES.items()}
_SAID_ONCE: dict[str, Any] = {
    "index_elements": [messages.c.conversation_id, messages.c.session_id, messages.c.client_id],
    "index_where": messages.c.client_id.is_not(None),
}


def _saying(*empty: str) -> Prepared:
    return Prepared(
        insert(messages)
        .values(values(messages.c, **dict.fromkeys(empty, sa.null())))
        .on_conflict_do_nothing(**_SAID_ONCE)
    )


_SAY_PLAIN = _saying(*LATER, *MORE)
_SAY = _saying(*LATER)
_COUNT = Prepared(
    conversations.update()
    .where(conversations.c.id == p("id"))
    .values(
        seq=p("seq"),
        message_count=conversations.c.message_count + p("count"),
        last_activity_at=p("at"),
    )
)


def _saying_together() -> Prepared:
    """All of it in one statement, which counts what it stored; in PostgreSQL, where each costs a
    round trip, and its values most of all. SQLite knows none such.
    """
    columns = [column for column in messages.c if column.name not in LATER]
    given = (
        sa.func.json_to_recordset(sa.cast(p("said", sa.Text), sa.JSON))
        .table_valued(*(sa.column(column.name, _plain(column)) for column in columns), name="given")
        .render_derived(with_types=True)
    )
    said = (
        insert(messages)
        .from_select([column.name for column in columns], sa.select(*given.c))
        .on_conflict_do_nothing(**_SAID_ONCE)
        .returning(messages.c.conversation_id, messages.c.seq, messages.c.sent_at)
        .cte("said")
    )
    new = (
        sa.select(
            said.c.conversation_id,
            sa.func.max(said.c.seq).label("seq"),
            sa.func.count().label("count"),
            sa.func.max(said.c.sent_at).label("at"),
        )
        .group_by(said.c.conversation_id)
        .subquery("new")
    )
    counted = (
        conversations.update()
        .where(conversations.c.id == new.c.conversation_id)
        .values(
            seq=new.c.seq,
            message_count=conversations.c.message_count + new.c.count,
            last_activity_at=new.c.at,
        )
        .cte("counted")
    )
    stored = sa.func.count().label("stored")
    return Prepared(sa.select(stored).select_from(said).add_cte(counted), [stored])


def _plain(column: sa.Column[Any]) -> sa.types.TypeEngine[Any]:
    """How it is stored: what names no type of its own is another table's key."""
    if isinstance(column.type, sa.Text | sa.Boolean):
        return column.type
    return sa.BigInteger()


_SAY_TOGETHER = _saying_together()
_encoder = msgspec.json.Encoder()


def say(
    connection: sa.Connection,
    said: Sequence[tuple[Message, int]],
    counted: Mapping[int, tuple[int, int]],
    *,
    at: datetime,
) -> bool:
    """Store messages, each with the session that said it, and count them; `counted` has by
    conversation the seq of the newest of its messages, and how many are new.

    Whether all were stored. Where it isn't so, their session said some before under the same
    client_id, and conversations are counted wrong: only of a single one all is then as it was.
    """
    if connection.dialect.name == "postgresql":
        at_ms = milliseconds(at)
        rows = [_row(message, session_id, at_ms) for message, session_id in said]
        found = _SAY_TOGETHER.first(connection, said=_encoder.encode(rows).decode())
        return bool(found.stored == len(said))
    plain: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for message, session_id in said:
        row = _row(message, session_id, message.sent_at)
        (others if "parts" in row else plain).append(row)
    stored = _SAY_PLAIN.write_many(connection, plain) if plain else 0
    if others:
        stored += _SAY.write_many(connection, others)
    if stored != len(said):
        return False
    _COUNT.write_many(
        connection,
        [{"id": id, "seq": seq, "count": count, "at": at} for id, (seq, count) in counted.items()],
    )
    return True


def _row(message: Message, session_id: int, at: Any) -> dict[str, Any]:
    """By the names of columns; without those that most messages have nothing in, if it has not."""
    row: dict[str, Any] = {
        "conversation_id": message.conversation_id,
        "seq": message.seq,
        "id": message.id,
        "changed_seq": message.changed_seq,
        "session_id": session_id,
        "user_id": message.user_id,
        "username": message.username,
        "text": message.text,
        "type": message.type,
        "sent_at": at,
        "client_id": message.client_id,
        "role": _ROLE_NAMES[message.role],
        "is_alike": message.is_alike,
        "is_unproven": message.is_unproven,
    }
    answered = message.answered
    if (
        answered is not None
        or message.parts is not None
        or message.mentions is not None
        or message.attachments is not None
        or message.buttons is not None
    ):
        row["reply_seq"] = None if answered is None else answered.seq
        row["reply_id"] = None if answered is None else answered.id
        for name in ("mentions", "parts", "attachments", "buttons"):
            row[name] = getattr(message, name)
    return row
