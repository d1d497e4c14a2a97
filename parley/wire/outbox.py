"""What waits for one client that the libraries serve, counted in bytes."""

from __future__ import annotations

import asyncio
from typing import Any

from parley.wire.unread import Backlog

_PACKET_BYTES = 64
"""Of a packet beside what it holds, about."""


class Outbox(asyncio.Queue[Any]):
    """A queue of Engine.IO's packets; None ends it."""

    size: int
    """In bytes."""
    is_within: bool
    """Whether the address had room for all that is in it."""

    def __init__(self, place: str, backlog: Backlog) -> None:
        self.size, self.is_within = 0, True
        self._place, self._backlog = place, backlog
        super().__init__()

    def clear(self) -> None:
        """Give it all back."""
        while not self.empty():
            self.get_nowait()

    def _put(self, item: Any) -> None:
        super()._put(item)
        self._count(_size(item))

    def _get(self) -> Any:
        item = super()._get()
        self._count(-_size(item))
        return item

    def _count(self, size: int) -> None:
        self.size += size
        self.is_within = self._backlog.hold(self._place, size)


def _size(item: Any) -> int:
    if item is None:
        return 0
    # A tenth of its characters may take more than one byte: near enough, for little.
    return _PACKET_BYTES + (len(item.data) if isinstance(item.data, str | bytes) else 0)
