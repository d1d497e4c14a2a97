"""Links that give a role."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from parley.records.sessions import Role


class Link(Struct, frozen=True):
    """A link that gives a role; its code is known only to those it was given."""

    id: int
    conversation_id: int
    role: Role
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    uses: int
    """How many people came in by it."""
    uses_max: int | None
    last_used_at: datetime | None
    is_founding: bool = False
    """Whether whoever uses it is the founder from then on."""
