"""What every domain function works with."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from parley.bus import Bus
from parley.domain.counts import Counts
from parley.domain.passphrases import Passphrases
from parley.domain.presence import Presence
from parley.domain.slices import Slices
from parley.secret import Secret
from parley.storage.database import Database

SECRET_BYTES = 32


def now() -> datetime:
    """The time, to the millisecond: what is told is then exactly what is stored."""
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Context:
    database: Database
    bus: Bus
    presence: Presence
    leave_grace_s: float
    clock: Callable[[], datetime] = now
    tag: Callable[[str, str], str] = field(
        default_factory=lambda: Secret(secrets.token_bytes(SECRET_BYTES)).tag
    )
    """`Secret.tag` of the server's own secret; of one that nobody keeps where none is given."""
    passphrases: Passphrases = field(default_factory=Passphrases)
    slices: Slices = field(default_factory=Slices)
    counts: Counts = field(default_factory=Counts)
    searching: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while titles are looked through: all of them, by one of the few readers there are."""
    require_proof: bool = False
    """Whether nobody comes back as somebody without a token, whatever owners say."""
