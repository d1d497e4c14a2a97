"""What admins and moderators see and do. Each of it asks `admins` in its own transaction."""

from __future__ import annotations

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct

from parley.contract.decode import is_plain_number
from parley.domain import (
    admins,
    audit,
    blocking,
    conversations,
    door,
    envelopes,
    files,
    inspecting,
    inviting,
    people,
    reports,
    role_links,
)
from parley.domain.admins import By
from parley.domain.changing import NO_SUCH_MESSAGE
from parley.domain.context import Context
from parley.domain.inviting import Made
from parley.domain.people import People
from parley.domain.role_links import MadeLink
from parley.errors import BadRequest, NotFound
from parley.records import (
    Admin,
    HostRole,
    Inspected,
    Invitation,
    Message,
    MessageChanged,
    Reported,
    ReportsChanged,
    Session,
    Sized,
)
from parley.storage import cluster as stored_cluster
from parley.storage import conversations as stored_conversations
from parley.storage import counting, file_sums
from parley.storage import invitations as stored_invitations
from parley.storage import messages as stored_messages
from parley.storage import participants as stored_participants
from parley.storage import reports as stored_reports
from parley.storage.reports import State

COUNTED_MAX = 100_000
ID_MAX = 2**63 - 1
REPORTS_COUNTED_MAX = 1_000


class Counted(Struct, frozen=True):
    """How many there are, none above `COUNTED_MAX`, of reports above `REPORTS_COUNTED_MAX`."""

    reports: int
    blocks: int
    sessions: int
    accounts: int
    devices: int
    notified: int


class Here(Struct, frozen=True):
    """Whoever looks, and what waits for them."""

    admin: Admin
    is_confirmed: bool
    reports: int
    """That nobody resolved for the host, at most `REPORTS_COUNTED_MAX`."""


class Seen(Struct, frozen=True):
    """Whoever looks, and how the server is."""

    admin: Admin
    is_confirmed: bool
    active: int
    total: int
    counted: Counted


class Storage(Struct, frozen=True):
    """In bytes; None where that lies elsewhere."""

    files: int
    files_bytes: int
    files_max: int
    database: int | None
    disk_free: int | None
    disk_total: int | None


class Page(Struct, frozen=True):
    """Some conversations, the newest first."""

    conversations: tuple[Sized, ...]
    cursor: str | None
    """Where the list goes on; None where it ends."""


# --- how it is ---


async def here(context: Context, session: Session | None) -> Here:
    at = context.clock()

    def query(connection: sa.Connection) -> Here:
        return Here(
            admins.require(connection, session),
            admins.is_confirmed(connection, session, at),
            stored_reports.host_count(connection, most=REPORTS_COUNTED_MAX),
        )

    return await context.database.read(query)


async def overview(context: Context, session: Session | None) -> Seen:
    at = context.clock()

    def query(connection: sa.Connection) -> tuple[Admin, bool, Counted]:
        admin = admins.require(connection, session)
        counted = Counted(
            stored_reports.host_count(connection, most=REPORTS_COUNTED_MAX),
            counting.up_to(connection, "blocks", COUNTED_MAX),
            counting.up_to(connection, "sessions", COUNTED_MAX),
            counting.up_to(connection, "accounts", COUNTED_MAX),
            counting.up_to(connection, "devices", COUNTED_MAX),
            counting.up_to(connection, "notified", COUNTED_MAX),
        )
        return admin, admins.is_confirmed(connection, session, at), counted

    # Beside the short reads of those who talk, as it may look at many rows.
    admin, is_confirmed, counted = await context.database.search(query)
    active, total = await conversations.count(context)
    return Seen(admin, is_confirmed, active, total, counted)


async def storage(context: Context, session: Session | None, folder: Path | None) -> Storage:
    """For admins. `folder` is where files or the database lie, if that is on this machine."""

    def query(connection: sa.Connection) -> tuple[int, int]:
        admins.require(connection, session, HostRole.ADMIN)
        return file_sums.total(connection)

    size, count = await context.database.read(query)
    disk = None if folder is None else await asyncio.to_thread(shutil.disk_usage, folder)
    sizes = context.database.sizes()
    quotas = None if context.filing is None else context.filing.quotas
    return Storage(
        count,
        size,
        0 if quotas is None else quotas.server,
        sum(sizes.values()) if sizes else None,
        None if disk is None else disk.free,
        None if disk is None else disk.total,
    )


async def look(
    context: Context, session: Session | None, role: HostRole = HostRole.MODERATOR
) -> Admin:
    """As `admins.look`, on its own."""
    at = context.clock()
    return await context.database.read(admins.look, session, role, at=at)


# --- conversations ---


async def some(
    context: Context,
    session: Session | None,
    *,
    is_active: bool | None,
    limit: int,
    cursor: str | None = None,
) -> Page:
    """For admins; only those of one state, unless that is None. Raises `BadRequest`."""

    def query(connection: sa.Connection) -> list[Sized]:
        admins.look(connection, session, HostRole.ADMIN, at=context.clock())
        before = _position(cursor) if cursor else None
        return inspecting.some(connection, before=before, limit=limit + 1, is_active=is_active)

    found = await context.database.search(query)
    shown = tuple(found[:limit])
    return Page(shown, str(shown[-1].conversation.id) if len(found) > limit else None)


def _position(cursor: str) -> int:
    if not is_plain_number(cursor) or int(cursor) > ID_MAX:
        raise BadRequest("Unknown cursor. Start again without it.")
    return int(cursor)


async def one(context: Context, session: Session | None, room_id: str) -> tuple[Inspected, int]:
    """All that is told of a conversation, and how many people are online there.

    By its link now or one it had. Raises `ConversationNotFound`.
    """

    def query(connection: sa.Connection) -> tuple[Inspected, int | None]:
        admins.look(connection, session, HostRole.ADMIN, at=context.clock())
        found = inspecting.one(connection, room_id)
        if context.cluster is None:
            return found, None
        away = context.cluster.away(context, found.conversation.id)
        id = found.conversation.id
        return found, stored_cluster.online_count(connection, id, away)

    found, online = await context.database.read(query)
    here = context.presence.online_count(found.conversation.id)
    return found, here if online is None else online


async def people_in(
    context: Context,
    session: Session | None,
    room_id: str,
    *,
    limit: int,
    cursor: str | None = None,
) -> People:
    """A page, in the order of joining. Raises `ConversationNotFound`, `BadRequest`."""

    def query(connection: sa.Connection) -> tuple[int, People]:
        admins.look(connection, session, HostRole.ADMIN, at=context.clock())
        found = inspecting.one(connection, room_id).conversation
        page = people.after(connection, found.id, cursor=cursor, limit=limit)
        return found.id, people.with_online_elsewhere(context, connection, found.id, page)

    return people.with_online_here(context, *await context.database.read(query))


async def owner_link(context: Context, room_id: str, *, by: By, is_founding: bool) -> MadeLink:
    """Raises as `role_links.make_link_of_host`."""
    return await context.database.write(
        lambda connection: role_links.make_link_of_host(
            connection, room_id, by=by, is_founding=is_founding
        )
    )


async def id_of_person(
    context: Context, session: Session | None, room_id: str, user_id: str
) -> int:
    """The id of the conversation that somebody is in, for admins. Raises `NotFound`s."""

    def query(connection: sa.Connection) -> int:
        admins.look(connection, session, HostRole.ADMIN, at=context.clock())
        id = inspecting.one(connection, room_id).conversation.id
        if stored_participants.by_user(connection, id, user_id) is None:
            raise NotFound("No one in this conversation has this user_id.")
        return id

    return await context.database.read(query)


async def block_places(
    context: Context, places: list[str], note: str, *, by: By, asks_from: str
) -> list[str]:
    """Block where somebody is connected from. Raises `NotFound` where that is nowhere."""
    if not places:
        raise NotFound("They aren't connected right now, and where they were isn't kept.")
    return [
        await blocking.block(context, place, note, by=by, asks_from=asks_from) for place in places
    ]


# --- reports ---


async def reports_page(
    context: Context,
    session: Session | None,
    *,
    state: State,
    limit: int,
    before: int | None = None,
) -> tuple[list[Reported], bool]:
    """The newest first, and whether there are older ones."""

    def query(connection: sa.Connection) -> list[Reported]:
        admins.look(connection, session, at=context.clock())
        return reports.some_of_host(connection, state=state, limit=limit + 1, before=before)

    found = await context.database.read(query)
    return found[:limit], len(found) > limit


async def report(context: Context, session: Session | None, id: int) -> Reported:
    """Raises `NotFound`."""

    def query(connection: sa.Connection) -> Reported:
        admins.look(connection, session, at=context.clock())
        return reports.of_host(connection, id)

    return await context.database.read(query)


async def resolve_report(context: Context, id: int, *, by: By) -> Reported:
    """Raises as `reports.resolve_of_host`."""
    at = context.clock()
    return await context.database.write(
        lambda connection: reports.resolve_of_host(connection, id, by=by, at=at),
        lambda _: context.bus.publish(ReportsChanged(is_new=False)),
    )


async def delete_reported(context: Context, report_id: int, *, by: By) -> Reported:
    """Delete the message that a report is about, for everyone; owners see in their log that the
    host did it. Deleting what is deleted changes nothing.

    Raises `NotFound`, and as `admins.allow`.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Reported, Message | None]:
        deed = admins.allow(connection, by, "deleted_message", at=at)
        reported = reports.of_host(connection, report_id)
        told = reported.report
        if told.message_id is None:
            raise NotFound("This report is about a person.")
        message = stored_messages.by_id(connection, told.conversation_id, told.message_id)
        if message is None:
            raise NotFound(NO_SUCH_MESSAGE)
        if message.deleted_at is not None:
            return reported, None
        found = door.find(connection, reported.room_id, None)
        audit.note_of_host(connection, found, "deleted_message", at=at, about=message.username)
        deed.note(connection, f"{reported.room_id}, {message.username}")
        seq = stored_conversations.count_change(connection, found.id)
        left = envelopes.left_of(message.text) if found.conversation.is_encrypted else ""
        return reported, stored_messages.delete(connection, message, seq=seq, at=at, left=left)

    def tell(result: tuple[Reported, Message | None]) -> None:
        if result[1] is not None:
            context.bus.publish(MessageChanged(result[1]))

    reported, deleted = await context.database.write(work, tell)
    if deleted is not None:
        await context.database.forget_erased()
        files.erase_soon(context)
    return reported


# --- invitations ---


async def invitations(context: Context, session: Session | None) -> tuple[Invitation, ...]:
    """The newest first, for admins."""

    def query(connection: sa.Connection) -> tuple[Invitation, ...]:
        admins.look(connection, session, HostRole.ADMIN, at=context.clock())
        return stored_invitations.all_of_them(connection)

    return await context.database.read(query)


async def invite(
    context: Context, *, by: By, uses: int | None, days: int | None, note: str
) -> Made:
    """Raises as `inviting.make`."""
    at, expires_in = context.clock(), None if days is None else timedelta(days=days)
    return await context.database.write(
        lambda connection: inviting.make(
            connection, by=by, at=at, uses_max=uses, expires_in=expires_in, note=note
        )
    )


async def revoke_invitation(context: Context, id: int, *, by: By) -> int:
    """How many may start nothing more. Raises as `inviting.revoke`."""
    at = context.clock()
    return await context.database.write(
        lambda connection: inviting.revoke(connection, id, by=by, at=at)
    )
