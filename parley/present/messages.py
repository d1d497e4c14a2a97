"""Messages: one, what changed, and what their sender is told."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

import msgspec
from msgspec import UNSET, Raw

from parley import contract, records
from parley.present.excerpts import excerpt
from parley.present.fields import marked_role, or_unset, timestamp
from parley.present.files import attachments

_MEMBER = records.Role.MEMBER
_REACTIONS = msgspec.json.Decoder(list[contract.Reaction])


def message(record: records.Message, own: Collection[tuple[str, str]] = ()) -> contract.Message:
    """`own`: reactions of whoever it is for, by its id and the emoji, that it does not name."""
    said = contract.Message(
        id=record.id,
        seq=record.seq,
        changed_seq=record.changed_seq,
        user_id=record.user_id,
        username=record.username,
        message=record.text,
        type=record.type,
        timestamp=timestamp(record.sent_at),
    )
    # Afterwards, and only what there is: msgspec takes four times as long for all of them at once.
    if record.client_id is not None:
        said.client_id = record.client_id
    if record.role is not _MEMBER:
        said.role = marked_role(record.role)
    if record.is_alike:
        said.alike = True
    if record.is_unproven:
        said.unproven = True
    if record.answered is not None:
        said.reply_to = answered(record.answered)
    if record.mentions is not None:
        said.mentions = _as_stored(record.mentions)
    if record.parts is not None:
        if record.type == records.CALL:
            said.call = _as_stored(record.parts)
        else:
            said.parts = _as_stored(record.parts)
    if record.attachments is not None:
        said.attachments = attachments(record.attachments)
    if record.deleted_at is not None:
        said.deleted = True
    if record.edited_at is not None:
        said.edited_at = timestamp(record.edited_at)
    if record.pinned_at is not None:
        said.pinned = True
    if record.reactions is not None:
        said.reactions = _marked(record.id, record.reactions, own)
    if record.buttons is not None:
        said.buttons = _as_stored(record.buttons)
    return said


def answered(record: records.Answered) -> contract.Answered:
    return contract.Answered(
        id=record.id,
        seq=record.seq,
        user_id=record.user_id,
        username=record.username,
        excerpt=excerpt(record.begins),
        deleted=record.is_gone or UNSET,
    )


def _marked(id: str, reactions: str, own: Collection[tuple[str, str]]) -> Any:
    if not own:
        return _as_stored(reactions)
    found = _REACTIONS.decode(reactions)
    for each in found:
        each.own = (id, each.emoji) in own or UNSET
    return Raw(msgspec.json.encode(found))


def _as_stored(text: str) -> Any:
    """It is kept as it is sent, and written into each message without being read."""
    return cast(Any, Raw(text.encode()))


def changes(record: records.Changes) -> contract.SyncAck:
    return contract.SyncAck(
        seq=record.seq,
        messages=[message(changed) for changed in record.messages],
        more=record.more,
        is_active=record.is_active,
        erased_through=or_unset(record.erased_through),
        epoch=UNSET if record.epoch is None else record.epoch,
    )


def sent(record: records.Message, *, duplicate: bool) -> contract.SendAck:
    return contract.SendAck(
        id=record.id, seq=record.seq, timestamp=timestamp(record.sent_at), duplicate=duplicate
    )
