"""Reactions: who reacted to a message, with what. How many they are stands with the message."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec.structs import replace

from parley.records import Message
from parley.storage.dialects import insert
from parley.storage.prepared import Prepared, p, values
from parley.storage.schema import messages, reactions

_THIS = sa.and_(
    reactions.c.conversation_id == p("conversation_id"),
    reactions.c.seq == p("seq"),
    reactions.c.emoji == p("emoji"),
)
_OF_ONE = sa.and_(_THIS, reactions.c.user_id == p("user_id"))
_ADD = Prepared(
    insert(reactions)
    .values(values([each for each in reactions.c if each.name != "id"]))
    .on_conflict_do_nothing()
)
_REMOVE = Prepared(reactions.delete().where(_OF_ONE))
_HAS = Prepared(sa.select(reactions.c.id).where(_OF_ONE), [reactions.c.id])
_AFTER = Prepared(
    sa.select(reactions.c.user_id)
    .where(_THIS, reactions.c.id > sa.select(reactions.c.id).where(_OF_ONE).scalar_subquery())
    .order_by(reactions.c.id)
    .limit(1),
    [reactions.c.user_id],
)
_KEEP = Prepared(
    messages.update()
    .where(messages.c.conversation_id == p("conversation_id"), messages.c.seq == p("seq"))
    .values(changed_seq=p("changed_seq"), reactions=p("reactions"))
)


def add(connection: sa.Connection, message: Message, emoji: str, user_id: str) -> bool:
    """Whether it is new: once they reacted so, doing it again adds nothing."""
    return bool(_ADD.write(connection, **_place(message, emoji), user_id=user_id))


def remove(connection: sa.Connection, message: Message, emoji: str, user_id: str) -> bool:
    """Whether there was anything to remove."""
    return bool(_REMOVE.write(connection, **_place(message, emoji), user_id=user_id))


def has(connection: sa.Connection, message: Message, emoji: str, user_id: str) -> bool:
    """Whether somebody reacted so, found by index."""
    return _HAS.first(connection, **_place(message, emoji), user_id=user_id) is not None


def after(connection: sa.Connection, message: Message, emoji: str, user_id: str) -> str | None:
    """Who reacted so next after somebody, found by index however many there are."""
    row = _AFTER.first(connection, **_place(message, emoji), user_id=user_id)
    return None if row is None else row.user_id


def keep(connection: sa.Connection, message: Message, sums: str | None, *, seq: int) -> Message:
    """The message with what its reactions come to now; `seq` is that of the change."""
    _KEEP.write(
        connection,
        conversation_id=message.conversation_id,
        seq=message.seq,
        changed_seq=seq,
        reactions=sums,
    )
    return replace(message, changed_seq=seq, reactions=sums)


def _place(message: Message, emoji: str) -> dict[str, object]:
    return {"conversation_id": message.conversation_id, "seq": message.seq, "emoji": emoji}
