"""What an owner decides about a whole conversation: its words, its door, how long it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa
import structlog
from msgspec import UNSET, Struct, UnsetType

from parley.contract import KEEP_DAYS, ActName, SwitchName, default_title
from parley.domain import access, audit, conversations, door, epochs, files, knocking, text
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.epochs import NewEpoch
from parley.errors import BadRequest
from parley.records import (
    Conversation,
    ConversationChanged,
    ConversationDeleted,
    Event,
    GrantsTakenBack,
    LinkReplaced,
    MessagesErased,
    Session,
)
from parley.storage import conversations as stored
from parley.storage import erasing as stored_erasing
from parley.storage import former_names, grants, reports

log = structlog.get_logger(__name__)

ERASED_WITHIN_S = 1.0
"""How long whoever deletes a conversation waits until it is gone from the disk too."""
LOOKED_AT_ONCE = 20
"""Conversations in which outdated messages are looked for in one read."""


class Wished(Protocol):
    """As the contract has it."""

    title: str | UnsetType
    description: str | UnsetType
    locked: bool | UnsetType
    knock: bool | UnsetType
    read_only: bool | UnsetType
    require_proof: bool | UnsetType
    preview_title: bool | UnsetType
    passphrase: str | UnsetType
    keep_days: int | UnsetType
    calls: SwitchName | UnsetType


class Wishes(Struct, frozen=True, kw_only=True):
    """What is to be changed; the rest is left unset."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    is_locked: bool | UnsetType = UNSET
    is_knock: bool | UnsetType = UNSET
    is_read_only: bool | UnsetType = UNSET
    needs_proof: bool | UnsetType = UNSET
    shows_title: bool | UnsetType = UNSET
    has_calls: bool | UnsetType = UNSET
    passphrase: str | UnsetType = UNSET
    """Empty for none."""
    keep_days: int | UnsetType = UNSET
    """One of `KEEP_DAYS`; 0 for ever."""


_TELLING = {"title", "description", "passphrase_hash", "is_knock", "shows_title"}
"""What would tell the server of an encrypted conversation, or let somebody in without its key."""


class _Due(NamedTuple):
    """A conversation that keeps messages for a time."""

    conversation: Conversation
    through: int | None
    """Up to which message that is over; None where it is over for none."""
    has_names: bool
    """Whether a name was given up so long ago that nothing stands there under it."""
    has_reports: bool
    """Whether something was reported so long ago."""


class Changed(Struct, frozen=True):
    """A conversation as it is now, and what is to be told of it."""

    conversation: Conversation
    events: tuple[Event, ...] = ()
    """In order: whoever is shown out hears no more."""


class Erased(Struct, frozen=True):
    """What went with a conversation."""

    room_id: str
    conversation_id: int
    messages: int
    participants: int
    links: int
    acts: int
    files: int
    was_active: bool


def wishes(body: Wished) -> Wishes:
    return Wishes(
        title=body.title,
        description=body.description,
        is_locked=body.locked,
        is_knock=body.knock,
        is_read_only=body.read_only,
        needs_proof=body.require_proof,
        shows_title=body.preview_title,
        passphrase=body.passphrase,
        keep_days=body.keep_days,
        has_calls=UNSET if body.calls is UNSET else body.calls == "on",
    )


async def change(
    context: Context, room_id: str, session: Session | None, wishes: Wishes
) -> Conversation:
    """Change it as wished, all or nothing, for owners. Raises `BadRequest`, `TooLarge`."""
    # A passphrase costs a core for a while: not for somebody who may not set one.
    await context.database.read(door.owned, room_id, session)
    columns = await _columns(context, wishes)
    at = context.clock()

    def work(connection: sa.Connection) -> Changed:
        found = door.owned(connection, room_id, session)
        before = found.conversation
        wanted = dict(columns)
        if "title" in wanted:
            wanted |= _titled(text.title(wanted["title"], room_id=before.room_id))
        news = {
            name: value
            for name, value in wanted.items()
            if name != "title_folded" and value != getattr(before, name)
        }
        if not news:
            return Changed(before)
        if not _TELLING.isdisjoint(news):
            access.require_legible(before)
        after = stored.change(connection, found.id, **wanted)
        for name in news:
            act, about = _act(name, after)
            audit.note(connection, found, act, at=at, about=about)
        is_open = access.is_door_open(after)
        events: list[Event] = [ConversationChanged(after)]
        if "passphrase_hash" in news:
            events = [*_forget_who_came_in(connection, after, is_open=is_open), *events]
        if is_open:
            events += knocking.let_all_in(connection, after, at=at)
        return Changed(after, tuple(events))

    return await _changed(context, work)


async def replace_link(
    context: Context, room_id: str, session: Session | None, epoch: NewEpoch | None = None
) -> Conversation:
    """Give it a new link, for owners: the old one says so to strangers, and whoever has a name in
    it, or came by a link that gives a role, stays. With `epoch` its key is changed in the same go;
    raises then what `epochs.begin` does. Both again with the same key change nothing.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> Changed:
        found = door.owned(connection, room_id, session)
        before = found.conversation
        begun: tuple[Event, ...] = ()
        if epoch is not None:
            begun = epochs.begin_in(connection, found, session, epoch, at=at).events
            if not begun:
                return Changed(before)
        new = conversations.new_room_id(before.visibility)
        after = stored.replace_link(connection, before, new, at=at)
        if before.title == default_title(before.room_id):
            after = stored.change(connection, before.id, **_titled(default_title(new)))
        audit.note(connection, found, "replaced_link", at=at)
        replaced = LinkReplaced(found.id, found.conversation.room_id, after.room_id)
        shown_out = _forget_who_came_in(connection, after, is_open=False)
        return Changed(after, (*shown_out, *begun, replaced))

    return await _changed(context, work)


async def _changed(context: Context, work: Callable[[sa.Connection], Changed]) -> Conversation:
    def tell(changed: Changed) -> None:
        for event in changed.events:
            context.bus.publish(event)

    return (await context.database.write(work, tell)).conversation


def _forget_who_came_in(
    connection: sa.Connection, after: Conversation, *, is_open: bool
) -> tuple[GrantsTakenBack, ...]:
    """Whoever came in by what no longer opens the door, and gave no name by which an owner could
    remove them.
    """
    session_ids = grants.take_back_nameless(connection, after.id)
    return (GrantsTakenBack(after.id, tuple(session_ids), is_open),) if session_ids else ()


async def delete(context: Context, room_id: str, session: Session | None) -> Erased:
    """Delete it for good, for owners: from then on there never was one at its link.

    What is of it is erased after that, bit by bit. A usual one is gone from the disk when this
    returns; of a long one the rest follows, after a stop too.
    """
    return await _delete(context, lambda connection: door.owned(connection, room_id, session))


async def delete_as_host(context: Context, room_id: str) -> Erased:
    """The same for whoever runs the server. Raises `ConversationNotFound`, `OldLink`."""
    return await _delete(context, lambda connection: door.find(connection, room_id, None))


async def _delete(context: Context, find: Callable[[sa.Connection], Found]) -> Erased:
    at = context.clock()
    erasing: list[asyncio.Task[None]] = []

    def work(connection: sa.Connection) -> Erased:
        found = find(connection)
        gone = stored_erasing.mark_deleted(connection, found.id, at=at)
        return Erased(
            found.conversation.room_id,
            found.id,
            messages=found.conversation.message_count,
            participants=gone["participants"],
            links=gone["links"],
            acts=gone["audit"],
            files=gone["files"],
            was_active=found.conversation.is_active,
        )

    def tell(erased: Erased) -> None:
        erasing.append(context.slices.begin(erase_deleted(context)))
        context.counts.change(active=-erased.was_active, total=-1)
        context.presence.forget_all(erased.conversation_id)
        context.bus.publish(ConversationDeleted(erased.conversation_id, erased.room_id))

    erased = await context.database.write(work, tell)
    await asyncio.wait(erasing, timeout=ERASED_WITHIN_S)
    return erased


async def erase_deleted(context: Context) -> None:
    """Erase all that is of conversations that were deleted."""
    if not await context.database.read(stored_erasing.is_any_deleted):
        return
    while not await context.slices.take(context.database, stored_erasing.erase_deleted):
        pass
    files.erase_soon(context)
    await context.database.forget_erased()


async def erase_outdated(context: Context, at: datetime | None = None) -> int:
    """Erase the messages whose time is over, in every conversation; how many. With them go the
    names they were said under that nobody has any more. `at` is now, as far as the clock is
    believed.
    """
    erased, is_any, last, at = 0, False, 0, at or context.clock()
    while page := await context.database.read(_kept_for_a_time, at, after=last):
        last = page[-1].conversation.id
        for due in page:
            try:
                if due.through is not None:
                    erased += await _erase_outdated(context, due.conversation, due.through, at)
                if due.has_names:
                    await _erase_former_names(context, due.conversation, at)
                if due.has_reports:
                    await _erase_reports(context, due.conversation, at)
                is_any |= due.through is not None or due.has_names or due.has_reports
            except Exception:
                # One that fails must not keep the others' messages.
                log.exception("erasing_failed")
    if is_any:
        files.erase_soon(context)
        await context.database.forget_erased()
    return erased


def _kept_for_a_time(connection: sa.Connection, at: datetime, *, after: int) -> list[_Due]:
    """Some conversations that keep messages for a time, and for what that is over in each."""
    return [
        _Due(
            each,
            stored_erasing.outdated_through(
                connection, each.id, newest=each.seq, before=_kept_since(each, at)
            ),
            former_names.is_any_from_before(connection, each.id, before=_kept_since(each, at)),
            reports.is_any_from_before(connection, each.id, before=_kept_since(each, at)),
        )
        for each in stored.kept_for_a_time(connection, after=after, limit=LOOKED_AT_ONCE)
    ]


def _kept_since(conversation: Conversation, at: datetime) -> datetime:
    return at - timedelta(days=conversation.keep_days or 0)


async def _erase_outdated(
    context: Context, conversation: Conversation, through: int, at: datetime
) -> int:
    erased, may_be_more = 0, True

    def work(
        connection: sa.Connection, is_time_left: Callable[[], bool]
    ) -> tuple[MessagesErased | None, int, bool]:
        now = stored.by_id(connection, conversation.id)
        if now is None or now.keep_days != conversation.keep_days:
            return None, 0, False  # the owner has thought of something else
        before = _kept_since(now, at)
        last, count, may_be_more = stored_erasing.erase_outdated(
            connection, now.id, through=through, before=before, is_time_left=is_time_left
        )
        if last is None:
            return None, 0, False
        kept = max(0, now.message_count - count)
        stored.change(connection, now.id, erased_through=last, message_count=kept)
        seq = stored.count_change(connection, now.id)
        return MessagesErased(now.id, now.room_id, last, seq), count, may_be_more

    def tell(result: tuple[MessagesErased | None, int, bool]) -> None:
        if result[0] is not None:
            context.bus.publish(result[0])

    while may_be_more:
        _, count, may_be_more = await context.slices.take(context.database, work, tell)
        erased += count
    return erased


async def _erase_former_names(context: Context, conversation: Conversation, at: datetime) -> None:
    """Nothing stands there any more that was said under them."""

    def work(connection: sa.Connection, is_time_left: Callable[[], bool]) -> bool:
        now = stored.by_id(connection, conversation.id)
        if now is None or now.keep_days != conversation.keep_days:
            return True
        return former_names.erase_from_before(
            connection, now.id, before=_kept_since(now, at), is_time_left=is_time_left
        )

    while not await context.slices.take(context.database, work):
        pass


async def _erase_reports(context: Context, conversation: Conversation, at: datetime) -> None:
    def work(connection: sa.Connection) -> None:
        now = stored.by_id(connection, conversation.id)
        if now is not None and now.keep_days == conversation.keep_days:
            reports.erase_from_before(connection, now.id, before=_kept_since(now, at))

    await context.database.write(work)


async def _columns(context: Context, wishes: Wishes) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if wishes.title is not UNSET:
        columns["title"] = wishes.title
    if wishes.description is not UNSET:
        columns["description"] = text.description(wishes.description)
    switches = ("is_locked", "is_knock", "is_read_only", "needs_proof", "shows_title", "has_calls")
    for name in switches:
        if (value := getattr(wishes, name)) is not UNSET:
            columns[name] = value
    if wishes.keep_days is not UNSET:
        if wishes.keep_days not in (0, *KEEP_DAYS):
            some = ", ".join(str(days) for days in KEEP_DAYS)
            raise BadRequest(f"keep_days must be one of {some}, or 0 to keep messages forever.")
        columns["keep_days"] = wishes.keep_days or None
    if wishes.passphrase is not UNSET:
        columns["passphrase_hash"] = (
            await context.passphrases.hash(wishes.passphrase) if wishes.passphrase else None
        )
    return columns


def _titled(title: str) -> dict[str, str]:
    """The columns of a title: as it is shown, and as it is searched."""
    return {"title": title, "title_folded": title.casefold()}


def _act(column: str, after: Conversation) -> tuple[ActName, str]:
    """How the list of acts tells a change, never a secret."""
    match column:
        case "title":
            is_untitled = after.title == default_title(after.room_id)
            return "changed_title", "" if is_untitled else after.title
        case "description":
            return "changed_description", ""
        case "is_locked":
            return ("locked" if after.is_locked else "unlocked"), ""
        case "is_knock":
            return ("turned_knocking_on" if after.is_knock else "turned_knocking_off"), ""
        case "is_read_only":
            return ("made_read_only" if after.is_read_only else "let_all_speak"), ""
        case "needs_proof":
            return ("required_proof" if after.needs_proof else "required_no_proof"), ""
        case "shows_title":
            return (
                "showed_title_in_previews" if after.shows_title else "hid_title_in_previews"
            ), ""
        case "has_calls":
            return ("turned_calls_on" if after.has_calls else "turned_calls_off"), ""
        case "passphrase_hash":
            return ("set_passphrase" if after.passphrase_hash else "removed_passphrase"), ""
        case _:
            return "changed_retention", "" if after.keep_days is None else f"{after.keep_days} days"
