"""All that an owner decides on, at one look."""

from __future__ import annotations

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import (
    ACTS_PAGE_DEFAULT,
    LEFT_LISTED_MAX,
    OWNERS_TOLD_MAX,
    PEOPLE_IN_STATE,
    REPORTS_PAGE_DEFAULT,
)
from parley.domain import door, knocking, names, people
from parley.domain.context import Context
from parley.domain.people import People
from parley.records import Overview, Participant, Role, Session
from parley.storage import accounts as stored_accounts
from parley.storage import audit as stored_acts
from parley.storage import bots as stored_bots
from parley.storage import grants, links
from parley.storage import participants as stored_participants
from parley.storage import reports as stored_reports


class _People(Struct, frozen=True):
    here: People
    left: tuple[Participant, ...]
    left_count: int


async def overview(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    acts_before: int | None = None,
    cursor: str | None = None,
    name: str = "",
) -> Overview:
    """For an owner, with a page of the acts. Raises `Forbidden`, or what keeps others out.

    Of many people it has the first, or a page from `cursor` on, or those whose name holds `name`.
    """

    at = context.clock()

    def query(connection: sa.Connection) -> Overview:
        found = door.owned(connection, room_id, session)
        acts = stored_acts.newest(
            connection, found.id, limit=ACTS_PAGE_DEFAULT + 1, before=acts_before
        )
        key = names.skeleton(name)
        listed = _named(connection, found.id, key) if key else _page(connection, found.id, cursor)
        owners = stored_participants.owners(connection, found.id, limit=OWNERS_TOLD_MAX)
        told_of = (*listed.here.shown, *listed.left, *owners)
        return Overview(
            conversation=found.conversation,
            person=found.person,
            participants=listed.here.shown,
            people_cursor=listed.here.cursor,
            founders=frozenset(
                (found.conversation.owner_session_id, *grants.founders(connection, found.id))
            ),
            is_founder=found.is_founder,
            accounts=stored_accounts.among(connection, {each.session_id for each in told_of}),
            owners=owners,
            waiting=knocking.waiting(connection, found.id, at=at),
            removed=tuple(
                each
                for each in stored_participants.removed(connection, found.id)
                if each.role is not Role.BOT
            ),
            bots=stored_bots.of(connection, found.id),
            left=listed.left,
            left_count=listed.left_count,
            nameless=grants.nameless(connection, found.id),
            reports=stored_reports.of(
                connection, found.id, state="open", limit=REPORTS_PAGE_DEFAULT
            ),
            report_count=stored_reports.open_count(connection, found.id),
            links=links.of(connection, found.id),
            acts=acts[:ACTS_PAGE_DEFAULT],
            has_older_acts=len(acts) > ACTS_PAGE_DEFAULT,
        )

    return await context.database.read(query)


def _page(connection: sa.Connection, conversation_id: int, cursor: str | None) -> _People:
    left, count = stored_participants.left(connection, conversation_id, limit=LEFT_LISTED_MAX)
    if cursor is None:
        return _People(people.first(connection, conversation_id), left, count)
    here = people.after(connection, conversation_id, cursor=cursor, limit=PEOPLE_IN_STATE)
    return _People(here, left, count)


def _named(connection: sa.Connection, conversation_id: int, key: str) -> _People:
    found = stored_participants.named(connection, conversation_id, key, limit=PEOPLE_IN_STATE)
    left = tuple(each for each in found if each.left_at is not None and each.role is not Role.BOT)
    here = tuple(each for each in found if each.left_at is None)
    return _People(People(here, None), left, len(left))
