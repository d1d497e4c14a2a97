"""Contact links, the invitations that were made by them, and who is blocked."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from parley.records import Blocked, Invite, Invited, Role
from parley.storage import conversations as stored_conversations
from parley.storage.dialects import insert
from parley.storage.schema import (
    accounts,
    contact_blocks,
    contact_invites,
    contact_links,
    conversations,
    grants,
    participants,
)

ACCEPTED, DECLINED = "accepted", "declined"
_IS_OPEN = contact_invites.c.answer.is_(None)
_IS_BY_OWNER = sa.or_(
    conversations.c.owner_session_id == contact_invites.c.by_session_id,
    sa.exists().where(
        grants.c.conversation_id == conversations.c.id,
        grants.c.session_id == contact_invites.c.by_session_id,
        grants.c.role == Role.OWNER.value,
    ),
)


# --- links ---


def link_of(connection: sa.Connection, account_id: int) -> str | None:
    """The code in it."""
    query = sa.select(contact_links.c.code).where(contact_links.c.account_id == account_id)
    code: str | None = connection.execute(query).scalar()
    return code


def put_link(connection: sa.Connection, account_id: int, code: str, *, at: datetime) -> None:
    """Instead of the one before."""
    remove_link(connection, account_id)
    connection.execute(contact_links.insert().values(account_id=account_id, code=code, made_at=at))


def remove_link(connection: sa.Connection, account_id: int) -> bool:
    """Whether there was one."""
    gone = contact_links.delete().where(contact_links.c.account_id == account_id)
    return connection.execute(gone).rowcount > 0


def behind(connection: sa.Connection, code: str) -> int | None:
    """The session of the account whose link it is."""
    session_id: int | None = connection.execute(
        sa.select(accounts.c.session_id)
        .join(contact_links, contact_links.c.account_id == accounts.c.id)
        .where(contact_links.c.code == code, accounts.c.erasing_at.is_(None))
    ).scalar()
    return session_id


# --- invitations ---


def find(connection: sa.Connection, conversation_id: int, session_id: int) -> Invite | None:
    """The latest to a conversation, whatever was said to it."""
    return _one(
        connection,
        contact_invites.c.conversation_id == conversation_id,
        contact_invites.c.session_id == session_id,
    )


def by_id(connection: sa.Connection, id: str, session_id: int) -> Invite | None:
    return _one(connection, contact_invites.c.id == id, contact_invites.c.session_id == session_id)


def put(connection: sa.Connection, invite: Invite) -> None:
    """Instead of one before to the same conversation."""
    given: dict[str, Any] = {
        "id": invite.id,
        "by_session_id": invite.by_session_id,
        "by_name": invite.by_name,
        "made_at": invite.made_at,
        "answer": invite.answer,
    }
    connection.execute(
        insert(contact_invites)
        .values(conversation_id=invite.conversation_id, session_id=invite.session_id, **given)
        .on_conflict_do_update(
            index_elements=[contact_invites.c.conversation_id, contact_invites.c.session_id],
            set_=given,
        )
    )


def answer(connection: sa.Connection, invite: Invite, answer: str) -> None:
    connection.execute(
        contact_invites.update().where(contact_invites.c.id == invite.id).values(answer=answer)
    )


def waiting(
    connection: sa.Connection, session_id: int, *, since: datetime, limit: int
) -> list[Invited]:
    """Those that nobody answered, the newest first: to what goes on, by who still owns it, and
    where whoever is invited is not already, nor was removed.
    """
    rows = connection.execute(
        sa.select(
            *stored_conversations.COLUMNS,
            *(column.label(f"of_{column.name}") for column in contact_invites.c),
        )
        .join(conversations, conversations.c.id == contact_invites.c.conversation_id)
        .where(_waits(session_id, since))
        .order_by(contact_invites.c.made_at.desc(), contact_invites.c.id)
        .limit(limit)
    )
    return [Invited(_invite(row, "of_"), stored_conversations.conversation(row)) for row in rows]


def count_waiting(
    connection: sa.Connection, session_id: int, *, since: datetime, by: int | None = None
) -> int:
    """How many of those there are; by one person alone if they are named."""
    theirs = [] if by is None else [contact_invites.c.by_session_id == by]
    query = (
        sa.select(sa.func.count())
        .select_from(contact_invites)
        .join(conversations, conversations.c.id == contact_invites.c.conversation_id)
        .where(_waits(session_id, since), *theirs)
    )
    return connection.execute(query).scalar_one()


def is_by_owner(connection: sa.Connection, invite: Invite) -> bool:
    """Whether who made it still owns the conversation."""
    query = (
        sa.select(contact_invites.c.id)
        .join(conversations, conversations.c.id == contact_invites.c.conversation_id)
        .where(contact_invites.c.id == invite.id, _IS_BY_OWNER)
    )
    return connection.execute(query).first() is not None


def _waits(session_id: int, since: datetime) -> sa.ColumnElement[bool]:
    is_there = sa.exists().where(
        participants.c.conversation_id == contact_invites.c.conversation_id,
        participants.c.session_id == session_id,
        sa.or_(participants.c.left_for_good.is_(False), participants.c.removed_at.is_not(None)),
    )
    return sa.and_(
        contact_invites.c.session_id == session_id,
        contact_invites.c.made_at > since,
        _IS_OPEN,
        _IS_BY_OWNER,
        conversations.c.ended_at.is_(None),
        conversations.c.deleted_at.is_(None),
        sa.not_(is_there),
    )


def made_since(connection: sa.Connection, at: datetime) -> set[tuple[int, int]]:
    """The accounts' sessions, and the conversations to which they were asked and gave no answer."""
    rows = connection.execute(
        sa.select(contact_invites.c.session_id, contact_invites.c.conversation_id).where(
            _IS_OPEN, contact_invites.c.made_at > at
        )
    )
    return {(row.session_id, row.conversation_id) for row in rows}


def forget_old(connection: sa.Connection, session_id: int, *, until: datetime) -> None:
    """Those that nobody answered in time."""
    connection.execute(
        contact_invites.delete().where(
            contact_invites.c.session_id == session_id,
            _IS_OPEN,
            contact_invites.c.made_at <= until,
        )
    )


def open_from(connection: sa.Connection, session_id: int, by_session_id: int) -> list[Invite]:
    """Those by somebody that nobody answered."""
    return _some(
        connection,
        contact_invites.c.session_id == session_id,
        contact_invites.c.by_session_id == by_session_id,
        _IS_OPEN,
    )


# --- who is blocked ---


def block(
    connection: sa.Connection, session_id: int, blocked_id: int, name: str, *, at: datetime
) -> None:
    given = insert(contact_blocks).values(
        session_id=session_id, blocked_id=blocked_id, name=name, made_at=at
    )
    connection.execute(given.on_conflict_do_nothing())


def unblock(connection: sa.Connection, session_id: int, blocked_id: int) -> bool:
    """Whether they were blocked."""
    gone = contact_blocks.delete().where(
        contact_blocks.c.session_id == session_id, contact_blocks.c.blocked_id == blocked_id
    )
    return connection.execute(gone).rowcount > 0


def is_blocked(connection: sa.Connection, session_id: int, by_session_id: int) -> bool:
    query = sa.select(contact_blocks.c.name).where(
        contact_blocks.c.session_id == session_id, contact_blocks.c.blocked_id == by_session_id
    )
    return connection.execute(query).first() is not None


def blocked(connection: sa.Connection, session_id: int) -> list[Blocked]:
    """The latest first."""
    rows = connection.execute(
        sa.select(contact_blocks)
        .where(contact_blocks.c.session_id == session_id)
        .order_by(contact_blocks.c.made_at.desc(), contact_blocks.c.blocked_id)
    )
    return [Blocked(row.blocked_id, row.name, row.made_at) for row in rows]


# --- accounts that begin, become one, and end ---


def become(connection: sa.Connection, before: int, now: int) -> None:
    """Whoever was one session is another: who blocked the one blocks the other."""
    connection.execute(
        contact_invites.update()
        .where(contact_invites.c.by_session_id == before)
        .values(by_session_id=now)
    )
    theirs = connection.execute(
        sa.select(contact_blocks).where(contact_blocks.c.blocked_id == before)
    ).all()
    for row in theirs:
        block(connection, row.session_id, now, row.name, at=row.made_at)
    connection.execute(contact_blocks.delete().where(contact_blocks.c.blocked_id == before))


def forget(connection: sa.Connection, account_id: int, session_id: int) -> None:
    """All that is an account's, with the invitations that it made and nobody answered."""
    remove_link(connection, account_id)
    for table in (contact_invites, contact_blocks):
        connection.execute(table.delete().where(table.c.session_id == session_id))
    connection.execute(
        contact_invites.delete().where(contact_invites.c.by_session_id == session_id, _IS_OPEN)
    )


def _one(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> Invite | None:
    found = _some(connection, *which)
    return found[0] if found else None


def _some(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> list[Invite]:
    rows = connection.execute(sa.select(contact_invites).where(*which))
    return [_invite(row) for row in rows]


def _invite(row: Any, prefix: str = "") -> Invite:
    def of(name: str) -> Any:
        return getattr(row, prefix + name)

    return Invite(
        of("id"),
        of("conversation_id"),
        of("session_id"),
        of("by_session_id"),
        of("by_name"),
        of("made_at"),
        of("answer"),
    )
