"""Messages: one, what changed, and what their sender is told."""

from __future__ import annotations

from msgspec import UNSET

from parley import contract, records
from parley.present.fields import or_unset, timestamp


def message(record: records.Message) -> contract.Message:
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
    )


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
