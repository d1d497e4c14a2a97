"""Reports: what is wrong with a message or with somebody, told to the owners of a conversation and
to whoever runs the server. Nobody else is told, and nobody who reported it.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from parley.contract import (
    COMPLAINTS_MAX,
    REPORT_WORDS_MAX_CHARS,
    REPORTED_TEXT_MAX_CHARS,
    REPORTS_MAX,
    ReasonName,
)
from parley.domain import admins, audit, door, people, text
from parley.domain.admins import By
from parley.domain.changing import NO_SUCH_MESSAGE
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import BadRequest, NotFound, RateLimited
from parley.records import (
    Complaint,
    Conversation,
    Message,
    Participant,
    Report,
    Reported,
    ReportsChanged,
    Session,
)
from parley.storage import conversations as stored_conversations
from parley.storage import messages as stored_messages
from parley.storage import participants as stored_participants
from parley.storage import reports as stored
from parley.storage.reports import State

PURPOSE = "who reported something"
RESOLVED_KEPT_DAYS = 30
"""After owners and host have resolved one."""
FULL_AGAIN_S = 3600.0
ERASED_AT_ONCE = 50
NO_SUCH_REPORT = "No such report. It may have been erased."


async def report(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    address: str,
    reason: ReasonName,
    message_id: str | None = None,
    user_id: str | None = None,
    words: str | None = None,
    told: str | None = None,
) -> None:
    """Report a message or somebody, for whoever may read the conversation.

    Two who report the same are two complaints in one report; who does it again says it anew.
    `told` is what a message says that the server can't read, by the word of whoever reports it.

    Raises `BadRequest`, `NotFound`, `TooLarge`, and `RateLimited` where too many wait there.
    """
    if (message_id is None) == (user_id is None):
        raise BadRequest("Say what is reported: message_id or user_id, and not both.")
    complaint = Complaint(reason, text.report(words, "words", REPORT_WORDS_MAX_CHARS))
    clean_told = text.report(told, "text", REPORTED_TEXT_MAX_CHARS)
    at = context.clock()

    def work(connection: sa.Connection) -> None:
        found = door.readable(connection, room_id, session)
        if message_id is not None:
            reported = _message(connection, found, message_id, clean_told, at=at)
        else:
            reported = _person(connection, found, user_id or "", at=at)
        whom = f"session {session.id}" if session is not None else f"address {address}"
        _store(connection, reported, context.tag(PURPOSE, f"{found.id} {whom}"), complaint)

    await context.database.write(work, lambda _: context.bus.publish(ReportsChanged(is_new=True)))


class Reportable(Struct, frozen=True):
    """What somebody could report."""

    conversation: Conversation
    message: Message | None
    """The one that was asked for, unless it was deleted."""
    people: tuple[Participant, ...]
    """Those who are there but whoever asks: of many the first."""


async def reportable(
    context: Context, room_id: str, session: Session | None, message_id: str
) -> Reportable:
    """For who may read."""

    def query(connection: sa.Connection) -> Reportable:
        found = door.readable(connection, room_id, session)
        message = stored_messages.by_id(connection, found.id, message_id)
        is_there = message is not None and message.deleted_at is None
        here = people.first(connection, found.id).shown
        others = tuple(each for each in here if each != found.person)
        return Reportable(found.conversation, message if is_there else None, others)

    return await context.database.read(query)


def _message(
    connection: sa.Connection, found: Found, message_id: str, told: str, *, at: datetime
) -> Report:
    """As it is now."""
    message = stored_messages.by_id(connection, found.id, message_id)
    if message is None:
        raise NotFound(NO_SUCH_MESSAGE)
    if message.deleted_at is not None:
        raise NotFound("This message was deleted. Report the person instead.")
    is_encrypted = found.conversation.is_encrypted
    if told and not is_encrypted:
        raise BadRequest("text is only for encrypted conversations: here the server can read it.")
    names: list[str] = []
    if message.attachments is not None and not is_encrypted:
        names = [each["name"] for each in msgspec.json.decode(message.attachments)]
    return Report(
        0,
        found.id,
        message.id,
        message.seq,
        message.sent_at,
        message.user_id,
        message.username,
        told if is_encrypted else message.text,
        tuple(names),
        is_encrypted,
        at,
        None,
        None,
    )


def _person(connection: sa.Connection, found: Found, user_id: str, *, at: datetime) -> Report:
    person = stored_participants.by_user(connection, found.id, user_id)
    if person is None:
        raise NotFound("No one in this conversation has this user_id.")
    name = person.username
    return Report(0, found.id, None, None, None, user_id, name, "", (), False, at, None, None)


def _store(connection: sa.Connection, report: Report, reporter: str, complaint: Complaint) -> None:
    id = stored.same(connection, report)
    if id is None:
        if not stored.room_left(connection, report.conversation_id, most=REPORTS_MAX):
            raise RateLimited(
                "Too many reports of this conversation are waiting. Try again later.",
                retry_after=FULL_AGAIN_S,
            )
        id = stored.add(connection, report)
    if stored.complaint_count(connection, id) >= COMPLAINTS_MAX:
        return  # so many say it already that one more tells nothing
    if stored.complain(connection, report.conversation_id, id, reporter, complaint):
        stored.reopen(connection, id)


async def of_conversation(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    state: State,
    limit: int,
    before: int | None = None,
) -> tuple[tuple[Report, ...], bool]:
    """A page for an owner, the newest first; and whether there are older ones."""

    def query(connection: sa.Connection) -> tuple[Report, ...]:
        found = door.owned(connection, room_id, session)
        return stored.of(connection, found.id, state=state, limit=limit + 1, before=before)

    found = await context.database.read(query)
    return found[:limit], len(found) > limit


async def open_count(context: Context, conversation_id: int) -> int:
    """How many wait for an owner of a conversation."""
    return await context.database.read(stored.open_count, conversation_id)


async def resolve(context: Context, room_id: str, session: Session | None, id: int) -> None:
    """For owners, who are done with it; the host may not be. Twice changes nothing.

    Raises `NotFound`.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> None:
        found = door.owned(connection, room_id, session)
        report = stored.by_id(connection, id, found.id)
        if report is None:
            raise NotFound(NO_SUCH_REPORT)
        if stored.resolve(connection, id, by_host=False, at=at):
            audit.note(connection, found, "resolved_report", at=at, about=report.username)

    await context.database.write(work)


# --- for whoever runs the server, inside a transaction ---


def resolve_of_host(connection: sa.Connection, id: int, *, by: By, at: datetime) -> Reported:
    """The host is done with it; owners may not be. Raises `NotFound`, and as `admins.allow`."""
    deed = admins.allow(connection, by, "resolved_report", at=at)
    if stored.resolve(connection, id, by_host=True, at=at):
        deed.note(connection, str(id))
    return of_host(connection, id)


def of_host(connection: sa.Connection, id: int) -> Reported:
    """Raises `NotFound`."""
    found = stored.by_id(connection, id)
    if found is None:
        raise NotFound(NO_SUCH_REPORT)
    return _where(connection, found)


def some_of_host(
    connection: sa.Connection, *, state: State, limit: int, before: int | None = None
) -> list[Reported]:
    """The newest first; those with a smaller id than `before`."""
    found = stored.of_host(connection, state=state, limit=limit, before=before)
    return [_where(connection, each) for each in found]


def _where(connection: sa.Connection, report: Report) -> Reported:
    conversation = stored_conversations.by_id(connection, report.conversation_id)
    return Reported(report, "" if conversation is None else conversation.room_id)


# --- erasing ---


async def erase_resolved(context: Context, *, before: datetime) -> int:
    """Erase those that owners and host resolved before; how many."""

    def work(connection: sa.Connection) -> int:
        return stored.erase_resolved(connection, before=before, limit=ERASED_AT_ONCE)

    erased = some = await context.database.write(work)
    while some == ERASED_AT_ONCE:
        some = await context.database.write(work)
        erased += some
    return erased
