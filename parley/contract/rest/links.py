"""Links that give a role."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.terms import LINK_USES_MAX, LINK_VALID_MAX_S, Label, LinkRoleName, Timestamp


class LinkBody(Struct, kw_only=True):
    """`expires_in_s` is at least 60, and `uses_max` at least 1; without them it is valid for ever,
    and for any number of people. A link whose `role` is `owner` is valid once, and for ten
    minutes, whatever else is asked.
    """

    role: LinkRoleName
    label: Label | None = None
    expires_in_s: Annotated[int, Meta(ge=60, le=LINK_VALID_MAX_S)] | None = None
    uses_max: Annotated[int, Meta(ge=1, le=LINK_USES_MAX)] | None = None


class RoleLink(Struct, kw_only=True):
    """A link that gives a role, without what stands in it: that is told once, when it is made."""

    id: int
    role: LinkRoleName
    label: str
    created_at: Timestamp
    expires_at: Timestamp | UnsetType = UNSET
    revoked_at: Timestamp | UnsetType = UNSET
    uses: int
    uses_max: int | UnsetType = UNSET
    last_used_at: Timestamp | UnsetType = UNSET


class NewLinkReply(Struct, kw_only=True):
    """`url` is told only here: keep it, or make another."""

    success: Literal[True] = True
    link: RoleLink
    url: str
