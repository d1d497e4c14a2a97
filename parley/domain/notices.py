"""What is to be told to whom who is away, and what it says: found after the commit, beside those
who talk, and read again when it is sent.

Nothing is stored with a message. What happened is noted in memory, then who is to be told of it is
found in the tables. Where the server ends in between, a start looks for what was said since all was
found the last time.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog
from msgspec import Struct

from parley.domain import calls, cluster, notifying, telling
from parley.domain.context import Context
from parley.records import (
    Decision,
    Device,
    Follower,
    LettingBe,
    Level,
    Notice,
    PuttingOff,
    Subject,
    TakingAway,
    Telling,
)
from parley.storage import admins as stored_admins
from parley.storage import calls as stored_calls
from parley.storage import contacts, facts, knocks, push
from parley.storage import notices as stored

PEOPLE_AT_ONCE = 50
LOOKED_AT_MAX = 200
"""Of the messages that are new: their authors need not hear of their own alone."""
REST_S = 15.0
"""After one notification of a conversation, the next waits so long: it then tells all there is."""
CALL_REST_S = 5.0
"""The same of calls: whoever calls again at once means it."""
NO_CONVERSATION = 0
"""Of what is told of the whole server."""
READS_ALONG_S = 5.0
"""Whoever has it open may be reading it: their device is told only if they do not."""
TOLD_WITHIN = timedelta(days=1)
"""What was said before a longer stop is no news any more."""
FAILING_MAX = timedelta(days=7)
FAILURES_MAX = 10
"""A device whose push service takes nothing for so long, however often, is forgotten."""
log = structlog.get_logger(__name__)

_LOOKED = "notices_looked_until"

Mark = tuple[int, int, Subject]
"""A notice: device, conversation, subject."""


class Due(Struct, frozen=True):
    """What a device is to be told of, and when."""

    device_id: int
    session_id: int
    conversation_id: int
    subject: Subject
    at: datetime

    @property
    def mark(self) -> Mark:
        return self.device_id, self.conversation_id, self.subject


class Told(Struct, frozen=True):
    """What became of a notice that was handed over or decided about."""

    notice: Notice
    decision: Decision
    is_taken: bool = False
    """Whether the push service took it."""
    is_gone: bool = False
    """Whether the device is no more."""
    is_refused: bool = False
    """Whether this one will never be taken."""
    is_failure: bool = False
    """Whether its push service took nothing, so that the device may be dead."""
    again_at: datetime | None = None
    """When to try again; of one that was taken, when there is more to tell."""


async def load(context: Context) -> None:
    """Know which sessions have devices."""
    context.notified.clear()
    context.notified.update(await context.database.read(push.sessions))


async def look_at_shown(context: Context) -> None:
    """Have all that is shown looked at again: something may have been deleted or read as the server
    ended.
    """
    at = context.clock()
    await context.database.write(lambda connection: stored.look_at_shown(connection, at=at))


async def begin_waiting_anew(context: Context) -> None:
    """After the clock was set back: what waits would wait for as long as that. What is put off on
    purpose is put off again when it is looked at.
    """
    at = context.clock()
    await context.database.write(lambda connection: stored.tell_all_now(connection, at=at))


async def outstanding(context: Context) -> set[tuple[int, int]]:
    """The sessions that have something to be told or shown, and of which conversations."""
    return await context.database.search(stored.told)


async def begin_looking(context: Context) -> None:
    """In a new database: what is said from now on is looked for by a later start, if not before."""
    at = context.clock()

    def work(connection: sa.Connection) -> None:
        if facts.get(connection, _LOOKED) is None:
            _note_looked(connection, at)

    if await context.database.search(facts.get, _LOOKED) is None:
        await context.database.write(work)


def _note_looked(connection: sa.Connection, until: datetime) -> None:
    facts.put(connection, _LOOKED, str(int(until.timestamp() * 1000)))


async def resting(context: Context) -> dict[int, datetime]:
    """The devices for which something is to be tried again later, and when."""
    return await context.database.search(stored.resting, after=context.clock())


async def said_unnoticed(context: Context) -> dict[int, int]:
    """The conversations in which something was said that nobody was looked for to be told of, and
    from which seq on.
    """
    now = context.clock()

    def query(connection: sa.Connection) -> dict[int, int]:
        until = _looked_until(connection)
        return {} if until is None else push.said_since(connection, max(until, now - TOLD_WITHIN))

    return await context.database.search(query)


async def knocked_unnoticed(context: Context) -> set[int]:
    """The conversations at whose door somebody waits of whom owners may not have been told."""
    now = context.clock()

    return await context.database.search(knocks.asked_since, now - TOLD_WITHIN)


async def invited_unnoticed(context: Context) -> set[tuple[int, int]]:
    """The sessions that were invited of late, and where to, and may not have been told of it."""
    now = context.clock()

    return await context.database.search(contacts.made_since, now - TOLD_WITHIN)


async def ringing(context: Context) -> set[int]:
    """The conversations in which there is a call, of which people may not have been told."""
    return set(await context.database.search(stored_calls.running))


def _looked_until(connection: sa.Connection) -> datetime | None:
    written = facts.get(connection, _LOOKED)
    return None if written is None else datetime.fromtimestamp(int(written) / 1000, UTC)


class Followers(Struct, frozen=True):
    """Some of those who follow what is said in a conversation."""

    due: list[Due]
    spoke: set[int]
    """The sessions of those who said something themselves: they have read what was before."""
    next_after: str | None
    """After which user_id it goes on; None where those were all."""


async def followers(
    context: Context, conversation_id: int, since: int, *, after: str = ""
) -> Followers:
    """Whom to tell of what was said from a seq on, of those after a user_id."""
    now, held = context.clock(), context.held_sessions()

    def query(connection: sa.Connection) -> Followers:
        here = {*held, *cluster.sessions_online(context, connection, conversation_id)}
        page = push.followers(connection, conversation_id, after=after, limit=PEOPLE_AT_ONCE)
        if not page:
            return Followers([], set(), None)
        people = notifying.people_in(connection, conversation_id)
        authors = push.authors(connection, conversation_id, since=since, limit=LOOKED_AT_MAX)
        meant = push.meant(connection, conversation_id, since=since, limit=LOOKED_AT_MAX)
        page, next_after = _whole(page)
        found = [
            Due(
                each.device_id,
                each.session_id,
                conversation_id,
                Subject.TALK,
                _at(each.session_id, now, here),
            )
            for each in page
            if _concerns(notifying.level_of(each.wanted, people), each.user_id, authors, meant)
        ]
        spoke = {each.session_id for each in page if each.user_id in authors}
        return Followers(found, spoke, next_after)

    return await context.database.search(query)


def _whole(page: list[Follower]) -> tuple[list[Follower], str | None]:
    """A page, and after which user_id the next begins. Whose devices it ends among comes whole on
    that.
    """
    if len(page) < PEOPLE_AT_ONCE:
        return page, None
    whole = [each for each in page if each.user_id != page[-1].user_id] or page
    return whole, whole[-1].user_id


async def called(context: Context, conversation_id: int, *, after: str = "") -> Followers:
    """Whom to tell of a call that began, or that is over and to which nobody came; of those after
    a user_id.
    """
    now, held = context.clock(), context.held_sessions()

    def query(connection: sa.Connection) -> Followers:
        here = {*held, *cluster.sessions_online(context, connection, conversation_id)}
        knowing = _who_knows(connection, conversation_id)
        if knowing is None:
            return Followers([], set(), None)
        page, next_after = _whole(
            push.followers(connection, conversation_id, after=after, limit=PEOPLE_AT_ONCE)
        )
        found = [
            Due(
                each.device_id,
                each.session_id,
                conversation_id,
                Subject.CALL,
                _at(each.session_id, now, here),
            )
            for each in page
            if each.user_id not in knowing
            and notifying.is_rung(connection, conversation_id, each.wanted)
        ]
        return Followers(found, set(), next_after)

    return await context.database.search(query)


def _who_knows(connection: sa.Connection, conversation_id: int) -> set[str] | None:
    """Who need not be told of the call, as they are or were in it; None where there is nothing to
    tell of.
    """
    call = stored_calls.find(connection, conversation_id)
    if call is not None:
        return {each.user_id for each in call.people}
    missed = calls.last_missed(connection, conversation_id)
    return None if missed is None else {missed.user_id}


async def owners(context: Context, conversation_id: int) -> list[Due]:
    """Whom to tell that somebody knocks."""
    now, held = context.clock(), context.held_sessions()

    def query(connection: sa.Connection) -> list[Due]:
        here = {*held, *cluster.sessions_online(context, connection, conversation_id)}
        return [
            Due(
                each.device_id,
                each.session_id,
                conversation_id,
                Subject.KNOCKS,
                _at(each.session_id, now, here),
            )
            for each in push.owners(connection, conversation_id, limit=PEOPLE_AT_ONCE)
            if each.wanted.level is not Level.NONE
        ]

    return await context.database.search(query)


async def admins(context: Context) -> list[Due]:
    """Whom to tell that something was reported."""
    now, held = context.clock(), context.held_sessions()
    found = await context.database.search(stored_admins.devices)
    return [
        Due(device_id, session_id, NO_CONVERSATION, Subject.REPORTS, _at(session_id, now, held))
        for device_id, session_id in found
    ]


async def make_due(
    context: Context, dues: Sequence[Due], *, looked_until: datetime | None = None
) -> None:
    """Have these told: few at a time, as others wait meanwhile. `looked_until`: of all that was
    said before, those are found who are to be told.
    """
    now = context.clock()

    def work(connection: sa.Connection) -> None:
        for due in dues:
            stored.make_due(
                connection,
                due.device_id,
                due.conversation_id,
                due.subject,
                at=due.at,
                now=now,
                rest_s=CALL_REST_S if due.subject is Subject.CALL else REST_S,
            )
        if looked_until is not None:
            _note_looked(connection, looked_until)

    await context.database.write(work)


async def answered(context: Context, session_id: int, conversation_id: int) -> list[Due]:
    """Whom to tell that their knock was answered."""
    return await _own_devices(context, session_id, conversation_id, Subject.DOOR)


async def invited(context: Context, session_id: int, conversation_id: int) -> list[Due]:
    """Whom to tell that they are invited."""
    return await _own_devices(context, session_id, conversation_id, Subject.INVITE)


async def _own_devices(
    context: Context, session_id: int, conversation_id: int, subject: Subject
) -> list[Due]:
    now = context.clock()
    found = await context.database.read(push.devices, session_id)
    at = _at(session_id, now, context.held_sessions())
    return [Due(each.id, session_id, conversation_id, subject, at) for each in found]


async def look_again(
    context: Context,
    looks: Iterable[tuple[int, int, Subject]],
    whole: Iterable[tuple[int, Subject]],
) -> None:
    """Have it decided anew what is shown: to sessions of conversations, and to all of one."""
    at = context.clock()
    looks, whole = list(looks), list(whole)

    def work(connection: sa.Connection) -> None:
        for session_id, conversation_id, subject in looks:
            stored.look_at(connection, session_id, conversation_id, subject, at=at)
        for conversation_id, subject in whole:
            stored.look_at_all(connection, conversation_id, subject, at=at)

    if looks or whole:
        await context.database.write(work)


async def due(context: Context, *, limit: int) -> list[tuple[Notice, Device]]:
    """What is to be told by now."""
    return await context.database.search(stored.due, at=context.clock(), limit=limit)


async def next_due(context: Context) -> datetime | None:
    """When there is more to be told than now."""
    return await context.database.search(stored.next_due, after=context.clock())


async def decide(context: Context, some: Sequence[tuple[Notice, Device]]) -> list[Decision]:
    """What each notice comes to, as it is now."""
    now = context.clock()

    def one(connection: sa.Connection, notice: Notice, device: Device) -> Decision:
        try:
            return telling.decide(connection, notice, device, now)
        except sa.exc.DBAPIError:
            raise
        except Exception:  # the others are told all the same
            log.exception("notifying_failed")
            return LettingBe()

    def query(connection: sa.Connection) -> list[Decision]:
        return [one(connection, notice, device) for notice, device in some]

    return await context.database.search(query)


async def settle(context: Context, told: Sequence[Told]) -> None:
    """Store what became of them: few at a time, as others wait meanwhile."""
    now = context.clock()
    is_any_gone = any(each.is_gone for each in told)

    def work(connection: sa.Connection) -> set[int]:
        for each in told:
            _settle(connection, each, now)
        return push.sessions(connection) if is_any_gone else set()

    # In the order of commits: who subscribes meanwhile is added after it.
    keep = context.notified.intersection_update if is_any_gone else None
    await context.database.write(work, keep)


def _settle(connection: sa.Connection, told: Told, now: datetime) -> None:
    notice, decision = told.notice, told.decision
    if told.is_gone:
        push.remove(connection, notice.device_id)
        return
    match decision:
        case PuttingOff():
            since, tries = notice.since, notice.tries
            if decision.is_wished:
                since, tries = decision.until, 0
            stored.put_off(connection, notice, at=decision.until, since=since, tries=tries)
            return
        case LettingBe():
            if notice.shown_seq is None:
                stored.forget(connection, notice)
            else:
                stored.rest(connection, notice)
            return
    if told.is_taken:
        push.took(connection, notice.device_id, at=now)
        if isinstance(decision, Telling):
            stored.show(
                connection, notice, seq=decision.seq, at=decision.as_of, again_at=told.again_at
            )
        elif told.again_at is None:
            stored.forget(connection, notice)
        else:
            stored.show_nothing(connection, notice, again_at=told.again_at)
        return
    if told.is_refused or told.again_at is None or now - notice.since > TOLD_WITHIN:
        if notice.shown_seq is None or isinstance(decision, TakingAway):
            stored.forget(connection, notice)
        else:
            stored.rest(connection, notice)
    else:
        stored.put_off(
            connection, notice, at=told.again_at, since=notice.since, tries=notice.tries + 1
        )
    if told.is_failure:
        push.failed(connection, notice.device_id, at=now)


def is_given_up(device: Device, at: datetime) -> bool:
    """Whether its push service has taken nothing for too long, and was asked often."""
    is_long = device.failing_since is not None and at - device.failing_since > FAILING_MAX
    return is_long and device.failures >= FAILURES_MAX


def _at(session_id: int, now: datetime, held: Container[int]) -> datetime:
    return now + timedelta(seconds=READS_ALONG_S) if session_id in held else now


def _concerns(level: Level, user_id: str, authors: set[str], meant: set[str]) -> bool:
    if level is Level.ALL:
        return bool(authors - {user_id})
    return level is Level.MENTIONS and user_id in meant
