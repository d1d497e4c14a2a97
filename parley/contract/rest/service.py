"""The server itself: how much goes on, and whether it takes new work."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType


class HealthReply(Struct, kw_only=True):
    success: Literal[True] = True
    status: Literal["healthy"] = "healthy"
    active_conversations: int
    total_conversations: int
    active_connections: int
    """Those of the process that answers, where there are several."""
    announcement: str | UnsetType = UNSET
    """A line of whoever runs the server, for everybody to see, if there is one."""


class ReadyReply(Struct, kw_only=True):
    success: Literal[True] = True
    status: Literal["ready"] = "ready"
