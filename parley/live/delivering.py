"""Telling webhooks: what happens is noted, put in their queues, and sent to each in its order."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import msgspec
import structlog

from parley import present
from parley.domain import delivering
from parley.domain.context import Context
from parley.domain.delivering import Batch, Happened, Outcome
from parley.errors import Unavailable
from parley.hooks import signing
from parley.hooks.worker import KNOWN_AT_ONCE, OTHERS_AT_ONCE, Posting
from parley.push.courier import Courier
from parley.records import (
    ConversationChanged,
    ConversationDeleted,
    ConversationEnded,
    Delivery,
    Event,
    KnockAnswered,
    Knocked,
    LinkReplaced,
    Message,
    MessageChanged,
    MessageSent,
    MessagesErased,
    ParticipantArrived,
    ParticipantLeft,
    ParticipantRemoved,
    RoleChanged,
    WebhooksChanged,
)

log = structlog.get_logger(__name__)

FILL_EVERY_S = 0.1
"""What happens within this time is queued together: it is one transaction for each conversation."""
LOOK_EVERY_S = 30.0
"""How often it is looked for what no hint told of, and for queues that were left alone."""
FORGET_EVERY_S = 600.0
AGAIN_S = 1.0
"""After a database that could not be reached."""
FRESH_S = 2.0
"""What was read longer ago is read again before it is sent: it may have been deleted."""
HAPPENED_MAX = 10_000
"""Of what has no place in a log, as long as it can't be stored."""

Told = (
    ParticipantArrived
    | ParticipantLeft
    | ParticipantRemoved
    | RoleChanged
    | ConversationChanged
    | ConversationEnded
    | MessagesErased
    | LinkReplaced
    | Knocked
    | KnockAnswered
)
_TOLD = Told.__args__


class Delivering:
    """One for a server: begin with `run`, end with `close`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._wake = asyncio.Event()
        self._courier: Courier[Posting] | None = None
        self._secret: Callable[[str], bytes] = str.encode
        self._asked_for: dict[int, frozenset[str]] = {}
        """By conversation, what any of its webhooks is told."""
        self._is_known = False
        """Whether that is so now."""
        self._said: set[int] = set()
        """Conversations whose logs have grown."""
        self._happened: dict[int, list[Happened]] = {}
        self._ready: dict[int, datetime | None] = {}
        """Webhooks for which something waits, and until when they are left alone."""
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._changed: set[int] = set()
        """Conversations whose webhooks changed since their lanes read them."""
        self._untrimmed: Counter[int] = Counter()
        """By webhook, how much was sent since it was looked at how much is kept."""
        self._places: dict[bool, asyncio.Semaphore] = {}
        self.sent = 0
        """Tries since the start."""

    def hear(self, event: Event) -> None:
        """For the bus: note what happened, in no time."""
        id = getattr(event, "conversation_id", 0)
        if isinstance(event, WebhooksChanged):
            self._is_known = False
            self._changed.add(id)
            self._said.add(id)
            self._wake.set()
            return
        wanted = self._asked_for.get(id)
        if wanted is None:
            return
        if isinstance(event, MessageSent | MessageChanged):
            self._said.add(id)
            self._wake.set()
        elif isinstance(event, ConversationDeleted):
            self._changed.add(id)
            self._said.add(id)
            self._wake.set()
        elif isinstance(event, _TOLD):
            self._note(id, event, wanted)

    def _note(self, id: int, event: Any, wanted: frozenset[str]) -> None:
        name, data = present.event(event)
        noted = self._happened.setdefault(id, [])
        if name not in wanted or len(noted) >= HAPPENED_MAX:
            return
        about = getattr(event, "participant", None)
        noted.append(
            Happened(
                name,
                msgspec.json.encode(data).decode(),
                None if about is None else about.user_id,
                self._context.clock(),
            )
        )
        self._said.add(id)
        self._wake.set()

    async def run(self, courier: Courier[Posting], secret: Callable[[str], bytes]) -> None:
        """Tell webhooks, until cancelled. `secret` gives, by a salt, what signs."""
        self._courier, self._secret = courier, secret
        self._places = {
            True: asyncio.Semaphore(KNOWN_AT_ONCE),
            False: asyncio.Semaphore(OTHERS_AT_ONCE),
        }
        looks_at = forgets_at = 0.0
        clock = asyncio.get_running_loop().time
        while True:
            try:
                if not self._is_known:
                    await self._know()
                if clock() >= looks_at:
                    looks_at = clock() + LOOK_EVERY_S
                    await self._look()
                if clock() >= forgets_at:
                    forgets_at = clock() + FORGET_EVERY_S
                    await self._forget()
                await self._fill()
                self._begin_lanes()
            except Unavailable:
                log.warning("webhooks_put_off")
                await asyncio.sleep(AGAIN_S)
            except Exception:
                log.exception("webhooks_failed")
                await asyncio.sleep(AGAIN_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._wait_s(looks_at - clock())):
                    await self._wake.wait()
            self._wake.clear()
            if self._said:
                await asyncio.sleep(FILL_EVERY_S)

    def begin_anew(self) -> None:
        """Another database lies in the folder, in which all ids are others'."""
        for lane in self._lanes.values():
            lane.cancel()
        for known in (self._asked_for, self._said, self._happened, self._ready, self._lanes):
            known.clear()
        self._is_known = False
        self._wake.set()

    async def close(self) -> None:
        """Send nothing any more; what was not goes out at the next start."""
        lanes = list(self._lanes.values())
        for lane in lanes:
            lane.cancel()
        if self._courier is not None:
            await self._courier.close()
        await asyncio.gather(*lanes, return_exceptions=True)

    async def _know(self) -> None:
        self._is_known = True
        try:
            self._asked_for = await delivering.asked_for(self._context)
        except BaseException:
            self._is_known = False
            raise
        for id in [id for id in self._happened if id not in self._asked_for]:
            del self._happened[id]

    async def _look(self) -> None:
        if self._asked_for:
            self._said |= await delivering.behind(self._context)
            self._ready = await delivering.ready(self._context)

    async def _forget(self) -> None:
        if self._asked_for:
            await delivering.forget_old(self._context)

    async def _fill(self) -> None:
        for id in list(self._said):
            self._said.discard(id)
            happened = self._happened.pop(id, [])
            try:
                filled = await delivering.fill(self._context, id, happened)
            except BaseException:
                self._said.add(id)
                self._happened[id] = happened + self._happened.get(id, [])
                raise
            for webhook_id in filled.webhook_ids:
                self._ready.setdefault(webhook_id, None)
            if id in self._changed:
                # It may have been paused until now, or left alone.
                self._changed.discard(id)
                self._ready = await delivering.ready(self._context)
            if not filled.is_all:
                self._said.add(id)
                self._wake.set()

    def _begin_lanes(self) -> None:
        now = self._context.clock()
        for webhook_id, until in list(self._ready.items()):
            if webhook_id not in self._lanes and (until is None or until <= now):
                del self._ready[webhook_id]
                lane = asyncio.get_running_loop().create_task(self._lane(webhook_id))
                self._lanes[webhook_id] = lane
                lane.add_done_callback(partial(self._end_lane, webhook_id))

    def _end_lane(self, webhook_id: int, lane: asyncio.Task[None]) -> None:
        if self._lanes.get(webhook_id) is lane:
            del self._lanes[webhook_id]
        if not lane.cancelled() and (error := lane.exception()) is not None:
            log.warning("webhook_lane_failed", how=type(error).__name__)
        if webhook_id in self._ready:
            self._wake.set()

    def _wait_s(self, most: float) -> float:
        now = self._context.clock()
        waits = [
            (until - now).total_seconds()
            for id, until in self._ready.items()
            if until is not None and id not in self._lanes
        ]
        return max(0.05, min([most, *waits]))

    async def _lane(self, webhook_id: int) -> None:
        """Send what waits for one, one after the other, until nothing does or it fails."""
        while (batch := await delivering.next_of(self._context, webhook_id)) is not None:
            async with self._places[batch.webhook.took_at is not None]:
                # Whatever was read may have changed while it waited for a place.
                batch = await delivering.next_of(self._context, webhook_id)
                if batch is None:
                    return
                outcomes = await self._send_all(batch)
            if not outcomes:
                self._ready.setdefault(webhook_id, None)
                return
            again_at = await delivering.settle(self._context, webhook_id, outcomes)
            await self._trim(webhook_id, batch)
            if not outcomes[-1].is_done:
                if again_at is not None:
                    self._ready[webhook_id] = again_at
                return

    async def _trim(self, webhook_id: int, batch: Batch) -> None:
        """Keep its queue short: at both ends, as more may wait in the log for room in it."""
        if batch.webhook.waiting > delivering.WAITING_MAX - delivering.FILLED_AT_ONCE:
            self._said.add(batch.webhook.conversation_id)
            self._wake.set()
        self._untrimmed[webhook_id] += len(batch.waiting)
        if self._untrimmed[webhook_id] >= delivering.DONE_KEPT:
            del self._untrimmed[webhook_id]
            await delivering.forget_done(self._context, webhook_id)

    async def _send_all(self, batch: Batch) -> list[Outcome]:
        """What became of those that were tried: of all, unless one fails or is read again first."""
        clock = asyncio.get_running_loop().time
        read_s, outcomes = clock(), list[Outcome]()
        for delivery, message in batch.waiting:
            is_stale = clock() - read_s > FRESH_S
            if is_stale or batch.webhook.conversation_id in self._changed:
                break
            outcomes.append(await self._send(batch, delivery, message))
            if not outcomes[-1].is_done:
                break
        return outcomes

    async def _send(self, batch: Batch, delivery: Delivery, message: Message | None) -> Outcome:
        at = self._context.clock()
        if delivery.data is None and message is None:
            return Outcome(delivery, 0, "", at, is_erased=True)
        body = _body(batch, delivery, message)
        headers = signing.headers(
            self._secret(batch.webhook.salt),
            id=delivery.event_id,
            at_s=int(at.timestamp()),
            body=body,
        )
        if self._courier is None:
            return Outcome(delivery, 0, "", at, is_lost=True)
        is_known = batch.webhook.took_at is not None
        found = await self._courier.send(Posting(batch.webhook.url, headers, body, is_known))
        self.sent += 1
        return Outcome(
            delivery,
            found.status,
            found.why,
            self._context.clock(),
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
