"""Invitations to start conversations."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class InvitedReply(Struct, kw_only=True):
    """`token` proves the session from now on; a page of our own gets a cookie instead. None is told
    where it was invited before.
    """

    success: Literal[True] = True
    token: str | UnsetType = UNSET
