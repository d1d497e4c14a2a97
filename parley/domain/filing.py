"""What the domain needs to keep files: where they lie, who looks at them, how much there may be."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from parley.files.inbox import Inbox
from parley.files.store import Store
from parley.media import Workshop


@dataclass(frozen=True, slots=True)
class Quotas:
    """In bytes."""

    file: int
    """Of one file; 0 where there are to be none."""
    session: int
    conversation: int
    server: int


@dataclass(frozen=True, slots=True)
class Filing:
    store: Store
    inbox: Inbox
    workshop: Workshop
    quotas: Quotas
    erasing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there are bytes to erase."""
