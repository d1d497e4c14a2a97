"""What was reported."""

from __future__ import annotations

from typing import cast

from parley import contract, records
from parley.present.fields import timestamp


def report(record: records.Report, *, is_host: bool = False) -> contract.Report:
    """As owners see it, or the host."""
    resolved_at = record.host_resolved_at if is_host else record.resolved_at
    told = contract.Report(
        id=record.id,
        at=timestamp(record.made_at),
        resolved=resolved_at is not None,
        user_id=record.user_id,
        username=record.username,
        complaints=[
            contract.Complaint(reason=cast(contract.ReasonName, each.reason), words=each.words)
            for each in record.complaints
        ],
    )
    if record.message_id is not None and record.seq is not None and record.sent_at is not None:
        told.message_id, told.seq = record.message_id, record.seq
        told.sent_at = timestamp(record.sent_at)
        told.text, told.files = record.text, list(record.files)
        if record.is_told:
            told.by_word = True
    return told
