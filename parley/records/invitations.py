"""What lets somebody start conversations, where only those may who are invited."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Invitation(Struct, frozen=True):
    """Its code is known only to whom it was given."""

    id: int
    note: str
    """For whom, for the host alone."""
    made_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    uses: int
    uses_max: int | None

    def is_valid(self, at: datetime) -> bool:
        return (
            self.revoked_at is None
            and (self.expires_at is None or self.expires_at > at)
            and not self.is_used_up
        )

    @property
    def is_used_up(self) -> bool:
        return self.uses_max is not None and self.uses >= self.uses_max

    def state(self, at: datetime) -> str:
        """`valid`, `used`, `expired` or `revoked`."""
        if self.is_valid(at):
            return "valid"
        if self.revoked_at is not None:
            return "revoked"
        return "used" if self.is_used_up else "expired"
