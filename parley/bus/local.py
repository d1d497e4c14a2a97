"""The bus of a single process: subscribers are called at once."""

from __future__ import annotations

import structlog

from parley.bus import Subscriber
from parley.records import Event

log = structlog.get_logger(__name__)


class LocalBus:
    def __init__(self) -> None:
        self._subscribers: list[Subscriber] = []

    def subscribe(self, subscriber: Subscriber) -> None:
        self._subscribers.append(subscriber)

    def publish(self, event: Event) -> None:
        for subscriber in self._subscribers:
            try:
                subscriber(event)
            except Exception:
                # What happened is stored; whoever was not told now finds it in the log.
                log.exception("subscriber_failed", event_type=type(event).__name__)
