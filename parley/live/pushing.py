"""Telling those who are away: what happened is noted, whom it concerns is found, and their devices
are told, each beside those who talk.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import structlog
from msgspec.structs import replace

from parley import present
from parley.domain import notices
from parley.domain.context import Context
from parley.domain.notices import NO_CONVERSATION, REST_S, Due, Mark, Told
from parley.errors import Unavailable
from parley.live.push_services import RETRY_AFTER_MAX_S, PushServices
from parley.outward import service_of
from parley.push.courier import Courier
from parley.push.post import Outcome, Push, Urgency
from parley.push.worker import KNOWN_AT_ONCE, KNOWN_EACH, OTHERS_AT_ONCE, OTHERS_EACH
from parley.records import (
    CallChanged,
    ConversationDeleted,
    Device,
    Event,
    GrantsTakenBack,
    InviteAnswered,
    InviteMade,
    KnockAnswered,
    Knocked,
    MessageChanged,
    MessageSent,
    MessagesErased,
    Notice,
    PartChanged,
    Participant,
    ParticipantLeft,
    ParticipantRemoved,
    PuttingOff,
    ReadingMoved,
    ReportsChanged,
    RoleChanged,
    Subject,
    TakingAway,
    Telling,
)

IN_FLIGHT_MAX, OTHERS_MAX = KNOWN_AT_ONCE, OTHERS_AT_ONCE
"""So many are handed over at once; of them to push services of which nobody knows whether they
answer: anybody can name some that don't. No more than the process that pushes sends at once: what
would wait there could not be taken back from whoever is removed meanwhile.
"""
EACH_MAX, OTHERS_EACH_MAX = KNOWN_EACH, OTHERS_EACH
"""Of them to one push service."""
CROWDED_S = 10.0
"""What finds its push service, or the others' places, full is looked at again after this."""
AT_ONCE = 10
"""So many are looked up at once; then those who talk have their turn."""
TALKS_S = 0.25
"""Who has talked within this time may be about to do so again."""
RESTS, RESTS_FOR_TALK = 1.0, 9.0
"""How long it rests after each piece of work, by how long that took: more while somebody talks."""
BEGINS_AFTER_S = 0.1
"""What was said is on its way to those who are here by then."""
TTL_S = 3 * 24 * 3600
"""How long a push service keeps what a device that is off has not got."""
CALL_TTL_S = 60
"""The same of a call that goes on: later it is no news."""
GOES_AT = timedelta(seconds=2)
"""What is taken away or corrected while it is on its way follows it after this."""
FOUND_EVERY_S = 1.0
"""Who is to be told of what is said in one conversation is looked for at most so often, and no
longer than half the time."""
WAITS_MAX_S = 60.0
TOLD_LEAST = 10_000
SET_BACK_S = 5.0
"""A clock that goes back by less is only put right."""
SLACK = timedelta(seconds=10)
"""A start looks from so much before, for what was being stored then."""
SILENT_IS_A_FAULT = ("push.apple.com",)
"""Push services that take a subscription away which shows nothing for a push: there, what is read
elsewhere stays until its browser is opened."""

log = structlog.get_logger(__name__)


class _Flight(NamedTuple):
    """One that is on its way."""

    task: asyncio.Task[None]
    service: str
    is_known: bool


class Pushing:
    """One for a server: begin with `run`, end with `close`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._courier: Courier[Push] | None = None
        self._topic: Callable[[str], str] = str
        self._services = PushServices()
        self._wake = context.notices_changed
        self._said: dict[int, tuple[int, datetime]] = {}
        """By conversation, from which seq on nobody was looked for, and when that was said."""
        self._rests: dict[int, float] = {}
        """Conversations that were just looked at, and until when they are not again."""
        self._called: set[int] = set()
        self._knocked: set[int] = set()
        self._answered: set[tuple[int, int]] = set()
        self._invited: set[tuple[int, int]] = set()
        self._reported = False
        self._looks: set[tuple[int, int, Subject]] = set()
        self._whole: set[tuple[int, Subject]] = set()
        self._told: set[tuple[int, int]] = set()
        """Sessions with something to be told or shown, and of what conversation; some had it."""
        self._told_max = TOLD_LEAST
        """With more of them it is looked which still have."""
        self._flying: dict[Mark, _Flight] = {}
        """Handed over, until it is stored what became of them."""
        self._again: dict[Mark, timedelta] = {}
        """Of those, the ones that are to be looked at again, and how long after."""
        self._done: list[Told] = []
        self._ahead_s = math.inf
        """By how much the clock was ahead of the time that goes on however it is set."""
        self._database = 0
        """Grows where another lies in the folder."""
        self._heard: dict[type[Any], Callable[[Any], None]] = {
            MessageSent: self._hear_message,
            MessageChanged: self._hear_change,
            ReadingMoved: lambda event: self._look(
                event.session_id, event.conversation_id, [Subject.TALK, Subject.CALL]
            ),
            CallChanged: self._hear_call,
            Knocked: lambda event: self._knocked.add(event.conversation_id),
            KnockAnswered: self._hear_answer,
            InviteMade: self._hear_invite,
            InviteAnswered: lambda event: self._look(event.session_id, event.conversation_id),
            ParticipantRemoved: lambda event: self._hear_gone(event.participant),
            RoleChanged: lambda event: self._hear_gone(event.participant),
            ParticipantLeft: self._hear_left,
            PartChanged: lambda event: self._look(event.session_id, event.conversation_id),
            GrantsTakenBack: self._hear_taken_back,
            ConversationDeleted: lambda event: self._hear_all(event.conversation_id),
            MessagesErased: lambda event: self._whole.update(
                (event.conversation_id, subject) for subject in (Subject.TALK, Subject.CALL)
            ),
            ReportsChanged: self._hear_reports,
        }

    def hear(self, event: Event) -> None:
        """For the bus: note what happened, in no time."""
        if not self._context.notified:
            return
        note = self._heard.get(type(event))
        if note is not None:
            note(event)
            self._wake.set()

    async def run(self, courier: Courier[Push], topic: Callable[[str], str]) -> None:
        """Tell whoever is away, until cancelled. `topic` names, for a push service, what takes the
        place of what: at most 32 characters of base64url.
        """
        self._courier, self._topic = courier, topic
        await self._load()
        while True:
            wait_s = WAITS_MAX_S
            try:
                wait_s = await self._round()
            except Unavailable:
                wait_s = FOUND_EVERY_S
                log.warning("notifying_put_off")
            except Exception:
                log.exception("notifying_failed")
            if wait_s > 0:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):
                        await self._wake.wait()
            self._wake.clear()

    @property
    def in_flight(self) -> int:
        """How many notifications are on their way to push services."""
        return len(self._flying)

    async def begin_anew(self) -> None:
        """Another database lies in the folder, in which all ids are others'."""
        self._database += 1
        for known in (
            *(self._said, self._rests, self._called, self._knocked),
            *(self._answered, self._invited),
            *(self._looks, self._whole),
            *(self._flying, self._again, self._done),
        ):
            known.clear()
        self._services.forget_devices()
        await self._load()

    async def close(self) -> None:
        """Hand nothing over any more; what was not goes out at the next start."""
        if self._courier is not None:
            await self._courier.close()
        flights = [flight.task for flight in self._flying.values()]
        await asyncio.gather(*flights, return_exceptions=True)

    async def _load(self) -> None:
        while True:
            try:
                await notices.load(self._context)
                await notices.begin_looking(self._context)
                await self._know_told()
                await self._know_resting()
                if self._context.notified:
                    await notices.look_at_shown(self._context)
                    self._called |= await notices.ringing(self._context)
                    self._knocked |= await notices.knocked_unnoticed(self._context)
                    self._reported = True
                    invited = await notices.invited_unnoticed(self._context)
                    notified = self._context.notified
                    self._invited |= {each for each in invited if each[0] in notified}
                    at = self._context.clock()
                    for conversation_id, seq in (
                        await notices.said_unnoticed(self._context)
                    ).items():
                        self._said.setdefault(conversation_id, (seq, at))
                return
            except Unavailable:
                await asyncio.sleep(FOUND_EVERY_S)

    async def _know_told(self) -> None:
        self._told = await notices.outstanding(self._context)
        self._told_max = max(TOLD_LEAST, 2 * len(self._told))

    async def _know_resting(self) -> None:
        """What push services asked for before a stop."""
        at, loop_s = self._context.clock(), asyncio.get_running_loop().time()
        for device_id, until in (await notices.resting(self._context)).items():
            rest_s = min(RETRY_AFTER_MAX_S, (until - at).total_seconds())
            self._services.leave_alone(device_id, loop_s + rest_s, loop_s=loop_s)

    def _hear_message(self, event: MessageSent) -> None:
        said = event.message
        if said.conversation_id in self._said:
            return
        self._said[said.conversation_id] = said.seq, said.sent_at
        begins = asyncio.get_running_loop().time() + BEGINS_AFTER_S
        self._rests[said.conversation_id] = max(
            begins, self._rests.get(said.conversation_id, begins)
        )

    def _hear_call(self, event: CallChanged) -> None:
        if event.news in ("began", "over"):
            self._called.add(event.conversation_id)
        if event.news:
            self._whole.add((event.conversation_id, Subject.CALL))

    def _hear_change(self, event: MessageChanged) -> None:
        said = event.message
        if said.deleted_at is not None or said.edited_at is not None:
            self._whole.add((said.conversation_id, Subject.TALK))

    def _hear_answer(self, event: KnockAnswered) -> None:
        if event.knock.session_id in self._context.notified:
            self._answered.add((event.knock.session_id, event.conversation_id))
        self._whole.add((event.conversation_id, Subject.KNOCKS))

    def _hear_invite(self, event: InviteMade) -> None:
        if event.session_id in self._context.notified:
            self._invited.add((event.session_id, event.conversation_id))

    def _hear_reports(self, event: ReportsChanged) -> None:
        if event.is_new:
            self._reported = True
        else:
            self._whole.add((NO_CONVERSATION, Subject.REPORTS))

    def _hear_left(self, event: ParticipantLeft) -> None:
        if event.is_everywhere:
            self._hear_gone(event.participant)

    def _hear_gone(self, person: Participant) -> None:
        self._look(person.session_id, person.conversation_id)

    def _hear_taken_back(self, event: GrantsTakenBack) -> None:
        for session_id in event.session_ids:
            self._look(session_id, event.conversation_id)

    def _hear_all(self, conversation_id: int) -> None:
        self._said.pop(conversation_id, None)
        self._whole.update((conversation_id, subject) for subject in Subject)

    def _look(
        self, session_id: int, conversation_id: int, subjects: Iterable[Subject] = tuple(Subject)
    ) -> None:
        if (session_id, conversation_id) in self._told:
            self._looks.update((session_id, conversation_id, subject) for subject in subjects)

    async def _round(self) -> float:
        """Do what there is to do; how long there is nothing, in seconds."""
        await self._settle_done()
        if not self._context.notified:
            return WAITS_MAX_S
        await self._look_at_clock()
        await self._look_again()
        waits_s = await self._find()
        if await self._hand_over():
            return 0.0
        due = await notices.next_due(self._context)
        if due is not None:
            waits_s = min(waits_s, (due - self._context.clock()).total_seconds())
        return max(0.05, waits_s)

    async def _look_at_clock(self) -> None:
        ahead_s = self._context.clock().timestamp() - self._context.elapsed()
        if ahead_s < self._ahead_s - SET_BACK_S:  # or it was, before the start
            await notices.begin_waiting_anew(self._context)
        self._ahead_s = ahead_s

    async def _look_again(self) -> None:
        looks, whole = self._looks, self._whole
        if not looks and not whole:
            return
        self._looks, self._whole = set(), set()
        looked_at = whole | {look[1:] for look in looks}
        for mark in self._flying:
            if mark[1:] in looked_at:
                self._again[mark] = GOES_AT
        with (
            _or_again(partial(self._looks.update, looks)),
            _or_again(partial(self._whole.update, whole)),
        ):
            await notices.look_again(self._context, looks, whole)

    async def _find(self) -> float:
        """Find whom what happened concerns; how long until there may be more."""
        now = asyncio.get_running_loop().time()
        self._rests = {id: until for id, until in self._rests.items() if until > now}
        for conversation_id in [id for id in self._said if id not in self._rests]:
            first = asyncio.get_running_loop().time()
            said = self._said.pop(conversation_id)
            # What was said since comes after it, so that all of it is looked for again.
            with _or_again(partial(self._said.__setitem__, conversation_id, said)):
                await self._find_followers(conversation_id, said[0])
            took_s = asyncio.get_running_loop().time() - first
            self._rests[conversation_id] = first + max(FOUND_EVERY_S, 2 * took_s)
        for conversation_id in list(self._called):
            self._called.discard(conversation_id)
            with _or_again(partial(self._called.add, conversation_id)):
                await self._find_called(conversation_id)
        for conversation_id in list(self._knocked):
            self._knocked.discard(conversation_id)
            with _or_again(partial(self._knocked.add, conversation_id)):
                await self._make_due(await notices.owners(self._context, conversation_id))
        for answered in list(self._answered):
            self._answered.discard(answered)
            with _or_again(partial(self._answered.add, answered)):
                await self._make_due(await notices.answered(self._context, *answered))
        for invited in list(self._invited):
            self._invited.discard(invited)
            with _or_again(partial(self._invited.add, invited)):
                await self._make_due(await notices.invited(self._context, *invited))
        if self._reported:
            self._reported = False
            with _or_again(self._note_reported):
                await self._make_due(await notices.admins(self._context))
        if not self._said:
            return WAITS_MAX_S
        now = asyncio.get_running_loop().time()
        return max(0.0, min(self._rests.get(id, now) for id in self._said) - now)

    def _note_reported(self) -> None:
        self._reported = True

    async def _find_followers(self, conversation_id: int, since: int) -> None:
        after: str | None = ""
        while after is not None:
            began = time.perf_counter()
            found = await notices.followers(self._context, conversation_id, since, after=after)
            after = found.next_after
            await self._breathe(began)
            for session_id in found.spoke:
                self._look(session_id, conversation_id, [Subject.TALK])
                self._wake.set()
            await self._make_due(found.due, is_last=after is None)

    async def _find_called(self, conversation_id: int) -> None:
        after: str | None = ""
        while after is not None:
            began = time.perf_counter()
            found = await notices.called(self._context, conversation_id, after=after)
            after = found.next_after
            await self._breathe(began)
            await self._make_due(found.due)

    async def _make_due(self, found: list[Due], *, is_last: bool = False) -> None:
        if not found:
            return
        if len(self._told) > self._told_max:
            await self._know_told()
        self._told.update((due.session_id, due.conversation_id) for due in found)
        for due in found:
            if due.mark in self._flying:
                self._again.setdefault(due.mark, timedelta(seconds=REST_S))
        waiting = [said_at for _, said_at in self._said.values()]
        until = min([self._context.clock(), *waiting]) - SLACK if is_last else None
        for start in range(0, len(found), AT_ONCE):
            began, some = time.perf_counter(), found[start : start + AT_ONCE]
            is_all = start + AT_ONCE >= len(found)
            await notices.make_due(self._context, some, looked_until=until if is_all else None)
            await self._breathe(began)

    async def _hand_over(self) -> bool:
        """Begin to tell some of what is due; whether there may be more to begin with."""
        free = min(AT_ONCE, IN_FLIGHT_MAX - len(self._flying))
        if free <= 0:
            return False
        found = await notices.due(self._context, limit=free + len(self._flying))
        some = [each for each in found if _mark(each[0]) not in self._flying][:free]
        if not some:
            return False
        began = time.perf_counter()
        settled, ready = self._sorted(some)
        for (notice, device), decision in zip(
            ready, await notices.decide(self._context, ready), strict=True
        ):
            if isinstance(decision, TakingAway) and _must_show(device):
                settled.append(Told(notice, decision, is_taken=True))
            elif isinstance(decision, Telling | TakingAway):
                task = asyncio.get_running_loop().create_task(self._send(notice, device, decision))
                service, is_known = service_of(device.endpoint), self._services.is_known(device)
                self._flying[_mark(notice)] = _Flight(task, service, is_known)
            else:
                settled.append(Told(notice, decision))
        if settled:
            await notices.settle(self._context, settled)
        await self._breathe(began)
        return True

    def _sorted(
        self, some: Iterable[tuple[Notice, Device]]
    ) -> tuple[list[Told], list[tuple[Notice, Device]]]:
        """Those that are put off, as their push service rests or has all the places that it may
        have; and the others.
        """
        now, loop_now = self._context.clock(), asyncio.get_running_loop().time()
        of_each = Counter(flight.service for flight in self._flying.values())
        others = sum(not flight.is_known for flight in self._flying.values())
        put_off: list[Told] = []
        ready: list[tuple[Notice, Device]] = []
        for notice, device in some:
            service, is_known = service_of(device.endpoint), self._services.is_known(device)
            rests_until = self._services.device_rests_until(device.id)
            wait_s = max(rests_until, self._services.rests_until(service)) - loop_now
            is_full = of_each[service] >= (EACH_MAX if is_known else OTHERS_EACH_MAX)
            if wait_s <= 0 and (is_full or (not is_known and others >= OTHERS_MAX)):
                # A crowd that waits for few places doesn't come back all at once.
                wait_s = CROWDED_S * random.uniform(0.1, 1.0)  # noqa: S311  # no secret
            if wait_s > 0:
                put_off.append(Told(notice, PuttingOff(now + timedelta(seconds=wait_s))))
                continue
            of_each[service] += 1
            others += not is_known
            ready.append((notice, device))
        return put_off, ready

    async def _breathe(self, began: float) -> None:
        """Let those who talk have the core: after a piece of work that began then."""
        is_talk = asyncio.get_running_loop().time() - self._context.database.talked_s < TALKS_S
        await asyncio.sleep((time.perf_counter() - began) * (RESTS_FOR_TALK if is_talk else RESTS))

    async def _send(self, notice: Notice, device: Device, decision: Telling | TakingAway) -> None:
        database, is_telling = self._database, isinstance(decision, Telling)
        try:
            push = Push(
                endpoint=device.endpoint,
                key=device.key,
                auth=device.auth,
                text=present.pushed(decision)
                if isinstance(decision, Telling)
                else present.pushed_gone(notice),
                topic=self._topic(f"{notice.conversation_id} {notice.subject}"),
                ttl_s=_kept_s(decision),
                urgency=Urgency.HIGH if is_telling else Urgency.NORMAL,
                is_known=self._services.is_known(device),
            )
            outcome = Outcome(0, 0, is_lost=True)
            if self._courier is not None:
                outcome = await self._courier.send(push)
            told = self._services.judge(
                notice,
                device,
                decision,
                outcome,
                at=self._context.clock(),
                loop_s=asyncio.get_running_loop().time(),
            )
        except Exception:
            log.exception("notifying_failed")
            told = Told(notice, decision, is_refused=True)
        if database == self._database:
            self._done.append(told)
            self._wake.set()

    async def _settle_done(self) -> None:
        """Store what became of those that were on their way: until then they are that still, so
        that nothing is told twice where nothing can be stored.
        """
        while self._done:
            some = self._done[:AT_ONCE]
            began = time.perf_counter()
            try:
                await notices.settle(self._context, [self._with_more(told) for told in some])
            except Unavailable:
                raise
            except Exception:
                # They stay on their way: told again and again would be worse than not again.
                log.exception("notifying_failed")
                del self._done[: len(some)]
                continue
            del self._done[: len(some)]
            for told in some:
                self._flying.pop(_mark(told.notice), None)
                self._again.pop(_mark(told.notice), None)
            await self._breathe(began)

    def _with_more(self, told: Told) -> Told:
        """With when there is more to tell, where something happened while it was on its way: that
        is not dropped with it.
        """
        again, at = self._again.get(_mark(told.notice)), self._context.clock()
        if again is None or told.is_gone:
            return told
        if told.is_taken or told.is_refused:
            return replace(told, is_refused=False, again_at=at + again)
        return replace(told, notice=replace(told.notice, since=max(told.notice.since, at)))


@contextlib.contextmanager
def _or_again(note: Callable[[], object]) -> Iterator[None]:
    """Note what was to be done once more where the database is away. Whatever else goes wrong with
    one must not keep the others waiting for ever.
    """
    try:
        yield
    except Unavailable:
        note()
        raise


def _mark(notice: Notice) -> Mark:
    return notice.device_id, notice.conversation_id, notice.subject


def _kept_s(decision: Telling | TakingAway) -> int:
    is_ringing = (
        isinstance(decision, Telling)
        and decision.subject is Subject.CALL
        and not decision.is_missed
    )
    return CALL_TTL_S if is_ringing else TTL_S


def _must_show(device: Device) -> bool:
    host = urlsplit(device.endpoint).hostname or ""
    return any(host == name or host.endswith("." + name) for name in SILENT_IS_A_FAULT)
