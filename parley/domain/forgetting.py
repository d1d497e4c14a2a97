"""Forgetting what nobody needs any more, so that a server does not only ever grow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from msgspec import Struct

from parley.domain import asks, erasing_own, owning, participants, reports
from parley.domain.clocks import ClockCheck
from parley.domain.context import Context
from parley.domain.seen import Call
from parley.records import Conversation, ConversationDeleted
from parley.storage import conversations as stored_conversations
from parley.storage import erasing as stored_erasing
from parley.storage import forgetting as stored
from parley.storage.forgetting import Place

log = structlog.get_logger(__name__)

LOOKED_AT_ONCE = 500
"""Rows in one reading: about a millisecond of the thread for what may take long."""
REST_S = 0.01
"""After each reading, and each writing of sessions."""
SESSIONS_AT_ONCE = 50
"""Erased in one transaction."""
CANDIDATES_MAX = 50_000
"""Sessions remembered while it is read what each takes part in: the rest is for the next round."""
LOOK_EVERY_S = 86_400.0
"""Days pass before something is old: it need not be looked for more often."""


class Ages(Struct, frozen=True):
    """How old what nobody needs may get. 0 keeps it for ever."""

    sessions_days: int
    empty_days: int
    away_after_s: float
    """Without a socket and without a call."""


class Forgetting:
    """One round after the other; what is looked for seldom remembers when it was."""

    def __init__(self, context: Context, ages: Ages, clock_check: ClockCheck) -> None:
        self._context = context
        self._ages = ages
        self._clock_check = clock_check
        self._after_session = 0
        """Of those before, it is known what they take part in."""
        self._look_at = context.elapsed()

    async def round(self) -> None:
        """Erase what is deleted; and by the clock, unless that is in doubt, what is too old."""
        await owning.erase_deleted(self._context)
        await erasing_own.go_on(self._context)
        await asks.forget(self._context)
        at = await self._clock_check.time(self._context)
        if at is None:
            return
        await owning.erase_outdated(self._context, at)
        await note_seen(self._context, at)
        if self._ages.away_after_s:
            since = at - timedelta(seconds=self._ages.away_after_s)
            await participants.count_gone(self._context, since=since)
        if self._context.elapsed() >= self._look_at:
            await self._forget(at)

    async def _forget(self, at: datetime) -> None:
        is_all = True
        resolved = at - timedelta(days=reports.RESOLVED_KEPT_DAYS)
        forgotten = await reports.erase_resolved(self._context, before=resolved)
        if self._ages.empty_days:
            before = at - timedelta(days=self._ages.empty_days)
            forgotten += await forget_empty(self._context, before=before)
        if self._ages.sessions_days:
            before = at - timedelta(days=self._ages.sessions_days)
            self._after_session, gone = await forget_sessions(
                self._context, before=before, after=self._after_session
            )
            is_all, forgotten = self._after_session == 0, forgotten + gone
        if forgotten:
            await self._context.database.forget_erased()
        if is_all:
            self._look_at = self._context.elapsed() + LOOK_EVERY_S


async def note_seen(context: Context, at: datetime) -> None:
    """Store which sessions called since the last time, and what about."""

    def work(connection: sa.Connection, is_time_left: Callable[[], bool]) -> list[int]:
        return stored.see(connection, context.seen.waiting(), is_time_left, at=at)

    left = len(context.seen.waiting())
    while left > 0:  # those that call meanwhile are for the next time
        noted = await context.slices.take(context.database, work)
        context.seen.stored(noted)
        left -= max(1, len(noted))

    def note(connection: sa.Connection, is_time_left: Callable[[], bool]) -> list[Call]:
        return stored.see_in(connection, context.seen.calls(), is_time_left, at=at)

    left = len(context.seen.calls())
    while left > 0:
        called = await context.slices.take(context.database, note)
        context.seen.stored_calls(called)
        left -= max(1, len(called))


async def forget_empty(context: Context, *, before: datetime) -> int:
    """Forget the conversations in which nobody ever spoke, nobody is, and nothing happened since
    `before`; how many.
    """
    count, last = 0, 0
    while True:
        next_, empty = await context.database.search(
            stored.empty_after, last, before=before, limit=LOOKED_AT_ONCE
        )
        for conversation_id in empty:
            count += await _forget_empty(context, conversation_id, before)
        if next_ is None:
            break
        last = next_
        await asyncio.sleep(REST_S)
    if count:
        log.info("empty_conversations_forgotten", count=count)
        await owning.erase_deleted(context)
    return count


async def _forget_empty(context: Context, conversation_id: int, before: datetime) -> bool:
    def work(connection: sa.Connection) -> Conversation | None:
        if context.is_watched(conversation_id):
            return None
        if not stored.is_empty(connection, conversation_id, before=before):
            return None
        conversation = stored_conversations.by_id(connection, conversation_id)
        stored_erasing.mark_deleted(connection, conversation_id, at=context.clock())
        return conversation

    def tell(gone: Conversation | None) -> None:
        if gone is not None:
            context.counts.change(active=-gone.is_active, total=-1)
            context.presence.forget_all(gone.id)
            context.bus.publish(ConversationDeleted(gone.id, gone.room_id))

    return await context.database.write(work, tell) is not None


async def forget_sessions(context: Context, *, before: datetime, after: int) -> tuple[int, int]:
    """Forget sessions that have not called since `before` and take part in nothing, of those with
    a greater id than `after`; up to which it was looked, 0 for all, and how many went.
    """
    ids: set[int] = set()
    while len(ids) < CANDIDATES_MAX:
        next_, old = await context.database.search(
            stored.old_sessions_after, after, before=before, limit=LOOKED_AT_ONCE
        )
        ids.update(old)
        after = next_ or 0
        if next_ is None:
            break
        await asyncio.sleep(REST_S)
    for table in stored.TABLES:
        place: Place | None = Place(table)
        while place is not None and ids:
            place, used = await context.database.search(
                stored.taking_part, place, limit=LOOKED_AT_ONCE
            )
            ids -= used
            await asyncio.sleep(REST_S)
    return after, await _erase_sessions(context, sorted(ids), before)


async def _erase_sessions(context: Context, ids: list[int], before: datetime) -> int:
    count = 0
    for start in range(0, len(ids), SESSIONS_AT_ONCE):
        # Nothing becomes a session's own but by its calling, or on a socket that holds it.
        held = context.held_sessions()
        some = [
            id
            for id in ids[start : start + SESSIONS_AT_ONCE]
            if id not in held and not context.seen.lately(id)
        ]

        def work(connection: sa.Connection, some: list[int] = some) -> int:
            return stored.erase_sessions(connection, some, before=before)

        count += await context.database.write_unreferenced(work)
        await asyncio.sleep(REST_S)
    if count:
        log.info("sessions_forgotten", count=count)
    return count
