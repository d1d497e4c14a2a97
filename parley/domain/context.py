"""What every domain function works with."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from parley.bus import Bus
from parley.config import EVERYBODY
from parley.domain.counts import Counts
from parley.domain.export_turns import Exports
from parley.domain.filing import Filing
from parley.domain.host import Host
from parley.domain.passphrases import Passphrases
from parley.domain.presence import Presence
from parley.domain.seen import Seen
from parley.domain.slices import Slices
from parley.mail.choice import Mail
from parley.oidc.choice import Providers
from parley.secret import Secret
from parley.storage.database import Database

if TYPE_CHECKING:
    from parley.domain.cluster import Cluster

SECRET_BYTES = 32


def now() -> datetime:
    """The time, to the millisecond: what is told is then exactly what is stored."""
    return datetime.fromtimestamp(time.time_ns() // 1_000_000 / 1000, UTC)


def elapsed() -> float:
    """Seconds since some moment, whatever the clock is set to; with sleep, where that is known."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


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
    elapsed: Callable[[], float] = elapsed
    """What goes on however the clock is set."""
    held_sessions: Callable[[], Collection[int]] = frozenset
    """The ids of the sessions that open sockets speak for."""
    is_watched: Callable[[int], bool] = lambda conversation_id: False
    """Whether a socket is in this conversation, if only to read. For the writer's thread too."""
    is_owner_here: Callable[[int], bool] = lambda conversation_id: False
    """Whether an owner's socket is in this conversation, if only to read."""
    seen: Seen = field(default_factory=Seen)
    passphrases: Passphrases = field(default_factory=Passphrases)
    slices: Slices = field(default_factory=Slices)
    counts: Counts = field(default_factory=Counts)
    host: Host = field(default_factory=Host)
    searching: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while titles are looked through: all of them, by one of the few readers there are."""
    require_proof: bool = False
    """Whether nobody comes back as somebody without a token, whatever owners say."""
    who_may_start: str = EVERYBODY
    """Who starts conversations, as the setting of this name has it."""
    notified: set[int] = field(default_factory=set)
    """The ids of the sessions that have a device which is notified."""
    notices_changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set where there may be something to notify somebody of."""
    cluster: Cluster | None = None
    """This process among others on the same database; None where there is one alone."""
    exports: Exports = field(default_factory=Exports)
    filing: Filing | None = None
    """Where files are kept; None where there are none."""
    mail: Mail | None = None
    """Who mail is handed to; None where none is sent."""
    providers: Providers = field(default_factory=Providers)
    """Whose word people can sign in by."""
