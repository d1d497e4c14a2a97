"""Claims: who claims to be whom."""

from __future__ import annotations

from parley import contract, records
from parley.present.fields import timestamp


def claim(record: records.Claim) -> contract.Claim:
    return contract.Claim(
        user_id=record.user_id,
        username=record.username,
        claimed_id=record.claimed_id,
        claimed_name=record.claimed_name,
        asked_at=timestamp(record.asked_at),
    )
