"""What runs beside answering, from the start of the server to its end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from parley import contract, present
from parley.bus.shared import SharedBus
from parley.config import Config
from parley.domain import files, forgetting, owning, participants
from parley.domain.clocks import ClockCheck
from parley.domain.context import Context
from parley.domain.forgetting import Ages, Forgetting
from parley.domain.importing import reading, storing
from parley.domain.indexing import Indexing
from parley.domain.mailing import Mailing, Shown
from parley.domain.rekeying import Rekeying
from parley.errors import Unavailable
from parley.hooks import signing
from parley.hooks import worker as hooking
from parley.live.audience import Audience
from parley.live.delivering import Delivering
from parley.live.ordering import Ordering
from parley.live.pushing import Pushing
from parley.pages import titles
from parley.push import vapid
from parley.push.courier import Courier
from parley.push.post import Push, Setup
from parley.records import Conversation
from parley.secret import Secret

ERASE_EVERY_S = 600.0
"""How often messages are looked for whose time is over, people who are away, and what a failure
left of deleted conversations.
"""
ERASE_SOONEST_S = 10.0
"""How often at most, where people are away after a short time."""
ERASE_FILES_EVERY_S = 60.0
"""How often it is looked whether files are to be erased, beside at once."""
NOTED_WITHIN_S = 1.0
"""Of what a stop may take: to note who called lately."""
NOTE_CALLS_EVERY_S = 60.0
"""How often who called is stored, where other processes have to know."""
IMPORTS_LAST_S, GIVE_UP_IMPORTS_EVERY_S = 24 * 3600.0, 3600.0
"""What a killed process left of an import is removed after so long, as the others may be importing;
how often it is looked for. A process that is alone removes all from before its start.
"""
SETTLE_EVERY_S = 1.0
"""How often it is looked whether somebody who left is still to be told as gone, as the database
could not be reached then.
"""
PLAN_ANEW_EVERY_S = 2.0
"""How often the database is asked whether it knows how large it is."""
REKEY_AT_START_S = 1.0
"""So long a start may take to look at the names from before an update; the rest is done later, but
for those that are kept for who was removed."""
REKEY_EVERY_S = 600.0
"""How often it is asked whether that is done."""

log = structlog.get_logger(__name__)


@dataclass(eq=False)
class Chores:
    """Work of the server's own. Of several processes on one database one does what is to be done
    once.
    """

    context: Context
    config: Config
    audience: Audience
    pushing: Pushing
    delivering: Delivering
    indexing: Indexing
    ordering: Ordering | None
    secret: Callable[[], Secret]
    """The server's own, which is there once the app is open."""
    _running: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._clock_check = ClockCheck(self.config.today)
        self._rekeying = Rekeying(self.context)
        self._began_at = self.context.clock()

    async def rekey_at_start(self) -> None:
        """As much of a change of keys as a start has time for."""
        self._rekeying = Rekeying(self.context)
        until = asyncio.get_running_loop().time() + REKEY_AT_START_S
        while await self._rekeying.step():
            is_late = asyncio.get_running_loop().time() > until
            if is_late and self._rekeying.keeps_names:
                break

    def begin(self, *more: Coroutine[Any, Any, None]) -> None:
        """Begin all of them, and more that end with them."""
        self._began_at = self.context.clock()
        context, ordering = self.context, self.ordering
        cluster, bus = context.cluster, context.bus
        if cluster is not None and ordering is not None and isinstance(bus, SharedBus):
            once = (
                self._erase,
                self._erase_files,
                self._rekey,
                self._push_anew,
                self._deliver_anew,
                self._send_mail,
                self._index_anew,
                self._give_up_imports,
                self._plan_anew,
            )
            works: tuple[Coroutine[Any, Any, None], ...] = (
                bus.run(),
                ordering.run(),
                cluster.run(context),
                self._tell_positions(),
                self._note_calls(),
                self._settle_owed(),
                *(cluster.only_here(each) for each in once),
            )
        else:
            works = (
                self._tell_positions(),
                self._erase(),
                self._erase_files(),
                self._rekey(),
                self._push(),
                self._deliver(),
                self._send_mail(),
                self.indexing.run(),
            )
        self._running.extend(asyncio.create_task(work) for work in (*works, *more))

    async def wait_for_hints(self) -> None:
        """Until this process knows what happens in others, if that is soon: who comes before would
        be sent the state once more.
        """
        if isinstance(self.context.bus, SharedBus):
            await self.context.bus.wait_until_heard()

    def end(self) -> None:
        """End them; what was under way is left as a crash would leave it."""
        for chore in self._running:
            chore.cancel()

    async def note_seen(self) -> None:
        """Who called since the last round is not to be taken for gone after a start."""
        try:
            async with asyncio.timeout(NOTED_WITHIN_S):
                at = await self._clock_check.time(self.context)
                if at is not None:
                    await forgetting.note_seen(self.context, at)
        except (TimeoutError, Unavailable):
            log.warning("calls_not_noted")

    async def _tell_positions(self) -> None:
        while True:
            await asyncio.sleep(contract.ROOM_POSITION_EVERY_S)
            self.audience.tell_positions()

    async def _erase(self) -> None:
        config = self.config
        ages = Ages(config.keep_sessions_days, config.keep_empty_days, config.away_after_s)
        every_s = ERASE_EVERY_S
        if config.away_after_s:
            every_s = max(ERASE_SOONEST_S, min(ERASE_EVERY_S, config.away_after_s / 6))
        forgets = Forgetting(self.context, ages, self._clock_check)
        while True:
            try:
                await forgets.round()
            except Unavailable:
                log.warning("erasing_put_off")
            except Exception:
                log.exception("erasing_failed")
            await asyncio.sleep(every_s)

    async def _rekey(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            try:
                began = clock()
                while await self._rekeying.step():
                    # It has a third of the time; the rest is for whoever waits.
                    await asyncio.sleep(2 * (clock() - began))
                    began = clock()
            except Exception:
                log.exception("rekeying_failed")
            else:
                # Another database may come into the folder.
                self._rekeying = Rekeying(self.context)
            await asyncio.sleep(REKEY_EVERY_S)

    async def _erase_files(self) -> None:
        room = files.filing(self.context)
        clock, strays_at_s = asyncio.get_running_loop().time, 0.0
        while True:
            try:
                await files.erase(self.context)
                if clock() >= strays_at_s:
                    await files.erase_strays(self.context)
                    strays_at_s = clock() + files.WAITS_S
            except Unavailable:
                log.warning("erasing_put_off")
            except Exception:
                log.exception("erasing_failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(ERASE_FILES_EVERY_S):
                    await room.erasing.wait()

    async def _push(self) -> None:
        secret = self.secret()
        setup = Setup(
            push_seed(secret),
            _push_contact(self.config),
            tuple(str(network) for network in self.config.push_networks),
        )
        await self.pushing.run(Courier[Push](setup), lambda what: secret.tag("push topic", what))

    async def _send_mail(self) -> None:
        if self.context.mail is not None:
            await Mailing(self.context, _shown_in_mail(self.config)).run()

    async def _push_anew(self) -> None:
        """The same after another process did it."""
        self.context.slices.begin(self.pushing.begin_anew())
        try:
            await self._push()
        finally:
            await self.pushing.close()

    async def _deliver(self) -> None:
        secret = self.secret()
        networks = tuple(str(network) for network in self.config.hook_networks)
        courier = Courier[hooking.Posting](hooking.Setup(networks), module=hooking.MODULE)
        await self.delivering.run(courier, lambda salt: signing.secret_of(secret, salt))

    async def _deliver_anew(self) -> None:
        self.delivering.begin_anew()
        try:
            await self._deliver()
        finally:
            await self.delivering.close()

    async def _index_anew(self) -> None:
        self.indexing.begin_anew()
        await self.indexing.run()

    async def _note_calls(self) -> None:
        """What is remembered of who called is of this process alone."""
        while True:
            await asyncio.sleep(NOTE_CALLS_EVERY_S)
            for session_id in self.context.held_sessions():
                self.context.seen.note(session_id)
            await self.note_seen()

    async def _give_up_imports(self) -> None:
        while True:
            try:
                before = await self._left_before()
                if await storing.forget_left(self.context, before=before):
                    await owning.erase_deleted(self.context)
                await asyncio.to_thread(reading.remove_left, self.config.data, before=before)
            except Unavailable:
                log.warning("erasing_put_off")
            await asyncio.sleep(GIVE_UP_IMPORTS_EVERY_S)

    async def _left_before(self) -> datetime:
        """From before then nobody is importing any more."""
        cluster = self.context.cluster
        if cluster is not None and await cluster.is_alone(self.context):
            return self._began_at
        return self.context.clock() - timedelta(seconds=IMPORTS_LAST_S)

    async def _plan_anew(self) -> None:
        while True:
            await self.context.database.plan_anew()
            await asyncio.sleep(PLAN_ANEW_EVERY_S)

    async def _settle_owed(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_EVERY_S)
            await participants.settle_owed(self.context)


def push_seed(secret: Secret) -> bytes:
    """Of the key that says who we are to push services."""
    return secret.derive("push", vapid.SEED_BYTES)


def _push_contact(config: Config) -> str:
    if config.push_contact or config.public_url.startswith("https:"):
        return config.push_contact or config.public_url
    name = socket.getfqdn()
    return f"mailto:parley@{name if '.' in name else 'parley.invalid'}"


def _shown_in_mail(config: Config) -> Shown:
    def link(conversation: Conversation) -> str:
        return present.join_link(conversation.room_id, public_url=config.public_url)

    return Shown(titles.called, present.excerpt, link)
