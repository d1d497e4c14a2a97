"""What a notification comes to, read when its turn comes: whoever may not read it any more, or has
read it, is told nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec.structs import replace

from parley.contract import default_title
from parley.domain import access, calls, envelopes, knocking, notifying
from parley.domain.contacts import LASTS, WAITING_MAX
from parley.records import (
    Conversation,
    Decision,
    Device,
    LettingBe,
    Level,
    Notice,
    Participant,
    PuttingOff,
    Session,
    Standing,
    Subject,
    TakingAway,
    Telling,
    Wanted,
)
from parley.storage import (
    admins,
    contacts,
    grants,
    knocks,
    messages,
    participants,
    readings,
    reports,
)
from parley.storage import calls as stored_calls
from parley.storage import conversations as stored_conversations
from parley.storage import push as stored

REPORTS_COUNTED_MAX = 1_000
RINGS_FOR = timedelta(minutes=1)
"""Whoever was not told of a call by then is not called any more: it has long begun."""
RINGING = 0
"""What is shown of a call that goes on, in place of a seq."""
REPORTS_REST = timedelta(minutes=15)
"""After one notification of reports, the next waits so long."""


def decide(connection: sa.Connection, notice: Notice, device: Device, now: datetime) -> Decision:
    """As it is now, inside a transaction."""
    found = _found(connection, notice, device, now)
    if found is None:
        return LettingBe() if notice.shown_seq is None else TakingAway()
    if isinstance(found, Telling) and not found.is_silent:
        wanted = stored.wanted(connection, notice.conversation_id, device.session_id)
        ends = (notifying.quiet_until(device.quiet_hours, now), wanted.quiet_until)
        until = max((each for each in ends if each is not None and each > now), default=None)
        if until is not None:
            return PuttingOff(until, is_wished=True)
    return found


def _found(
    connection: sa.Connection, notice: Notice, device: Device, now: datetime
) -> Telling | LettingBe | PuttingOff | None:
    """What there is to tell; None where nothing is to be shown."""
    if notice.subject is Subject.REPORTS:
        return _reports(connection, notice, device, now)
    conversation = stored_conversations.by_id(connection, notice.conversation_id)
    if conversation is None:
        return None
    session_id = device.session_id
    person = participants.by_session(connection, conversation.id, session_id)
    granted = grants.find(connection, conversation.id, session_id)
    session = Session(session_id, conversation.created_at, token_used=True)
    standing = access.standing(conversation, session, person=person, granted=granted)
    if standing is Standing.REMOVED:
        return None
    said = _saying(conversation, notice, now)
    wanted = stored.wanted(connection, conversation.id, session_id)
    match notice.subject:
        case Subject.KNOCKS:
            is_owner = standing is Standing.OWNER and wanted.level is not Level.NONE
            return _knocks(connection, said, notice, device) if is_owner else None
        case Subject.DOOR:
            return None if person is not None else _door(connection, said, notice, session_id)
        case Subject.INVITE:
            return _invite(connection, said, notice, device)
        case Subject.TALK:
            if person is None or person.left_for_good:
                return None
            return _talk(connection, said, notice, device, person, wanted)
        case Subject.CALL:
            if person is None or person.left_for_good:
                return None
            if not notifying.is_rung(connection, conversation.id, wanted):
                return None
            return _call(connection, said, notice, device, person)


def _reports(
    connection: sa.Connection, notice: Notice, device: Device, now: datetime
) -> Telling | LettingBe | PuttingOff | None:
    newest = reports.newest_for_host(connection)
    if not newest or admins.of_session(connection, device.session_id) is None:
        return None
    if notice.shown_seq is not None and newest <= notice.shown_seq:
        return LettingBe()
    if notice.shown_at is not None and timedelta(0) <= now - notice.shown_at < REPORTS_REST:
        return PuttingOff(notice.shown_at + REPORTS_REST, is_wished=True)
    return Telling(
        conversation_id=notice.conversation_id,
        room_id="",
        title="",
        subject=notice.subject,
        seq=newest,
        count=reports.host_count(connection, most=REPORTS_COUNTED_MAX),
        sender="",
        text="",
        attachments=0,
        at=now,
        as_of=now,
        is_silent=False,
    )


def _saying(conversation: Conversation, notice: Notice, now: datetime) -> Telling:
    return Telling(
        conversation_id=conversation.id,
        room_id=conversation.room_id,
        title=conversation.title,
        subject=notice.subject,
        seq=0,
        count=1,
        sender="",
        text="",
        attachments=0,
        at=now,
        as_of=now,
        is_silent=False,
    )


def _talk(
    connection: sa.Connection,
    said: Telling,
    notice: Notice,
    device: Device,
    person: Participant,
    wanted: Wanted,
) -> Telling | LettingBe | None:
    level = notifying.level_of(wanted, notifying.people_in(connection, said.conversation_id))
    if level is Level.NONE:
        return None
    unread = readings.unread(connection, person)
    newest = stored.newest_for(
        connection, said.conversation_id, person.user_id, after=unread.after, level=level
    )
    message = None if newest is None else messages.at_seq(connection, said.conversation_id, newest)
    if message is None:
        return None
    is_silent = False
    if notice.shown_seq is not None and notice.shown_at is not None:
        is_edited = message.edited_at is not None and message.edited_at > notice.shown_at
        if message.seq == notice.shown_seq and not is_edited:
            return LettingBe()
        # What was shown after it is gone, or it says something else now.
        is_silent = message.seq <= notice.shown_seq
    told = replace(
        said,
        seq=message.seq,
        count=max(1, unread.mentions if level is Level.MENTIONS else unread.count),
        at=message.sent_at,
        is_silent=is_silent,
    )
    if not device.shows_words:
        return told
    attachments = len(message.attachments or ())
    words = "" if message.type == envelopes.TYPE else message.text
    return replace(told, sender=message.username, text=words, attachments=attachments)


def _call(
    connection: sa.Connection,
    said: Telling,
    notice: Notice,
    device: Device,
    person: Participant,
) -> Telling | LettingBe | None:
    call = stored_calls.find(connection, said.conversation_id)
    if call is None:
        return _missed(connection, said, notice, device, person)
    if any(each.user_id == person.user_id for each in call.people):
        return None  # answered, perhaps on another device
    is_shown = notice.shown_at is not None and notice.shown_at >= call.started_at
    if is_shown and notice.shown_seq == RINGING:
        return LettingBe()
    if said.as_of - call.started_at > RINGS_FOR:
        return None
    caller = participants.by_user(connection, said.conversation_id, call.started_by)
    name = "" if caller is None or not device.shows_words else caller.username
    return replace(said, seq=RINGING, sender=name, at=call.started_at)


def _missed(
    connection: sa.Connection,
    said: Telling,
    notice: Notice,
    device: Device,
    person: Participant,
) -> Telling | LettingBe | None:
    after = readings.unread(connection, person).after
    message = calls.last_missed(connection, said.conversation_id, after=after)
    if message is None or message.user_id == person.user_id:
        return None
    if notice.shown_seq == message.seq:
        return LettingBe()
    return replace(
        said,
        seq=message.seq,
        sender=message.username if device.shows_words else "",
        at=message.sent_at,
        is_missed=True,
        # It takes the place of what rang.
        is_silent=notice.shown_seq == RINGING,
    )


def _knocks(
    connection: sa.Connection, said: Telling, notice: Notice, device: Device
) -> Telling | LettingBe | None:
    waiting = knocking.waiting(connection, said.conversation_id, at=said.as_of)
    if not waiting:
        return None
    last = waiting[-1]
    is_shown = notice.shown_at is not None and last.asked_at <= notice.shown_at
    if is_shown and notice.shown_seq == len(waiting):
        return LettingBe()
    return replace(
        said,
        seq=len(waiting),
        count=len(waiting),
        sender=last.username if device.shows_words else "",
        at=last.asked_at,
        is_silent=is_shown and notice.shown_seq is not None,
    )


def _door(
    connection: sa.Connection, said: Telling, notice: Notice, session_id: int
) -> Telling | LettingBe | None:
    knock = knocks.of_session(connection, said.conversation_id, session_id)
    if knock is None or knock.answer is None:
        return None
    if notice.shown_at is not None and knock.asked_at <= notice.shown_at:
        return LettingBe()
    is_in = knock.answer in ("admitted", "opened")
    # Nobody learns a newer link by an answer that lets them not in.
    room_id = said.room_id if is_in else knock.room_id
    return replace(said, room_id=room_id, title="", answer=knock.answer)


def _invite(
    connection: sa.Connection, said: Telling, notice: Notice, device: Device
) -> Telling | LettingBe | None:
    waiting = contacts.waiting(
        connection, device.session_id, since=said.as_of - LASTS, limit=WAITING_MAX
    )
    mine = (each for each in waiting if each.invite.conversation_id == said.conversation_id)
    found = next(mine, None)
    if found is None:
        return None
    if notice.shown_at is not None and found.invite.made_at <= notice.shown_at:
        return LettingBe()
    # The way in is told to whoever accepts.
    is_untitled = said.title == default_title(said.room_id)
    return replace(
        said,
        room_id="",
        title="" if is_untitled else said.title,
        sender=found.invite.by_name if device.shows_words else "",
        at=found.invite.made_at,
    )
