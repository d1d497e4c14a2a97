"""Everything that was said, read for an export: many messages at once, page by page.

What a message is read with for a page of the history costs more than all else that an export
does with it, so here the rows are taken as the driver gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from parley.records import Answered, File, Message
from parley.storage import files as stored_files
from parley.storage.messages import BEGINS_CHARS
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, p
from parley.storage.schema import EPOCH, files, messages, moment, reactions

LOT_ROWS = 64
"""Read at once, before it is looked how long they are."""

_answered = messages.alias("answered")
_m = messages.c
_PAGE = Prepared(
    sa.select(
        *(_m.seq, _m.id, _m.changed_seq, _m.user_id, _m.username, _m.text, _m.type, _m.sent_at),
        *(_m.client_id, _m.role, _m.is_alike, _m.is_unproven),
        *(_m.deleted_at, _m.edited_at, _m.pinned_at, _m.mentions, _m.parts, _m.reactions),
        *(_m.attachments, _m.reply_seq, _m.reply_id),
        _answered.c.user_id.label("answered_user_id"),
        _answered.c.username.label("answered_username"),
        sa.func.substr(_answered.c.text, 1, BEGINS_CHARS).label("answered_begins"),
        _answered.c.deleted_at.label("answered_deleted_at"),
    )
    .join_from(
        messages,
        _answered,
        sa.and_(_answered.c.conversation_id == _m.conversation_id, _answered.c.seq == _m.reply_seq),
        isouter=True,
    )
    .where(_m.conversation_id == p("conversation_id"), _m.seq > p("after"), _m.seq <= p("through"))
    .order_by(_m.seq)
    .limit(p("limit"))
)


def page(
    connection: sa.Connection,
    conversation_id: int,
    *,
    after: int,
    through: int,
    limit: int,
    chars: int,
) -> list[Message]:
    """The first `limit` messages after the seq `after`, up to `through`; fewer where they have
    more than `chars` characters together.
    """
    found: list[Message] = []
    given = {"conversation_id": conversation_id, "after": after, "through": through, "limit": limit}
    length = 0
    for rows in _PAGE.in_lots(connection, LOT_ROWS, **given):
        for row in rows:
            said = _message(conversation_id, row)
            found.append(said)
            more = (said.parts, said.reactions, said.attachments)
            length += len(said.text) + sum(len(each or "") for each in more)
            if length > chars:
                return found
    return found


def _message(conversation_id: int, row: Sequence[Any]) -> Message:
    seq, id, changed_seq, user_id, username, text, type, sent_at, *later = row
    client_id, role, is_alike, is_unproven, deleted_at, edited_at, pinned_at, *more = later
    mentions, parts, reactions, attachments, reply_seq, reply_id, *answered = more
    answered_user_id, answered_username, begins, answered_deleted_at = answered
    return Message(
        conversation_id,
        seq,
        id,
        changed_seq,
        user_id,
        username,
        text,
        type,
        EPOCH + timedelta(milliseconds=sent_at),
        client_id,
        ROLES[role],
        bool(is_alike),
        bool(is_unproven),
        moment(deleted_at),
        moment(edited_at),
        moment(pinned_at),
        None
        if reply_seq is None
        else Answered(
            id=reply_id,
            seq=reply_seq,
            user_id=answered_user_id or "",
            username=answered_username or "",
            begins=begins or "",
            is_gone=answered_user_id is None or answered_deleted_at is not None,
        ),
        mentions,
        parts,
        reactions,
        attachments,
    )


def who_reacted(connection: sa.Connection, conversation_id: int, seq: int) -> dict[str, list[str]]:
    """The user_ids of all who reacted to a message, by the emoji, in the order they did."""
    found: dict[str, list[str]] = {}
    for emoji, user_id in connection.execute(
        sa.select(reactions.c.emoji, reactions.c.user_id)
        .where(reactions.c.conversation_id == conversation_id, reactions.c.seq == seq)
        .order_by(reactions.c.id)
    ):
        found.setdefault(emoji, []).append(user_id)
    return found


def files_of(connection: sa.Connection, conversation_id: int, seqs: Sequence[int]) -> list[File]:
    """Those that these messages name."""
    rows = connection.execute(
        sa.select(files)
        .where(files.c.conversation_id == conversation_id, files.c.seq.in_(seqs))
        .order_by(files.c.seq, files.c.id)
    )
    return [stored_files.file_of(row) for row in rows]


def files_after(
    connection: sa.Connection, conversation_id: int, *, after: int, through: int, limit: int
) -> list[File]:
    """Those of the first messages after the seq `after` that name any, up to `through`."""
    named = (
        sa.select(files.c.seq)
        .distinct()
        .where(
            files.c.conversation_id == conversation_id,
            files.c.seq > after,
            files.c.seq <= through,
        )
        .order_by(files.c.seq)
        .limit(limit)
    )
    return files_of(connection, conversation_id, connection.execute(named).scalars().all())
