"""Messages: one, what changed, and what their sender is told."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

import msgspec
from msgspec import UNSET, Raw

from parley import contract, records
from parley.present.excerpts import excerpt
from parley.present.fields import moment_or_unset, or_unset, timestamp
from parley.present.files import attachments

_REACTIONS = msgspec.json.Decoder(list[contract.Reaction])


def message(record: records.Message, own: Collection[tuple[str, str]] = ()) -> contract.Message:
    """`own`: reactions of whoever it is for, by its id and the emoji, that it does not name."""
    return contract.Message(
        id=record.id,
        seq=record.seq,
        changed_seq=record.changed_seq,
        user_id=record.user_id,
        username=record.username,
        message=record.text,
        type=record.type,
        timestamp=timestamp(record.sent_at),
        client_id=UNSET if record.client_id is None else record.client_id,
        deleted=UNSET if record.deleted_at is None else True,
        role="owner" if record.role is records.Role.OWNER else UNSET,
        alike=record.is_alike or UNSET,
        unproven=record.is_unproven or UNSET,
        edited_at=moment_or_unset(record.edited_at),
        pinned=UNSET if record.pinned_at is None else True,
        reply_to=UNSET if record.answered is None else answered(record.answered),
        mentions=_as_stored(record.mentions),
        parts=_as_stored(record.parts),
        reactions=_marked(record, own) if own else _as_stored(record.reactions),
        attachments=attachments(record.attachments),
    )


def answered(record: records.Answered) -> contract.Answered:
    return contract.Answered(
        id=record.id,
        seq=record.seq,
        user_id=record.user_id,
        username=record.username,
        excerpt=excerpt(record.begins),
        deleted=record.is_gone or UNSET,
    )


def _marked(record: records.Message, own: Collection[tuple[str, str]]) -> Any:
    if record.reactions is None:
        return UNSET
    found = _REACTIONS.decode(record.reactions)
    for each in found:
        each.own = (record.id, each.emoji) in own or UNSET
    return Raw(msgspec.json.encode(found))


def _as_stored(text: str | None) -> Any:
    """It is kept as it is sent, and written into each message without being read."""
    return UNSET if text is None else cast(Any, Raw(text.encode()))


def changes(record: records.Changes) -> contract.SyncAck:
    return contract.SyncAck(
        seq=record.seq,
        messages=[message(changed) for changed in record.messages],
        more=record.more,
        is_active=record.is_active,
        erased_through=or_unset(record.erased_through),
    )


def sent(record: records.Message, *, duplicate: bool) -> contract.SendAck:
    return contract.SendAck(
        id=record.id, seq=record.seq, timestamp=timestamp(record.sent_at), duplicate=duplicate
    )
