"""One of several processes on one database: that it runs, whose sockets it holds, and whether it
is the one that does what is done once for all.

Each has a lease that it renews every two seconds. Whoever sees that one is over counts those as
gone who were on sockets of that process alone: so one that is killed leaves nobody behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime

import sqlalchemy as sa
import structlog
from msgspec.structs import replace

from parley.domain.context import Context
from parley.errors import Unavailable
from parley.records import (
    ConversationDeleted,
    ConversationEnded,
    DevicesChanged,
    Event,
    Participant,
    ParticipantArrived,
    ParticipantClaimed,
    ParticipantLeft,
    ParticipantProven,
    ParticipantRemoved,
    ParticipantWonBack,
    Role,
    Snapshot,
)
from parley.storage import cluster as stored
from parley.storage import conversations as stored_conversations
from parley.storage import participants as stored_participants
from parley.storage.forgetting import Caller

log = structlog.get_logger(__name__)

LASTS_S = 8.0
"""A lease. With the rounds it takes to see that it is over, nobody is a ghost for 15 seconds."""
RENEW_EVERY_S = 2.0
CHORES = "chores"
"""The lease of whoever does what is done once."""
NONE = 0
"""The id of no conversation."""
PEOPLE_AT_ONCE = 50
"""In one transaction."""
RECOUNT_EVERY_S = 600.0
"""How often conversations are counted anew, as hints of their beginning may be lost."""


class Cluster:
    """This process among the others. `run` renews its leases until it is cancelled."""

    def __init__(self) -> None:
        self.process = secrets.randbits(62)
        self.has_chores = asyncio.Event()
        """Set while this one does what is done once for all."""
        self.lost_chores = asyncio.Event()
        self.lost_chores.set()
        self.owes: list[Participant] = []
        """Who left while nothing could be stored: it is stored later."""
        self._renewed_s: float | None = None
        """When all leases were renewed last."""
        self._steady_since_s: float | None = None
        """Since when that has always succeeded in time."""

    @property
    def name(self) -> str:
        return f"{self.process:x}"

    # --- starting and stopping ---

    def begin(self, connection: sa.Connection) -> bool:
        """Note that this process runs. Whether it is the only one: then nobody is on a socket."""
        is_first = not stored.others(connection, self.process)
        if is_first:
            stored.forget_all(connection)
        stored.renew_process(connection, self.process, for_ms=_ms(LASTS_S))
        return is_first

    async def end(self, context: Context) -> None:
        """Let another do the chores. Who was on a socket here has the usual grace to be back on one
        of another's.
        """

        def work(connection: sa.Connection) -> None:
            stored.give_up_lease(connection, CHORES, self.process)
            stored.renew_process(connection, self.process, for_ms=_ms(context.leave_grace_s))

        with contextlib.suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(RENEW_EVERY_S):
                await context.database.write(work, conversation=NONE)

    async def is_alone(self, context: Context) -> bool:
        """Whether no other process runs."""
        return not await context.database.read(stored.others, self.process)

    # --- leases ---

    async def run(self, context: Context) -> None:
        loop = asyncio.get_running_loop()
        recount_s = loop.time() + RECOUNT_EVERY_S
        while True:
            began_s = loop.time()
            try:
                async with asyncio.timeout(LASTS_S):
                    await self._renew(context, began_s)
                if self._is_steady():
                    await self._sweep(context)
                if began_s > recount_s:
                    recount_s = began_s + RECOUNT_EVERY_S
                    context.counts.forget()
            except (Unavailable, TimeoutError):
                log.debug("lease_not_renewed")
            except Exception:
                log.exception("lease_failed")
            self._look_at_chores()
            await asyncio.sleep(RENEW_EVERY_S)

    async def _renew(self, context: Context, began_s: float) -> None:
        def work(connection: sa.Connection) -> tuple[bool, bool]:
            was_there = stored.renew_process(connection, self.process, for_ms=_ms(LASTS_S))
            return was_there, stored.take_lease(
                connection, CHORES, self.process, for_ms=_ms(LASTS_S)
            )

        # Of no conversation: who writes in one waits for nothing here.
        was_there, has_chores = await context.database.write(work, conversation=NONE)
        is_starting = self._renewed_s is None
        is_late = self._renewed_s is None or began_s > self._renewed_s + LASTS_S
        if is_late or self._steady_since_s is None:
            self._steady_since_s = began_s
        self._renewed_s = began_s
        if has_chores and not self.has_chores.is_set():
            # Where nobody else does, a start goes without saying.
            (log.debug if is_starting else log.info)("chores_begun")
            self.lost_chores.clear()
            self.has_chores.set()
        elif not has_chores:
            self._lose_chores()
        if not was_there:
            await self._come_back(context)

    def _look_at_chores(self) -> None:
        """Another may have them once our lease is over, whether we know of it or not."""
        now_s = asyncio.get_running_loop().time()
        if self._renewed_s is None or now_s > self._renewed_s + LASTS_S - RENEW_EVERY_S:
            self._lose_chores()

    def _lose_chores(self) -> None:
        if self.has_chores.is_set():
            log.info("chores_given_up")
        self.has_chores.clear()
        self.lost_chores.set()

    def _is_steady(self) -> bool:
        """Whether the database was there for as long as a lease: else others' leases may be over
        for no fault of theirs.
        """
        now_s = asyncio.get_running_loop().time()
        return self._steady_since_s is not None and now_s > self._steady_since_s + LASTS_S

    async def only_here(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do this while this process is the one that does the chores, until cancelled; where it
        comes to an end, it was all there is to do.
        """
        while True:
            await self.has_chores.wait()
            doing = asyncio.ensure_future(work())
            lost = asyncio.ensure_future(self.lost_chores.wait())
            try:
                await asyncio.wait((doing, lost), return_when=asyncio.FIRST_COMPLETED)
            finally:
                lost.cancel()
                doing.cancel()
                await asyncio.gather(doing, return_exceptions=True)
            if not doing.cancelled() and doing.exception() is not None:
                log.error("chore_failed", exc_info=doing.exception())
                await asyncio.sleep(RENEW_EVERY_S)
            else:
                await self.lost_chores.wait()

    # --- who is here ---

    def comes(self, context: Context, connection: sa.Connection, person: Participant) -> bool:
        """Note that somebody is on a socket here; whether they were on one elsewhere already."""
        was_elsewhere = stored.sits_elsewhere(connection, person, self.process)
        stored.sit(connection, person, self.process)
        return was_elsewhere

    def comes_without_socket(
        self, context: Context, connection: sa.Connection, person: Participant
    ) -> bool:
        """Whether they are on a socket elsewhere."""
        gone = context.presence.gone(person)
        if gone is not None:
            # They stay beyond the grace, so nothing will tell that they have gone.
            stored.get_up(connection, gone, self.process)
        elif context.presence.is_on_socket(person):
            stored.sit(connection, person, self.process)  # it will tell when they have gone
        return stored.sits_elsewhere(connection, person, self.process)

    def is_taken(self, connection: sa.Connection, person: Participant) -> bool:
        """Whether they are on a socket of another process."""
        return stored.sits_elsewhere(connection, person, self.process)

    def is_about(self, connection: sa.Connection, person: Participant) -> bool:
        """Whether they are on a socket anywhere."""
        return stored.sits(connection, person)

    def without_socket(self, connection: sa.Connection, callers: list[Caller]) -> list[Caller]:
        """Those of them who are on no socket anywhere."""
        return [each for each in callers if not stored.sits(connection, each.person)]

    def puts_out(self, connection: sa.Connection, person: Participant) -> None:
        """No socket of theirs counts any more, of any process."""
        stored.forget(connection, person.conversation_id, person.user_id)

    def away(self, context: Context, conversation_id: int) -> stored.Away:
        """Who may yet come back on a socket of this process."""
        return stored.Away(self.process, context.presence.away(conversation_id))

    async def is_owner_online(self, context: Context, conversation_id: int) -> bool:
        """Whether an owner who joined it is on a socket of any process."""
        away = self.away(context, conversation_id)
        return await context.database.read(stored.is_owner_online, conversation_id, away)

    def goes(self, connection: sa.Connection, known: Participant, now: Participant) -> bool:
        """Somebody's last socket here is gone; whether they are, by what the database knows now."""
        return stored.get_up(connection, known, self.process) == now.visits

    async def _sweep(self, context: Context) -> None:
        """Count those as gone who were on sockets of processes that are."""
        for process in await context.database.read(stored.dead):
            if process == self.process:
                continue
            count = 0
            while left := await self._sweep_some(context, process):
                count += left
            log.warning("process_is_gone", process=f"{process:x}", people=count)

    async def _sweep_some(self, context: Context, process: int) -> int:
        at = context.clock()

        def work(connection: sa.Connection) -> tuple[int, list[ParticipantLeft]]:
            stored.forget_process(connection, process)
            if not stored.is_dead(connection, process):
                return 0, []
            left = stored.left_behind(connection, process, limit=PEOPLE_AT_ONCE)
            if not left:
                stored.forget_strays(connection, process)
            gone = [_leave(connection, person, process, at) for person in left]
            return len(left), [each for each in gone if each is not None]

        def tell(result: tuple[int, list[ParticipantLeft]]) -> None:
            for event in result[1]:
                context.bus.publish(event)

        return (await context.database.write(work, tell))[0]

    async def _come_back(self, context: Context) -> None:
        """Others took this process for gone: its people are here all the same."""
        people = context.presence.on_sockets()
        log.warning("lease_was_over", people=len(people))
        for at in range(0, len(people), PEOPLE_AT_ONCE):
            some = people[at : at + PEOPLE_AT_ONCE]

            def work(
                connection: sa.Connection, some: list[Participant] = some
            ) -> list[ParticipantArrived]:
                back = [self._return(connection, person) for person in some]
                return [each for each in back if each is not None]

            def tell(events: list[ParticipantArrived]) -> None:
                for event in events:
                    context.bus.publish(event)

            await context.database.write(work, tell)

    def _return(self, connection: sa.Connection, person: Participant) -> ParticipantArrived | None:
        if stored_conversations.by_id(connection, person.conversation_id) is None:
            return None
        now = stored_participants.by_user(connection, person.conversation_id, person.user_id)
        if now is None or now.session_id != person.session_id or now.removed_at is not None:
            return None
        if now.left_for_good:
            return None
        stored.sit(connection, now, self.process)
        if now.left_at is None:
            return None
        back = stored_participants.change(connection, now, left_at=None)
        return ParticipantArrived(
            back,
            stored_conversations.change_participant_count(connection, person.conversation_id, 1),
        )

    # --- what others did ---

    def hear(self, context: Context, event: Event) -> None:
        """What happened in another process, for what this one remembers."""
        presence = context.presence
        match event:
            case ParticipantArrived() | ParticipantProven():
                presence.hear(event.participant)
            case ParticipantRemoved():
                presence.forget(event.participant)
            case ParticipantLeft(is_everywhere=True):
                presence.forget(event.participant)
            case ParticipantWonBack():
                presence.put_out_sockets(event.participant)
            case ParticipantClaimed():
                presence.forget(event.before)
            case ConversationEnded():
                context.counts.change(active=-1)
            case ConversationDeleted():
                presence.forget_all(event.conversation_id)
                context.counts.forget()
            case DevicesChanged():
                if event.has_any:
                    context.notified.add(event.session_id)
                    context.notices_changed.set()
                else:
                    context.notified.discard(event.session_id)


def online(context: Context, connection: sa.Connection, snapshot: Snapshot) -> Snapshot:
    """With who is on a socket, of any process."""
    if context.cluster is None:
        return snapshot
    conversation = snapshot.conversation
    told_of = [person.user_id for person in snapshot.participants]
    if snapshot.person is not None:
        told_of.append(snapshot.person.user_id)
    away = context.cluster.away(context, conversation.id)
    return replace(
        snapshot,
        online=stored.online(connection, conversation.id, told_of, away),
        online_count=min(
            stored.online_count(connection, conversation.id, away), conversation.participant_count
        ),
    )


def sessions_online(
    context: Context, connection: sa.Connection, conversation_id: int
) -> frozenset[int]:
    """The ids of the sessions that are in a conversation on sockets of any process."""
    if context.cluster is None:
        return frozenset()
    away = context.cluster.away(context, conversation_id)
    return stored.sessions_online(connection, conversation_id, away)


def _leave(
    connection: sa.Connection, person: Participant, process: int, at: datetime
) -> ParticipantLeft | None:
    last = stored.get_up(connection, person, process)
    if last is None or last != person.visits or person.left_at is not None:
        return None
    if person.role is Role.BOT:
        return None
    if stored_conversations.by_id(connection, person.conversation_id) is None:
        return None
    gone = stored_participants.change(connection, person, left_at=at)
    count = stored_conversations.change_participant_count(connection, person.conversation_id, -1)
    return ParticipantLeft(gone, count)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
