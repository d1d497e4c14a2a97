"""What the domain needs to keep files: where they lie, who looks at them, how much there may be."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from parley.files.inbox import Inbox
from parley.files.store import Store
from parley.media import Workshop
from parley.records import File


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
    finishing: dict[str, asyncio.Task[File]] = field(default_factory=dict)
    """By id, the uploads of which files are made."""
    stills: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    """By id, films of which a still is being kept."""
    being_read: Counter[str] = field(default_factory=Counter)
    """By id, how many read a file."""
    gone: set[str] = field(default_factory=set)
    """Of those, the ones that were deleted meanwhile."""
