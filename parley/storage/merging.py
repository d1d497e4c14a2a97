"""What one session has in conversations, and giving it to another that it is from now on."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.records import Participant, Role
from parley.storage import contacts, desks, file_sums, invitations, push
from parley.storage import grants as stored_grants
from parley.storage import participants as stored
from parley.storage import sessions as stored_sessions
from parley.storage.participants import ROLES
from parley.storage.prepared import Prepared, p
from parley.storage.schema import (
    PROVEN,
    TAKEN_UP,
    conversations,
    files,
    grants,
    invited,
    knocks,
    links,
    mail_addresses,
    mail_codes,
    messages,
    notification_levels,
    participants,
    pinned_conversations,
    uploads,
)

_PEOPLE = Prepared(
    sa.select(participants)
    .where(participants.c.session_id == p("session_id"), PROVEN)
    .order_by(participants.c.conversation_id)
    .limit(p("limit")),
    participants.c,
)
_GRANTS = Prepared(
    sa.select(grants).where(grants.c.session_id == p("session_id")).limit(p("limit")), grants.c
)
_OWNED = Prepared(
    sa.select(conversations.c.id)
    .where(conversations.c.owner_session_id == p("session_id"))
    .limit(p("limit")),
    [conversations.c.id],
)


class Grant(Struct, frozen=True):
    conversation_id: int
    role: Role
    link_id: int | None
    granted_at: datetime
    is_founder: bool


class Has(Struct, frozen=True):
    """What a session has, up to a limit of each."""

    people: tuple[Participant, ...]
    """Whom it is, wherever it ever joined."""
    owned: tuple[int, ...]
    """What it started."""
    grants: tuple[Grant, ...]
    """What links, answered knocks and passphrases gave it."""

    @property
    def most(self) -> int:
        return max(len(self.people), len(self.owned), len(self.grants))

    @property
    def conversations(self) -> set[int]:
        return {
            *(person.conversation_id for person in self.people),
            *self.owned,
            *(grant.conversation_id for grant in self.grants),
        }


def has(connection: sa.Connection, session_id: int, *, limit: int) -> Has:
    given = {"session_id": session_id, "limit": limit}
    return Has(
        tuple(stored.participant(row) for row in _PEOPLE.run(connection, **given)),
        tuple(row.id for row in _OWNED.run(connection, **given)),
        tuple(
            Grant(row.conversation_id, ROLES[row.role], row.link_id, row.granted_at, row.is_founder)
            for row in _GRANTS.run(connection, **given)
        ),
    )


def swap(
    connection: sa.Connection, one: Participant, other: Participant, *, at: datetime
) -> tuple[Participant, Participant]:
    """Each is the other's session from now on."""
    # No two may have one session, not even for a moment.
    between = stored_sessions.insert(connection, token_hash=secrets.token_bytes(32), at=at)
    stored.change(connection, one, session_id=between.id)
    changed = stored.change(connection, other, session_id=one.session_id)
    one = stored.change(connection, one, session_id=other.session_id)
    stored_sessions.erase(connection, between.id)
    return one, changed


def give_recent(
    connection: sa.Connection, conversation_id: int, before: int, now: int, *, since: datetime
) -> None:
    """What one said of late is the other's by its client_id, too: whoever doesn't know yet that it
    was stored sends it again, and it is not to stand there twice.
    """
    theirs = messages.alias("theirs")
    is_there = sa.exists().where(
        theirs.c.conversation_id == conversation_id,
        theirs.c.session_id == now,
        theirs.c.client_id == messages.c.client_id,
    )
    connection.execute(
        messages.update()
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.session_id == before,
            messages.c.client_id.is_not(None),
            messages.c.sent_at >= since,
            ~is_there,
        )
        .values(session_id=now)
    )


def own(connection: sa.Connection, before: int, now: int, ids: Collection[int]) -> None:
    """These are another's from now on, who started them, and so are the links it made there."""
    for id in ids:
        connection.execute(
            conversations.update().where(conversations.c.id == id).values(owner_session_id=now)
        )
        connection.execute(
            links.update()
            .where(links.c.conversation_id == id, links.c.made_by == before)
            .values(made_by=now)
        )


def give_grant(connection: sa.Connection, before: int, now: int | None, grant: Grant) -> None:
    """What one was granted is granted to another, unless that has as much; or to nobody."""
    stored_grants.take_back(connection, grant.conversation_id, before)
    if now is not None:
        stored_grants.give(
            connection,
            grant.conversation_id,
            now,
            grant.role,
            at=grant.granted_at,
            link_id=grant.link_id,
            is_founder=grant.is_founder,
        )


def give_rest(connection: sa.Connection, before: int, now: int, *, added_by: int) -> bool:
    """All that is not about who may do what somewhere: knocks, files, invitations, what it is told
    of. Where the other decided something itself, that stays. Whether it had a device that is
    notified.
    """
    connection.execute(links.update().where(links.c.made_by == before).values(made_by=now))
    for table in (knocks, notification_levels, pinned_conversations):
        theirs = sa.select(table.c.conversation_id).where(table.c.session_id == now)
        connection.execute(
            table.update()
            .where(table.c.session_id == before, table.c.conversation_id.not_in(theirs))
            .values(session_id=now)
        )
        connection.execute(table.delete().where(table.c.session_id == before))
    connection.execute(
        participants.update()
        .where(participants.c.first_session_id == before, TAKEN_UP)
        .values(first_session_id=now)
    )
    if not invitations.is_invited(connection, now):
        connection.execute(
            invited.update().where(invited.c.session_id == before).values(session_id=now)
        )
    connection.execute(invited.delete().where(invited.c.session_id == before))
    for table in (files, uploads):
        connection.execute(
            table.update().where(table.c.session_id == before).values(session_id=now)
        )
    file_sums.give(connection, before, now)
    contacts.become(connection, before, now)
    desks.become(connection, before, now)
    _give_mail(connection, before, now)
    return push.give(connection, before, now, added_by=added_by)


def end(connection: sa.Connection, session_id: int, *, at: datetime) -> None:
    """No secret proves it any more."""
    stored_sessions.renew(connection, session_id, token_hash=secrets.token_bytes(32), at=at)


def _give_mail(connection: sa.Connection, before: int, now: int) -> None:
    has_own = sa.select(mail_addresses.c.id).where(mail_addresses.c.session_id == now)
    if connection.execute(has_own).first() is None:
        for table in (mail_addresses, mail_codes):
            connection.execute(
                table.update().where(table.c.session_id == before).values(session_id=now)
            )
    for table in (mail_addresses, mail_codes):
        connection.execute(table.delete().where(table.c.session_id == before))
