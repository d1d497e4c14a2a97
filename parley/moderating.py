"""What whoever runs the server does against abuse, at the command line.

What only looks, or concerns nobody who is on the server now, is done in the database itself.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley import contract, present, records
from parley.config import Config
from parley.domain import host, inviting, reports
from parley.domain.context import Context, now
from parley.errors import NotFound, ParleyError, StartupError
from parley.operating import base, done
from parley.present.fields import timestamp
from parley.storage import beside
from parley.storage import blocks as stored_blocks
from parley.storage import conversations as stored_conversations
from parley.storage import invitations as stored_invitations
from parley.storage import reports as stored_reports
from parley.storage.reports import State

READ_AT_ONCE = 500


class Reported(Struct, omit_defaults=True):
    """A report as the host sees it."""

    room_id: str
    link: str
    report: contract.Report


def listed(config: Config, *, state: State = "open") -> list[Reported]:
    """The newest first. Raises `DatabaseUnusable`."""

    def query(connection: sa.Connection) -> list[Reported]:
        found = stored_reports.of_host(connection, state=state, limit=READ_AT_ONCE)
        return [_told(config, connection, each) for each in found]

    return beside.read(config, query)


def show(config: Config, id: int) -> Reported:
    """Raises `StartupError`s."""

    def query(connection: sa.Connection) -> Reported:
        return _told(config, connection, reports.of_host(connection, id))

    try:
        return beside.read(config, query)
    except NotFound as error:
        raise StartupError(f"{id}: {error.text}") from error


def resolve(config: Config, id: int) -> Reported:
    """The host is done with it. Raises `StartupError`s."""

    def work(connection: sa.Connection) -> Reported:
        return _told(config, connection, reports.resolve_of_host(connection, id, at=now()))

    try:
        return beside.write(config, work)
    except NotFound as error:
        raise StartupError(f"{id}: {error.text}") from error


class Blocking(Struct):
    network: str


class Blocked(Struct):
    network: str
    note: str
    made_at: str


class Announcing(Struct):
    text: str


def block(config: Config, network: str, note: str) -> Blocking:
    """At once, in all processes there are. Raises `StartupError`s."""

    async def work(context: Context) -> Blocking:
        return Blocking(await host.block(context, network, note))

    return done(config, "block", {"network": network, "note": note}, Blocking, work)


def unblock(config: Config, network: str) -> Blocking:
    """The same. Raises `StartupError`s."""

    async def work(context: Context) -> Blocking:
        return Blocking(await host.unblock(context, network))

    return done(config, "unblock", {"network": network}, Blocking, work)


def blocks(config: Config) -> list[Blocked]:
    """In the order in which they were made. Raises `DatabaseUnusable`."""
    return [
        Blocked(each.network, each.note, timestamp(each.made_at))
        for each in beside.read(config, stored_blocks.all_of_them)
    ]


def announce(config: Config, text: str) -> Announcing:
    """Show everybody a line; an empty one shows none. Raises `StartupError`s."""

    async def work(context: Context) -> Announcing:
        return Announcing(await host.announce(context, text))

    return done(config, "announce", {"text": text}, Announcing, work)


class Invited(Struct, omit_defaults=True):
    """An invitation as the host sees it: without its code, which nobody knows any more."""

    id: int
    note: str
    made_at: str
    state: str
    """`valid`, `used`, `expired` or `revoked`."""
    uses: int
    uses_max: int | None = None
    expires_at: str | None = None


class Inviting(Struct):
    id: int
    link: str
    code: str


class Revoked(Struct):
    id: int
    people: int
    """How many may start nothing more."""


def invite(config: Config, *, uses: int | None, days: int | None, note: str) -> Inviting:
    """An invitation to start conversations; None for no bound. Raises `StartupError`s."""
    expires_in = None if days is None else timedelta(days=days)
    try:
        made = beside.write(
            config,
            lambda connection: inviting.make(
                connection, at=now(), uses_max=uses, expires_in=expires_in, note=note
            ),
        )
    except ParleyError as error:
        raise StartupError(error.text) from error
    return Inviting(made.invitation.id, f"{base(config)}/?invitation={made.code}", made.code)


def invitations(config: Config) -> list[Invited]:
    """The newest first. Raises `DatabaseUnusable`."""
    at = now()
    return [
        Invited(
            each.id,
            each.note,
            timestamp(each.made_at),
            _state(each, at),
            each.uses,
            each.uses_max,
            None if each.expires_at is None else timestamp(each.expires_at),
        )
        for each in beside.read(config, stored_invitations.all_of_them)
    ]


def revoke_invitation(config: Config, id: int) -> Revoked:
    """Also for who came by it; what they started stays. Raises `StartupError`s."""
    try:
        people = beside.write(config, lambda connection: inviting.revoke(connection, id, at=now()))
    except NotFound as error:
        raise StartupError(f"{id}: {error.text}") from error
    return Revoked(id, people)


def _state(invitation: records.Invitation, at: datetime) -> str:
    if invitation.is_valid(at):
        return "valid"
    if invitation.revoked_at is not None:
        return "revoked"
    is_used_up = invitation.uses_max is not None and invitation.uses >= invitation.uses_max
    return "used" if is_used_up else "expired"


def _told(config: Config, connection: sa.Connection, report: records.Report) -> Reported:
    conversation = stored_conversations.by_id(connection, report.conversation_id)
    room_id = "" if conversation is None else conversation.room_id
    link = present.join_link(room_id, public_url=base(config))
    if report.seq is not None and not report.is_told:
        link += f"?at={report.seq}"
    return Reported(room_id, link, present.report(report, is_host=True))
