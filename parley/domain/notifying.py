"""Being notified: on which devices, and of what in each conversation."""

from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace

from parley.addresses import Network
from parley.contract import CALL_PEERS_MAX
from parley.domain import door
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.time_zones import zone_called
from parley.errors import BadRequest, Forbidden, NotJoined
from parley.outward import NotAllowed, require_askable
from parley.push import encryption
from parley.records import Device, DevicesChanged, Level, QuietHours, Session, Standing, Wanted
from parley.storage import notices
from parley.storage import push as stored

DEVICES_MAX = 10
"""Of one session. With one more, the one that was added first is notified no more."""
ONE_MINUTE = timedelta(minutes=1)
RUNG_MAX = CALL_PEERS_MAX
"""In a conversation of more than fit in a call, only who wants to be told of everything is called
away from what they do.
"""
TWO = 2
"""In a conversation of so many everything said is said to one."""


class Subscription(Struct, frozen=True):
    """What a browser gives whoever may notify it (Push API, `PushSubscription`)."""

    endpoint: str
    key: bytes
    auth: bytes
    shows_words: bool
    quiet_hours: QuietHours | None
    replaces: str | None = None
    """The endpoint that the same browser had before: what was chosen for that stays."""


class Decided(Struct, frozen=True):
    """What somebody is notified of in a conversation."""

    level: Level
    usual: Level
    """What it is where nobody decides."""
    is_default: bool
    quiet_until: datetime | None
    is_rung: bool
    """Whether they are told of calls, once `quiet_until` is over."""


async def add_device(
    context: Context,
    session: Session | None,
    subscription: Subscription,
    *,
    networks: tuple[Network, ...] = (),
) -> Device:
    """Notify this browser from now on, or otherwise than until now.

    Raises `NotJoined` for a stranger, `BadRequest` for what is none, and `Forbidden` for one that
    was given by somebody else: another session gets it only by showing the same keys, which the
    browser tells nobody else.
    """
    mine, at = _mine(session), context.clock()
    try:
        require_askable(subscription.endpoint, networks)
        encryption.public_key(subscription.key)
    except NotAllowed as error:
        raise BadRequest(f"endpoint {error}.") from error
    except ValueError as error:
        raise BadRequest("p256dh is not a point of P-256.") from error
    if len(subscription.auth) != encryption.AUTH_BYTES:
        raise BadRequest(f"auth must be {encryption.AUTH_BYTES} bytes.")

    def work(connection: sa.Connection) -> Device:
        chosen = subscription
        before = stored.device_at(connection, subscription.replaces or "")
        if before is not None and before.session_id == mine:
            chosen = replace(chosen, shows_words=before.shows_words, quiet_hours=before.quiet_hours)
            stored.remove(connection, before.id)
        there = stored.device_at(connection, subscription.endpoint)
        if there is not None:
            # Told in a time that depends on them, but nobody tries 2 ^ 128 of them.
            is_same = (there.key, there.auth) == (subscription.key, subscription.auth)
            if there.session_id != mine and not is_same:
                raise Forbidden("This browser is notified for somebody else.")
            if there.session_id == mine and is_same:
                if there.quiet_hours != chosen.quiet_hours:
                    notices.tell_device_now(connection, there.id, at=at)
                return stored.change(
                    connection,
                    there.id,
                    shows_words=chosen.shows_words,
                    quiet_hours=chosen.quiet_hours,
                )
            stored.remove(connection, there.id)
        others = stored.devices(connection, mine)
        for device in others[DEVICES_MAX - 1 :]:
            stored.remove(connection, device.id)
        return stored.add(
            connection,
            session_id=mine,
            endpoint=subscription.endpoint,
            key=subscription.key,
            auth=subscription.auth,
            added_by=None if session is None else session.device_id,
            at=at,
            shows_words=chosen.shows_words,
            quiet_hours=chosen.quiet_hours,
        )

    def tell(_: Device) -> None:
        context.notified.add(mine)
        context.notices_changed.set()
        context.bus.publish(DevicesChanged(mine, has_any=True))

    return await context.database.write(work, tell)


async def remove_device(context: Context, session: Session | None, endpoint: str) -> bool:
    """Whether a browser of theirs was notified until now. Raises `NotJoined` for a stranger."""
    mine = _mine(session)

    def work(connection: sa.Connection) -> tuple[bool, bool]:
        there = stored.device_at(connection, endpoint)
        if there is None or there.session_id != mine:
            return False, bool(stored.devices(connection, mine))
        stored.remove(connection, there.id)
        return True, bool(stored.devices(connection, mine))

    def tell(result: tuple[bool, bool]) -> None:
        if not result[1]:
            context.notified.discard(mine)
            context.bus.publish(DevicesChanged(mine, has_any=False))

    return (await context.database.write(work, tell))[0]


async def devices(context: Context, session: Session | None) -> list[Device]:
    """A session's, the latest first."""
    if session is None:
        return []
    return await context.database.read(stored.devices, session.id)


async def decided(context: Context, room_id: str, session: Session | None) -> Decided:
    """Raises `NotJoined`, and what keeps them from reading."""

    def query(connection: sa.Connection) -> Decided:
        found, own = _own(connection, room_id, session)
        return _decided(connection, found, stored.wanted(connection, found.id, own.id))

    return await context.database.read(query)


async def decide(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    level: Level | None,
    keeps_level: bool,
    quiet_for_s: float | None,
) -> Decided:
    """Be notified of this from now on; without a `level`, of what is usual. `keeps_level` leaves
    it as it is, and None as `quiet_for_s` the time for which nothing is told; 0 ends that.

    Raises `NotJoined`, and what keeps them from reading.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> Decided:
        found, own = _own(connection, room_id, session)
        before = stored.wanted(connection, found.id, own.id)
        quiet_until = before.quiet_until
        if quiet_for_s is not None:
            quiet_until = at + timedelta(seconds=quiet_for_s) if quiet_for_s > 0 else None
        now = Wanted(before.level if keeps_level else level, quiet_until)
        stored.want(connection, found.id, own.id, now)
        # Otherwise what waits for the end of the pause would go on to wait for it.
        notices.tell_now(connection, own.id, found.id, at=at)
        return _decided(connection, found, now)

    return await context.database.write(work, lambda _: context.notices_changed.set())


def level_of(wanted: Wanted, people: int) -> Level:
    """What somebody is notified of, in a conversation in which so many take part."""
    if wanted.level is not None:
        return wanted.level
    return Level.ALL if people <= TWO else Level.MENTIONS


def is_rung(connection: sa.Connection, conversation_id: int, wanted: Wanted) -> bool:
    """Whether somebody is told of calls, as far as they decided that for a conversation."""
    if wanted.level in (Level.ALL, Level.NONE):
        return wanted.level is Level.ALL
    return stored.how_many(connection, conversation_id, limit=RUNG_MAX + 1) <= RUNG_MAX


def people_in(connection: sa.Connection, conversation_id: int) -> int:
    """How many take part, as far as it matters."""
    return stored.how_many(connection, conversation_id, limit=TWO + 1)


def quiet_until(quiet: QuietHours | None, at: datetime) -> datetime | None:
    """The end of the quiet hours that `at` is in; None where it is in none."""
    if quiet is None or quiet.start == quiet.end:
        return None
    zone = zone_called(quiet.time_zone)
    if zone is None:  # it was known where the database comes from
        return None
    here = at.astimezone(zone)
    minute = here.hour * 60 + here.minute
    is_over_midnight = quiet.start > quiet.end
    if is_over_midnight:
        is_quiet = minute >= quiet.start or minute < quiet.end
    else:
        is_quiet = quiet.start <= minute < quiet.end
    if not is_quiet:
        return None
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    ends = midnight + timedelta(minutes=quiet.end)
    if is_over_midnight and minute >= quiet.start:
        ends += timedelta(days=1)
    # Where the clock shows an hour twice, the end is in the one that it is.
    return max(_moment(ends.replace(fold=here.fold)).astimezone(at.tzinfo), at + ONE_MINUTE)


def _moment(wall: datetime) -> datetime:
    """When the clock on the wall is first so late. Of a day that is shorter or longer, its own
    clock tells; where it skips that time, it is when it does.
    """
    shown = wall.astimezone(UTC).astimezone(wall.tzinfo)
    if shown.replace(tzinfo=None) == wall.replace(tzinfo=None):
        return wall
    # It is put on somewhere between what this is by the time before and by the time after.
    earlier = wall.replace(fold=1).astimezone(UTC)
    later = wall.replace(fold=0).astimezone(UTC)
    minutes = range((later - earlier) // ONE_MINUTE)

    def is_past(minute: int) -> bool:
        here = (earlier + minute * ONE_MINUTE).astimezone(wall.tzinfo)
        return here.replace(tzinfo=None) >= wall.replace(tzinfo=None)

    return earlier + bisect_left(minutes, True, key=is_past) * ONE_MINUTE


def _mine(session: Session | None) -> int:
    if session is None:
        raise NotJoined("Join or start a conversation first: notifications are for someone.")
    return session.id


def _own(connection: sa.Connection, room_id: str, session: Session | None) -> tuple[Found, Session]:
    found = door.readable(connection, room_id, session)
    if session is None or (found.person is None and found.standing is not Standing.OWNER):
        raise NotJoined
    return found, session


def _decided(connection: sa.Connection, found: Found, wanted: Wanted) -> Decided:
    people = people_in(connection, found.id)
    level, usual = level_of(wanted, people), level_of(Wanted(), people)
    is_called = is_rung(connection, found.id, wanted)
    return Decided(level, usual, wanted.level is None, wanted.quiet_until, is_called)
