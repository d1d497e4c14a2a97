"""What became of what was sent to webhooks: when it is tried again, and when no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import audit
from parley.records import Delivery, DeliveryState, PausedFor, Webhook
from parley.storage import deliveries, webhooks
from parley.storage.deliveries import Tried

FAILING_MAX = timedelta(days=1)
"""A webhook that takes nothing for so long is paused."""
WAITS_S = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800)
"""After each failure in a row; the last is repeated."""
REFUSALS_MAX = 5
"""What is refused for what it says is given up after so many tries: those behind it are not."""
NOTED_EVERY = timedelta(seconds=5)
"""When something was last taken need not be known to the second."""
LOST_S = 5.0
"""When what nobody knows of is tried again."""
REFUSED = (400, 413, 415, 422)
GONE = 410
WHY_MAX_CHARS = 200


class Outcome(Struct, frozen=True):
    """What became of a try."""

    delivery: Delivery
    status: int
    why: str
    at: datetime
    retry_after_s: float = 0.0
    is_for_good: bool = False
    """Whether its address may not be asked."""
    is_lost: bool = False
    """Whether nobody knows."""
    is_erased: bool = False
    """Whether there is nothing to tell any more."""

    @property
    def is_done(self) -> bool:
        return self.is_erased or 200 <= self.status < 300


def settle(
    connection: sa.Connection, webhook_id: int, outcomes: Sequence[Outcome]
) -> datetime | None:
    """Until when the webhook is left alone now, if it is."""
    webhook = webhooks.by_id(connection, webhook_id)
    if webhook is None or not outcomes:
        return None
    tried = [_tried(each) for each in outcomes]
    done = [each for each in tried if each.state is not DeliveryState.WAITING]
    deliveries.note_tries(connection, tried)
    if done:
        webhooks.settle(connection, webhook_id, through=done[-1].delivery_id)
    changes = _changes(webhook, outcomes)
    if changes:
        webhooks.change(connection, webhook_id, **changes)
    if "paused_for" in changes:
        _note_paused(connection, webhook, changes)
    retry_at: datetime | None = changes.get("retry_at")
    return retry_at


def _tried(outcome: Outcome) -> Tried:
    delivery, state = outcome.delivery, DeliveryState.WAITING
    if outcome.is_erased:
        state = DeliveryState.ERASED
    elif outcome.is_done:
        state = DeliveryState.SENT
    elif outcome.status in REFUSED and delivery.tries + 1 >= REFUSALS_MAX:
        state = DeliveryState.GIVEN_UP
    counts = not (outcome.is_lost or outcome.is_erased)
    why = outcome.why[:WHY_MAX_CHARS].replace("\0", "")
    return Tried(delivery.id, state, counts, outcome.status, why, outcome.at)


def _changes(webhook: Webhook, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Of the webhook, by what became of what it was sent."""
    taken = [each for each in outcomes if each.is_done and not each.is_erased]
    changes: dict[str, Any] = {}
    if taken:
        is_known = webhook.took_at is not None and taken[-1].at - webhook.took_at < NOTED_EVERY
        if not is_known:
            changes = {"took_at": taken[-1].at}
        if webhook.failures or webhook.retry_at is not None:
            changes |= {"failures": 0, "failing_since": None, "retry_at": None}
    last = outcomes[-1] if outcomes else None
    if last is None or last.is_done:
        return changes
    if last.is_lost:
        return changes | {"retry_at": last.at + timedelta(seconds=LOST_S)}
    failures = 1 if taken else webhook.failures + 1
    since = last.at if taken else webhook.failing_since or last.at
    wait_s = max(WAITS_S[min(failures, len(WAITS_S)) - 1], min(3600.0, last.retry_after_s))
    changes |= {
        "failures": failures,
        "failing_since": since,
        "retry_at": last.at + timedelta(seconds=wait_s),
    }
    reason = _reason(last, last.at - since)
    if reason is not None:
        changes |= {"paused_at": last.at, "paused_for": reason.value}
    return changes


def _reason(last: Outcome, failing: timedelta) -> PausedFor | None:
    if last.is_for_good:
        return PausedFor.ADDRESS
    if last.status == GONE:
        return PausedFor.GONE
    return PausedFor.FAILING if failing >= FAILING_MAX else None


def _note_paused(connection: sa.Connection, webhook: Webhook, changes: dict[str, Any]) -> None:
    """For owners to read: nobody else did it."""
    audit.note_of_server(
        connection,
        webhook.conversation_id,
        "paused_webhook",
        at=changes["paused_at"],
        about=urlsplit(webhook.url).hostname or "",
    )
