"""The keys of encrypted conversations, after the first."""

from __future__ import annotations

from msgspec import Struct


class KeptEpoch(Struct, frozen=True):
    """What a founder made for those who stay, as it is kept for them."""

    number: int
    record: bytes
