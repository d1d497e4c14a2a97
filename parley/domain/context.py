"""What every domain function works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from parley.bus import Bus
from parley.domain.passphrases import Passphrases
from parley.domain.presence import Presence
from parley.storage.database import Database


def now() -> datetime:
    """The time, to the millisecond: what is told is then exactly what is stored."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


@dataclass(frozen=True, slots=True)
class Context:
    database: Database
    bus: Bus
    presence: Presence
    leave_grace_s: float
    clock: Callable[[], datetime] = now
    passphrases: Passphrases = field(default_factory=Passphrases)
