"""Inviting somebody who has an account, by the link that they gave out for that.

There is no list of accounts. Whoever invites is told the same whatever becomes of it: that a link
is nobody's, that they are blocked, or that whoever it is declined before, they don't learn.
"""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import sqlalchemy as sa
from msgspec import Struct

from parley.contract import InviteAnswerName
from parley.domain import access, accounts, audit, door, knocking
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import BadRequest, Encrypted, NotFound, NotJoined
from parley.records import (
    Blocked,
    Conversation,
    Event,
    Invite,
    InviteAnswered,
    Invited,
    InviteMade,
    PartChanged,
    Role,
    Session,
    Standing,
)
from parley.storage import contacts as stored
from parley.storage import conversations as stored_conversations
from parley.storage import grants
from parley.storage import participants as stored_participants

CODE_BYTES = 12
WAITING_MAX = 50
"""Of one account; more are not kept."""
WAITING_FROM_ONE_MAX = 5
"""Of those, from one person."""
LASTS = timedelta(days=30)
_CODE = re.compile(r"(?:.*/contact/)?([A-Za-z0-9_-]{16})/?(?:[?#].*)?", re.DOTALL)
_GONE = "This invitation is no longer there."
_NO_KEY = (
    "This conversation is encrypted, and the server doesn't have its key: send them its link "
    "instead."
)


class Own(Struct, frozen=True):
    """What an account has of contacts."""

    code: str | None
    """What stands in its link; None where there is none."""
    blocked: tuple[Blocked, ...]


# --- for whoever is invited ---


async def own(context: Context, session: Session | None) -> Own:
    """Raises `AccountRequired`."""

    def query(connection: sa.Connection) -> Own:
        account, _ = accounts.signed_in(connection, session)
        return Own(
            stored.link_of(connection, account.id),
            tuple(stored.blocked(connection, account.session_id)),
        )

    return await context.database.read(query)


async def make_link(context: Context, session: Session | None) -> str:
    """The code of a new contact link: by the one before nobody can invite any more."""
    code, at = secrets.token_urlsafe(CODE_BYTES), context.clock()

    def work(connection: sa.Connection) -> None:
        account, _ = accounts.signed_in(connection, session)
        stored.put_link(connection, account.id, code, at=at)

    await context.database.write(work)
    return code


async def remove_link(context: Context, session: Session | None) -> None:
    """Nobody can invite any more. What was made before stays."""

    def work(connection: sa.Connection) -> None:
        account, _ = accounts.signed_in(connection, session)
        stored.remove_link(connection, account.id)

    await context.database.write(work)


async def waiting(context: Context, session: Session | None) -> list[Invited]:
    """The invitations that wait for an answer, the newest first; none for guests."""
    if session is None or not session.is_of_account:
        return []
    return await context.database.read(
        stored.waiting, session.id, since=context.clock() - LASTS, limit=WAITING_MAX
    )


async def answer(
    context: Context, session: Session | None, id: str, answer: InviteAnswerName
) -> Conversation:
    """Accept an invitation, which lets the account in; decline it, so that nobody is asked again
    there; or block whoever made it, too. Raises `AccountRequired`, `NotFound`.
    """
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Conversation, list[Event]]:
        account, _ = accounts.signed_in(connection, session)
        invite = stored.by_id(connection, id, account.session_id)
        if session is None or invite is None or invite.answer or invite.made_at <= at - LASTS:
            raise NotFound(_GONE)
        conversation = stored_conversations.by_id(connection, invite.conversation_id)
        if conversation is None:
            raise NotFound(_GONE)
        if answer == "accept":
            return conversation, _accept(connection, conversation, invite, session, context)
        declined = [invite]
        if answer == "block":
            by = invite.by_session_id
            stored.block(connection, account.session_id, by, invite.by_name, at=at)
            declined += [
                each
                for each in stored.open_from(connection, account.session_id, by)
                if each.id != invite.id
            ]
        for each in declined:
            stored.answer(connection, each, stored.DECLINED)
        return conversation, [
            InviteAnswered(each.conversation_id, each.session_id) for each in declined
        ]

    def tell(result: tuple[Conversation, list[Event]]) -> None:
        for event in result[1]:
            context.bus.publish(event)

    return (await context.database.write(work, tell))[0]


async def of_id(context: Context, session: Session | None, id: str) -> Invited | None:
    """One of those that wait."""
    return next((each for each in await waiting(context, session) if each.invite.id == id), None)


async def unblock(context: Context, session: Session | None, blocked_id: int) -> None:
    """They may invite again. Raises `NotFound`."""

    def work(connection: sa.Connection) -> None:
        account, _ = accounts.signed_in(connection, session)
        if not stored.unblock(connection, account.session_id, blocked_id):
            raise NotFound("You haven't blocked anyone with this id.")

    await context.database.write(work)


def _accept(
    connection: sa.Connection,
    conversation: Conversation,
    invite: Invite,
    session: Session,
    context: Context,
) -> list[Event]:
    access.require_open(conversation)
    found = door.find(connection, conversation.room_id, session)
    # An owner who is none any more lets nobody in.
    if found.standing is Standing.REMOVED or not stored.is_by_owner(connection, invite):
        raise NotFound(_GONE)
    stored.answer(connection, invite, stored.ACCEPTED)
    grants.give(connection, found.id, session.id, Role.MEMBER, at=context.clock())
    knock = knocking.over(connection, conversation, session)
    events: list[Event] = [
        InviteAnswered(found.id, session.id),
        PartChanged(found.id, session.id),
    ]
    return events if knock is None else [knock, *events]


# --- for whoever invites ---


def code_in(contact: str) -> str:
    """The code of what somebody took for a contact link. Raises `BadRequest` where it is none."""
    match = _CODE.fullmatch(contact.strip())
    if match is None:
        raise BadRequest("This isn't a contact link. Ask them to copy it once more.")
    return match[1]


async def invite(context: Context, room_id: str, session: Session | None, contact: str) -> None:
    """Invite whoever gave out this link, for owners with a name. What becomes of it is not told.

    Raises `BadRequest` for what is no link, `Encrypted`, `ConversationIsOver`, `NotJoined`.
    """
    code, at = code_in(contact), context.clock()
    id = secrets.token_urlsafe(CODE_BYTES)

    def work(connection: sa.Connection) -> InviteMade | None:
        found = door.owned(connection, room_id, session)
        access.require_open(found.conversation)
        if found.conversation.is_encrypted:
            raise Encrypted(_NO_KEY)
        if found.person is None or session is None:
            raise NotJoined("Enter a name in the conversation first, so they see who invites them.")
        audit.note(connection, found, "invited", at=at)
        to = stored.behind(connection, code)
        if to is None or not _may_be_asked(connection, found, session, to, context):
            return None
        stored.put(
            connection,
            Invite(id, found.id, to, session.id, found.person.username, at, None),
        )
        return InviteMade(found.id, to)

    def tell(made: InviteMade | None) -> None:
        if made is not None:
            context.bus.publish(made)

    await context.database.write(work, tell)


def _may_be_asked(
    connection: sa.Connection, found: Found, session: Session, to: int, context: Context
) -> bool:
    if to == session.id or stored.is_blocked(connection, to, session.id):
        return False
    person = stored_participants.by_session(connection, found.id, to)
    if person is not None and (person.removed_at is not None or not person.left_for_good):
        return False
    stored.forget_old(connection, to, until=context.clock() - LASTS)
    before = stored.find(connection, found.id, to)
    # Whoever left may be asked again; who declined, or has not answered yet, is not.
    if before is not None and before.answer != stored.ACCEPTED:
        return False
    since = context.clock() - LASTS
    from_one = stored.count_waiting(connection, to, since=since, by=session.id)
    in_all = stored.count_waiting(connection, to, since=since)
    return from_one < WAITING_FROM_ONE_MAX and in_all < WAITING_MAX
