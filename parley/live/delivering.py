"""Telling webhooks: what happens is noted, put in their queues, and sent to each in its order."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog

from parley import present
from parley.domain import delivering
from parley.domain.context import Context
from parley.domain.delivering import Batch, Happened
from parley.domain.settling import Outcome
from parley.errors import Unavailable
from parley.hooks.worker import Posting
from parley.live.sending import Sending
from parley.push.courier import Courier
from parley.records import (
    ConversationChanged,
    ConversationDeleted,
    ConversationEnded,
    Event,
    KnockAnswered,
    Knocked,
    LinkReplaced,
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

ROUND_EVERY_S = 0.2
"""What happens within this time is queued together, with what became of what was sent."""
PIECES_AT_ONCE = 20
"""Transactions for what happened within it, at most: then what there is to send goes first."""
TALKS_S = 0.25
"""Who has talked within this time may be about to do so again."""
RESTS, RESTS_FOR_TALK = 1.0, 9.0
"""How long it rests after each piece of work, by how long that took: more while somebody talks."""
FLYING_MAX = 400
"""Webhooks that are read and sent to at once, or wait for a place."""
OTHERS_MAX = 100
"""Of these, such as share few places: they wait long, and the rest must not wait for them."""
OTHERS_REST = timedelta(seconds=5)
"""For those beyond."""
READ_AT_ONCE = 40
"""Webhooks whose queues are read in one go."""
LOOK_EVERY_S = 30.0
"""How often it is looked for what no hint told of, and for queues that were left alone."""
FORGET_EVERY_S = 600.0
AGAIN_S = 1.0
"""After a database that could not be reached."""
FAULT_RESTS = timedelta(minutes=1)
"""For a webhook whose queue can't be sent by a fault of ours."""
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
        self._sending: Sending | None = None
        self._asked_for: dict[int, frozenset[str]] | None = None
        """By conversation, what any of its webhooks is told; None until that is read."""
        self._is_known = False
        """Whether that is so now."""
        self._said: set[int] = set()
        """Conversations whose logs have grown."""
        self._happened: dict[int, list[Happened]] = {}
        self._ready: dict[int, datetime | None] = {}
        """Webhooks for which something waits, and until when they are left alone."""
        self._flying: dict[int, asyncio.Task[None]] = {}
        """By webhook what is being sent, until it is stored what became of it."""
        self._others: set[int] = set()
        """Those among them that share few places."""
        self._outcomes: dict[int, list[Outcome]] = {}
        """What became of what was sent, and is not stored yet."""
        self._changed: set[int] = set()
        """Conversations whose webhooks changed since they were read."""
        self._untrimmed: Counter[int] = Counter()
        """By webhook, how much was sent since it was looked at how much is kept."""
        self._database = 0
        """Grows where another lies in the folder."""

    def hear(self, event: Event) -> None:
        """For the bus: note what happened, in no time."""
        id = getattr(event, "conversation_id", 0)
        if isinstance(event, WebhooksChanged):
            self._is_known = False
            self._changed.add(id)
            self._said.add(id)
            self._wake.set()
            return
        wanted = None
        # Else what its webhooks are told was changed just now, and not read since: any may want it.
        if self._asked_for is not None and id not in self._changed:
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

    def _note(self, id: int, event: Any, wanted: frozenset[str] | None) -> None:
        name, data = present.event(event)
        noted = self._happened.setdefault(id, [])
        if (wanted is not None and name not in wanted) or len(noted) >= HAPPENED_MAX:
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
        self._sending = Sending(courier, secret, self._context.clock)
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
                for _ in range(PIECES_AT_ONCE):
                    if not self._is_known or not await self._store():
                        break
                await self._trim()
                await self._begin(self._sending)
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
            if self._said or self._outcomes:
                await asyncio.sleep(ROUND_EVERY_S)

    def begin_anew(self) -> None:
        """Another database lies in the folder, in which all ids are others'."""
        self._database += 1
        for flight in self._flying.values():
            flight.cancel()
        self._asked_for = None
        for known in (
            *(self._said, self._happened, self._ready, self._flying),
            *(self._others, self._outcomes, self._untrimmed),
        ):
            known.clear()
        self._is_known = False
        self._wake.set()

    async def close(self) -> None:
        """Send nothing any more; what was not goes out at the next start."""
        flights = list(self._flying.values())
        for flight in flights:
            flight.cancel()
        if self._sending is not None:
            await self._sending.close()
        await asyncio.gather(*flights, return_exceptions=True)

    async def _know(self) -> None:
        self._is_known = True
        try:
            self._asked_for = await delivering.asked_for(self._context)
        except BaseException:
            self._is_known = False
            raise
        # Those that changed meanwhile may ask for it since.
        known = self._asked_for.keys() | self._changed
        for id in self._happened.keys() - known:
            del self._happened[id]

    async def _look(self) -> None:
        if self._asked_for:
            self._said |= await delivering.behind(self._context)
            for id, until in (await delivering.ready(self._context)).items():
                if id not in self._flying:
                    self._ready[id] = until

    async def _forget(self) -> None:
        if self._asked_for:
            await delivering.forget_old(self._context)

    async def _store(self) -> bool:
        """What became of what was sent, and what there is to send. Whether some of it is left."""
        said, outcomes = set(self._said), self._outcomes
        if not said and not outcomes:
            return False
        changed, database = self._changed & said, self._database
        happened = {id: self._happened.pop(id, []) for id in said}
        self._said -= said
        self._outcomes = {}
        try:
            stored = await delivering.store(self._context, outcomes, happened)
        except Unavailable:
            if database == self._database:
                self._store_again(said, happened, outcomes)
            raise
        except Exception:
            # They are looked for again in a while: a fault with one must not hold up the others.
            for id in outcomes:
                self._flying.pop(id, None)
            raise
        if database != self._database:
            return False
        left = {id: more for id, more in happened.items() if id not in stored.filled}
        unsettled = {id: tried for id, tried in outcomes.items() if id not in stored.settled}
        self._store_again(said - stored.looked_at, left, unsettled)
        for id in stored.settled:
            self._flying.pop(id, None)
        for id in stored.ready:
            self._ready.setdefault(id, None)
        self._ready.update(stored.rest_until)
        if changed and not self._is_known:
            # Again once it is read what they are told now: what happens until then isn't lost.
            self._said |= changed
        elif changed:
            # They may have been paused until now, or left alone.
            self._changed -= changed
            self._ready.update(await delivering.ready(self._context))
        await self._breathe()
        return bool(unsettled or said - stored.looked_at)

    def _store_again(
        self,
        said: set[int],
        happened: dict[int, list[Happened]],
        outcomes: dict[int, list[Outcome]],
    ) -> None:
        self._said |= said
        self._outcomes = outcomes | self._outcomes
        for id, more in happened.items():
            self._happened[id] = more + self._happened.get(id, [])
        if said or outcomes:
            self._wake.set()

    async def _trim(self) -> None:
        """Keep queues short, of what was sent."""
        for id, count in list(self._untrimmed.items()):
            if count >= delivering.DONE_KEPT:
                del self._untrimmed[id]
                await delivering.forget_done(self._context, id)
                await self._breathe()

    async def _begin(self, sending: Sending) -> None:
        """Begin to send to those that may be sent something now."""
        now = self._context.clock()
        due = [
            id
            for id, until in self._ready.items()
            if id not in self._flying and (until is None or until <= now)
        ]
        for start in range(0, len(due), READ_AT_ONCE):
            if len(self._flying) >= FLYING_MAX:
                return
            some = due[start : start + READ_AT_ONCE]
            found = await delivering.batches(self._context, some)
            for id in some:
                self._ready.pop(id, None)
            for batch in found:
                id = batch.webhook.id
                if not sending.is_known(batch.webhook):
                    if len(self._others) >= OTHERS_MAX:
                        self._ready[id] = now + OTHERS_REST
                        continue
                    self._others.add(id)
                flight = asyncio.get_running_loop().create_task(self._send_all(batch, sending))
                self._flying[id] = flight
            await self._breathe()

    def _wait_s(self, most: float) -> float:
        now = self._context.clock()
        waits = [
            (until - now).total_seconds()
            for id, until in self._ready.items()
            if until is not None and id not in self._flying
        ]
        return max(0.05, min([most, *waits]))

    async def _breathe(self) -> None:
        """Let those who talk have the core: their work comes between any two of ours."""
        is_talk = asyncio.get_running_loop().time() - self._context.database.talked_s < TALKS_S
        took_s = self._context.database.took_s
        await asyncio.sleep(min(0.1, took_s * (RESTS_FOR_TALK if is_talk else RESTS)))

    async def _send_all(self, batch: Batch, sending: Sending) -> None:
        """One after the other, until one fails or all should be read again first."""
        id, conversation_id, database = (
            batch.webhook.id,
            batch.webhook.conversation_id,
            self._database,
        )
        outcomes = list[Outcome]()
        try:
            await sending.send_all(batch, outcomes, lambda: conversation_id in self._changed)
            if len(outcomes) < batch.webhook.waiting:
                self._ready[id] = None
        except Exception:
            log.exception("webhooks_failed")
            self._ready[id] = self._context.clock() + FAULT_RESTS
        if database != self._database:
            return
        self._others.discard(id)
        self._outcomes[id] = outcomes
        self._untrimmed[id] += len(outcomes)
        if batch.webhook.waiting >= delivering.WAITING_MAX:
            self._said.add(conversation_id)
        self._wake.set()
