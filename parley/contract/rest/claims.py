"""Who is who: people whose words were imported, and members who claim to be them."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from parley.contract.objects import Claim


class ImportedPerson(Struct, kw_only=True):
    """Somebody whose words were imported, and whom nobody has become yet."""

    user_id: str
    username: str


class WhoIsWhoReply(Struct, kw_only=True):
    success: Literal[True] = True
    people: list[ImportedPerson]
    """By name."""
    claimed_id: str | UnsetType = UNSET
    """Whom you claimed to be last."""
    declined: bool | UnsetType = UNSET
    """True if an owner didn't agree. You can ask again."""
    claims: list[Claim] | UnsetType = UNSET
    """For owners: who waits for an answer, the longest waiting first."""


class ClaimReply(Struct, kw_only=True):
    """`agreed`, as owners need nobody's word: join again to speak as them."""

    success: Literal[True] = True
    state: Literal["waiting", "agreed"]
