"""Who acts for the host, and what was done for it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Admin, AdminLink, HostAct, HostRole
from parley.storage.dialects import insert
from parley.storage.schema import accounts, admin_links, admins, host_acts, push_devices

_ALL = sa.select(admins, accounts.c.session_id, accounts.c.name).join(
    accounts, accounts.c.id == admins.c.account_id
)


def of_session(connection: sa.Connection, session_id: int) -> Admin | None:
    """By what their account is in conversations."""
    row = connection.execute(_ALL.where(accounts.c.session_id == session_id)).one_or_none()
    return None if row is None else _admin(row)


def all_of_them(connection: sa.Connection) -> list[Admin]:
    """The oldest first."""
    return [_admin(row) for row in connection.execute(_ALL.order_by(admins.c.id))]


def devices(connection: sa.Connection) -> list[tuple[int, int]]:
    """The ids of their browsers that are notified, and of the sessions of whoever has them."""
    rows = connection.execute(
        sa.select(push_devices.c.id, push_devices.c.session_id)
        .join(accounts, accounts.c.session_id == push_devices.c.session_id)
        .join(admins, admins.c.account_id == accounts.c.id)
        .order_by(push_devices.c.id)
    )
    return [(row.id, row.session_id) for row in rows]


def put(
    connection: sa.Connection, *, account_id: int, role: HostRole, label: str, at: datetime
) -> Admin:
    """One who is an admin already gets this role and label."""
    given = insert(admins).values(account_id=account_id, role=role.value, label=label, added_at=at)
    connection.execute(
        given.on_conflict_do_update(
            index_elements=[admins.c.account_id],
            set_={"role": given.excluded.role, "label": given.excluded.label},
        )
    )
    return _admin(connection.execute(_ALL.where(admins.c.account_id == account_id)).one())


def remove(connection: sa.Connection, id: int) -> Admin | None:
    """Who it was; None where there is none."""
    row = connection.execute(_ALL.where(admins.c.id == id)).one_or_none()
    if row is None:
        return None
    connection.execute(admins.delete().where(admins.c.id == id))
    return _admin(row)


# --- links ---


def add_link(connection: sa.Connection, code_hash: bytes, link: AdminLink, *, at: datetime) -> None:
    """And forget those whose time is over."""
    connection.execute(admin_links.delete().where(admin_links.c.expires_at <= at))
    connection.execute(
        admin_links.insert().values(
            code_hash=code_hash,
            role=link.role.value,
            label=link.label,
            expires_at=link.expires_at,
        )
    )


def link(connection: sa.Connection, code_hash: bytes, *, at: datetime) -> AdminLink | None:
    """None where there is none, or its time is over."""
    row = connection.execute(sa.select(admin_links).where(*_valid(code_hash, at))).one_or_none()
    return None if row is None else _link(row)


def take_link(connection: sa.Connection, code_hash: bytes, *, at: datetime) -> AdminLink | None:
    """It is used up by that."""
    row = connection.execute(
        admin_links.delete().where(*_valid(code_hash, at)).returning(*admin_links.c)
    ).one_or_none()
    return None if row is None else _link(row)


# --- what was done ---


def note(
    connection: sa.Connection,
    *,
    at: datetime,
    who: str,
    admin_id: int | None,
    act: str,
    about: str,
) -> None:
    connection.execute(
        host_acts.insert().values(at=at, who=who, admin_id=admin_id, act=act, about=about)
    )


def acts(connection: sa.Connection, *, limit: int, before: int | None) -> tuple[HostAct, ...]:
    """The newest first; those before one, by its id."""
    query = sa.select(host_acts).order_by(host_acts.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(host_acts.c.id < before)
    return tuple(
        HostAct(row.id, row.at, row.who, row.admin_id, row.act, row.about)
        for row in connection.execute(query)
    )


def _valid(code_hash: bytes, at: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return admin_links.c.code_hash == code_hash, admin_links.c.expires_at > at


def _link(row: Any) -> AdminLink:
    return AdminLink(HostRole(row.role), row.label, row.expires_at)


def _admin(row: Any) -> Admin:
    return Admin(
        row.id,
        row.account_id,
        row.session_id,
        HostRole(row.role),
        row.label,
        row.name,
        row.added_at,
    )
