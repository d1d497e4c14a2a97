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


class Carrier(Protocol):
    """Takes texts from each process to all of them, the sender too. Any may be lost, come twice or
    come late; those of one process come in the order in which they were sent.
    """

    longest: int
    """Bytes of UTF-8 that one text may have."""
    gather_s: float
    """How long to wait for more after the first, so that one sending takes many."""

    async def send(self, texts: list[str]) -> None:
        """Send these to everybody. Raises `CarrierFailed`; then any of them may be lost."""

    async def receive(self, ready: Callable[[], None], took: Callable[[str], None]) -> None:
        """Call `ready` once everything sent from now on comes, and `took` with each text. Goes on
        until it is cancelled or raises `CarrierFailed`.
        """

    async def close(self) -> None:
        """Let go of all connections. Never raises."""


class CarrierFailed(Exception):
    """It is away, or refuses: why, in words for the log."""
