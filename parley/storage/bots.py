"""Bots, and what people ask of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
import sqlalchemy as sa

from parley.records import Ask, Bot, Command, May, Role
from parley.storage.prepared import Prepared, p
from parley.storage.schema import asks, bots, messages, participants, sessions

_commands = msgspec.json.Decoder(tuple[Command, ...])
_COLUMNS = [
    *bots.c,
    participants.c.username,
    participants.c.session_id,
    sessions.c.may,
    sessions.c.seen_at,
]
_ALL = (
    sa.select(*_COLUMNS)
    .join_from(
        bots,
        participants,
        sa.and_(
            participants.c.conversation_id == bots.c.conversation_id,
            participants.c.user_id == bots.c.user_id,
        ),
    )
    .join(sessions, sessions.c.id == participants.c.session_id)
    .where(bots.c.conversation_id == p("conversation_id"))
)
_OF = Prepared(_ALL.order_by(bots.c.created_at, bots.c.user_id), _COLUMNS)
_FIND = Prepared(_ALL.where(bots.c.user_id == p("user_id")), _COLUMNS)
_IS_IT = (bots.c.conversation_id == p("conversation_id"), bots.c.user_id == p("user_id"))
_NOTE = Prepared(bots.update().where(*_IS_IT).values(acted_at=p("at")))
_SAID = [messages.c.user_id, messages.c.role, messages.c.sent_at]
_LATEST = Prepared(
    sa.select(*_SAID)
    .where(messages.c.conversation_id == p("conversation_id"))
    .order_by(messages.c.seq.desc())
    .limit(p("limit")),
    _SAID,
)
_ASK_COLUMNS = [*asks.c, participants.c.username]
_ASK = Prepared(
    sa.select(*_ASK_COLUMNS)
    .join_from(
        asks,
        participants,
        sa.and_(
            participants.c.conversation_id == asks.c.conversation_id,
            participants.c.user_id == asks.c.user_id,
        ),
    )
    .where(asks.c.conversation_id == p("conversation_id"), asks.c.id == p("id")),
    _ASK_COLUMNS,
)


class Said(NamedTuple):
    """Who said something, and when."""

    user_id: str
    is_bots: bool
    sent_at: datetime


def insert(connection: sa.Connection, conversation_id: int, user_id: str, *, at: datetime) -> None:
    connection.execute(
        bots.insert().values(conversation_id=conversation_id, user_id=user_id, created_at=at)
    )


def of(connection: sa.Connection, conversation_id: int) -> tuple[Bot, ...]:
    """Those of a conversation, the oldest first."""
    return tuple(_bot(row) for row in _OF.run(connection, conversation_id=conversation_id))


def find(connection: sa.Connection, conversation_id: int, user_id: str) -> Bot | None:
    row = _FIND.first(connection, conversation_id=conversation_id, user_id=user_id)
    return None if row is None else _bot(row)


def note_acted(
    connection: sa.Connection, conversation_id: int, user_id: str, *, at: datetime
) -> None:
    _NOTE.write(connection, conversation_id=conversation_id, user_id=user_id, at=at)


def declare(
    connection: sa.Connection, conversation_id: int, user_id: str, commands: Sequence[Command]
) -> None:
    """What it does when it is called, in place of what it did before."""
    connection.execute(
        bots.update()
        .where(bots.c.conversation_id == conversation_id, bots.c.user_id == user_id)
        .values(commands=msgspec.json.encode(commands).decode())
    )


def erase(connection: sa.Connection, conversation_id: int, user_id: str) -> None:
    """With all that is asked of it. Its participant and its session stay."""
    of_it = asks.c.conversation_id == conversation_id
    connection.execute(asks.delete().where(of_it, asks.c.bot == user_id))
    connection.execute(
        bots.delete().where(bots.c.conversation_id == conversation_id, bots.c.user_id == user_id)
    )


def latest_said(connection: sa.Connection, conversation_id: int, *, limit: int) -> list[Said]:
    """Who spoke last, the latest first."""
    rows = _LATEST.run(connection, conversation_id=conversation_id, limit=limit)
    return [Said(row.user_id, row.role == Role.BOT.value, row.sent_at) for row in rows]


# --- what is asked of them ---


def ask(connection: sa.Connection, asked: Ask) -> None:
    fields = msgspec.structs.asdict(asked)
    del fields["username"]  # as they are called when it is read
    connection.execute(asks.insert().values(**fields))


def asked(connection: sa.Connection, conversation_id: int, id: str) -> Ask | None:
    row = _ASK.first(connection, conversation_id=conversation_id, id=id)
    return None if row is None else _ask(row)


def answered(connection: sa.Connection, conversation_id: int, id: str) -> bool:
    """It waits no more; whether it did."""
    gone = asks.delete().where(asks.c.conversation_id == conversation_id, asks.c.id == id)
    return bool(connection.execute(gone).rowcount)


def forget_asked(connection: sa.Connection, *, before: datetime) -> int:
    """What nobody waits for any more; how many."""
    return connection.execute(asks.delete().where(asks.c.asked_at < before)).rowcount


def _bot(row: Any) -> Bot:
    seen = max(filter(None, (row.acted_at, row.seen_at)), default=None)
    return Bot(
        row.conversation_id,
        row.user_id,
        row.username,
        row.session_id,
        May(row.may or 0),
        row.created_at,
        seen,
        _commands.decode(row.commands),
    )


def _ask(row: Any) -> Ask:
    kind: Literal["command", "button"] = "button" if row.kind == "button" else "command"
    return Ask(
        row.conversation_id,
        row.id,
        row.bot,
        row.user_id,
        row.username,
        kind,
        row.name,
        row.text,
        row.message_id,
        row.asked_at,
    )
