"""New keys of encrypted conversations."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from parley.contract.terms import EpochRecord, ReadProof, UserId


class EpochBody(Struct, kw_only=True):
    """`record` is what docs/encryption.md calls the record of an epoch, whose number is the next.
    `read_proof_hash` is the SHA-256 hash of what readers have to show from then on. `remove` is the
    `user_id` of somebody who is removed with it, as by `remove`: both happen, or nothing.
    """

    record: EpochRecord
    read_proof_hash: ReadProof
    remove: UserId | None = None


class EpochReply(Struct, kw_only=True):
    success: Literal[True] = True
    number: int


class KeptEpoch(Struct, kw_only=True):
    number: int
    record: str


class EpochsReply(Struct, kw_only=True):
    """The records of the keys after the one asked for, in order. `epoch` is the number of the key
    there is now. With `has_more` ask again after the last.
    """

    success: Literal[True] = True
    epoch: int
    epochs: list[KeptEpoch]
    has_more: bool
