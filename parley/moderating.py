"""What whoever runs the server does against abuse, at the command line.

What only looks, or concerns nobody who is on the server now, is done in the database itself.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley import contract, present
from parley.config import Config
from parley.domain import admins, announcing, blocking, inviting, reports
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.context import Context, now
from parley.errors import NotFound, ParleyError, StartupError
from parley.operating import base, done
from parley.present.fields import timestamp
from parley.records import HostRole, Reported
from parley.storage import admins as stored_admins
from parley.storage import beside
from parley.storage import blocks as stored_blocks
from parley.storage import invitations as stored_invitations
from parley.storage.reports import State

READ_AT_ONCE = 500


def listed(config: Config, *, state: State = "open") -> list[contract.HostedReport]:
    """The newest first. Raises `DatabaseUnusable`."""

    def query(connection: sa.Connection) -> list[Reported]:
        return reports.some_of_host(connection, state=state, limit=READ_AT_ONCE)

    return [_told(config, each) for each in beside.read(config, query)]


def show(config: Config, id: int) -> contract.HostedReport:
    """Raises `StartupError`s."""
    try:
        found = beside.read(config, lambda connection: reports.of_host(connection, id))
    except NotFound as error:
        raise StartupError(f"{id}: {error.text}") from error
    return _told(config, found)


def resolve(config: Config, id: int) -> contract.HostedReport:
    """The host is done with it. Raises `StartupError`s."""

    def work(connection: sa.Connection) -> Reported:
        return reports.resolve_of_host(connection, id, by=AT_COMMAND_LINE, at=now())

    try:
        return _told(config, beside.write(config, work))
    except NotFound as error:
        raise StartupError(f"{id}: {error.text}") from error


class Blocking(Struct):
    network: str


class Announcing(Struct):
    text: str


def block(config: Config, network: str, note: str) -> Blocking:
    """At once, in all processes there are. Raises `StartupError`s."""

    async def work(context: Context) -> Blocking:
        return Blocking(await blocking.block(context, network, note, by=AT_COMMAND_LINE))

    return done(config, "block", {"network": network, "note": note}, Blocking, work)


def unblock(config: Config, network: str) -> Blocking:
    """The same. Raises `StartupError`s."""

    async def work(context: Context) -> Blocking:
        return Blocking(await blocking.unblock(context, network, by=AT_COMMAND_LINE))

    return done(config, "unblock", {"network": network}, Blocking, work)


def blocks(config: Config) -> list[contract.HostBlock]:
    """In the order in which they were made. Raises `DatabaseUnusable`."""
    return [present.block(each) for each in beside.read(config, stored_blocks.all_of_them)]


def announce(config: Config, text: str) -> Announcing:
    """Show everybody a line; an empty one shows none. Raises `StartupError`s."""

    async def work(context: Context) -> Announcing:
        return Announcing(await announcing.announce(context, text, by=AT_COMMAND_LINE))

    return done(config, "announce", {"text": text}, Announcing, work)


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
                connection,
                by=AT_COMMAND_LINE,
                at=now(),
                uses_max=uses,
                expires_in=expires_in,
                note=note,
            ),
        )
    except ParleyError as error:
        raise StartupError(error.text) from error
    return Inviting(made.invitation.id, f"{base(config)}/?invitation={made.code}", made.code)


def invitations(config: Config) -> list[contract.HostInvitation]:
    """The newest first. Raises `DatabaseUnusable`."""
    at = now()
    return [
        present.invitation(each, at) for each in beside.read(config, stored_invitations.all_of_them)
    ]


def revoke_invitation(config: Config, id: int) -> Revoked:
    """Also for who came by it; what they started stays. Raises `StartupError`s."""
    try:
        people = beside.write(
            config,
            lambda connection: inviting.revoke(connection, id, by=AT_COMMAND_LINE, at=now()),
        )
    except NotFound as error:
        raise StartupError(f"{id}: {error.text}") from error
    return Revoked(id, people)


class NewAdminLink(Struct):
    link: str
    role: str
    expires_at: str


def admin_link(config: Config, *, is_moderator: bool, label: str) -> NewAdminLink:
    """What makes an account an admin, once and within the hour. Raises `StartupError`s."""
    role = HostRole.MODERATOR if is_moderator else HostRole.ADMIN
    try:
        made, code = beside.write(
            config,
            lambda connection: admins.make_link(connection, role=role, label=label, at=now()),
        )
    except ParleyError as error:
        raise StartupError(error.text) from error
    link = f"{base(config)}/admin-link/{code}"
    return NewAdminLink(link, present.host_role(role), timestamp(made.expires_at))


def all_admins(config: Config) -> list[contract.HostAdmin]:
    """The oldest first. Raises `DatabaseUnusable`."""
    return [present.admin(each) for each in beside.read(config, stored_admins.all_of_them)]


def remove_admin(config: Config, id: int) -> contract.HostAdmin:
    """They act for the host no more, at once. Raises `StartupError`s."""
    try:
        gone = beside.write(config, lambda connection: admins.remove(connection, id, at=now()))
    except NotFound as error:
        raise StartupError(f"{id}: {error.text}") from error
    return present.admin(gone)


def _told(config: Config, found: Reported) -> contract.HostedReport:
    return present.reported(found, public_url=base(config))
