"""Between those who make something happen and those who tell of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from parley.records import Event

Subscriber = Callable[[Event], None]


class Bus(Protocol):
    """Carries events. A hint for speed, never the truth: that is the log in the database."""

    def publish(self, event: Event) -> None:
        """Tell every subscriber, in the order of publishing. Never blocks, never raises."""

    def subscribe(self, subscriber: Subscriber) -> None:
        """Call `subscriber` for every event from now on. It must not block."""
