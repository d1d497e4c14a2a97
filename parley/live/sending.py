"""Sending to webhooks what waits for them: signed, and handed to the process that posts it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from parley import present
from parley.domain.delivering import Batch
from parley.domain.settling import Outcome
from parley.hooks import signing
from parley.hooks.worker import KNOWN_AT_ONCE, OTHERS_AT_ONCE, Posting
from parley.push.courier import Courier
from parley.records import Delivery, Message, Webhook

FRESH_S = 2.0
"""What was read longer ago is read again before it is sent: it may have been deleted."""
SLOW_S = 3.0
"""Who took so long the last time shares few places with those that never took anything: whoever
answers late on purpose would have all others wait.
"""
SLOW_MAX = 10_000
"""Of those that is remembered."""


class Sending:
    """Belongs to one event loop; `secret` gives, by a salt, what signs."""

    def __init__(
        self,
        courier: Courier[Posting],
        secret: Callable[[str], bytes],
        clock: Callable[[], datetime],
    ) -> None:
        self._courier = courier
        self._secret = secret
        self._clock = clock
        # No more than the process that posts has, or what is signed would wait there.
        self._known = asyncio.Semaphore(KNOWN_AT_ONCE)
        self._others = asyncio.Semaphore(OTHERS_AT_ONCE)
        self._slow: set[int] = set()

    async def send_all(
        self, batch: Batch, outcomes: list[Outcome], is_stale: Callable[[], bool]
    ) -> None:
        """One after the other, until one fails or what was read `is_stale`; what became of each is
        put to `outcomes`.
        """
        time = asyncio.get_running_loop().time
        read_s = time()
        is_known = self.is_known(batch.webhook)
        async with self._known if is_known else self._others:
            for delivery, message in batch.waiting:
                began_s = time()
                if began_s - read_s > FRESH_S or is_stale():
                    break
                outcomes.append(await self._send(batch, delivery, message, is_known=is_known))
                self._note_pace(batch.webhook.id, time() - began_s)
                if not outcomes[-1].is_done:
                    break

    async def close(self) -> None:
        await self._courier.close()

    def is_known(self, webhook: Webhook) -> bool:
        """Whether it took something, and not late: the others share few places."""
        return webhook.took_at is not None and webhook.id not in self._slow

    def _note_pace(self, webhook_id: int, took_s: float) -> None:
        if took_s < SLOW_S:
            self._slow.discard(webhook_id)
        elif len(self._slow) < SLOW_MAX:
            self._slow.add(webhook_id)

    async def _send(
        self, batch: Batch, delivery: Delivery, message: Message | None, *, is_known: bool
    ) -> Outcome:
        at = self._clock()
        if delivery.data is None and message is None:
            return Outcome(delivery, 0, "", at, is_erased=True)
        body = _body(batch, delivery, message)
        headers = signing.headers(
            self._secret(batch.webhook.salt),
            id=delivery.event_id,
            at_s=int(at.timestamp()),
            body=body,
        )
        found = await self._courier.send(Posting(batch.webhook.url, headers, body, is_known))
        return Outcome(
            delivery,
            found.status,
            found.why,
            self._clock(),
            _seconds(found.retry_after),
            is_for_good=found.is_for_good,
            is_lost=found.is_lost,
        )


def _body(batch: Batch, delivery: Delivery, message: Message | None) -> bytes:
    """As Standard Webhooks suggests; `data` is the same as on a socket."""
    data: Any = msgspec.Raw((delivery.data or "").encode())
    if message is not None:
        data = present.message(message)
    return msgspec.json.encode(
        {
            "type": delivery.event,
            "timestamp": present.timestamp(delivery.happened_at),
            "room_id": batch.conversation.room_id,
            "data": data,
        }
    )


def _seconds(retry_after: str | None) -> float:
    """Of the header of that name, where it tells seconds."""
    is_number = retry_after is not None and retry_after.isascii() and retry_after.isdigit()
    return float(retry_after[:6]) if is_number and retry_after is not None else 0.0
