"""How the marks of people with an account look: the same wherever they take part.

All of this is for use inside a transaction.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from msgspec.structs import replace

from parley.contract import LOOKS_MAX
from parley.domain import merging
from parley.records import Account, Conversation, Look, LookChanged, Participant, Session
from parley.storage import accounts as stored_accounts
from parley.storage import conversations as stored_conversations
from parley.storage import looks as stored
from parley.storage import merging as stored_merging

PICTURE_ID_BYTES = 12


def of(connection: sa.Connection, conversation: Conversation) -> tuple[Look, ...]:
    """Of those who ever took part in it and chose."""
    if not conversation.has_looks:
        return ()
    return stored.of(connection, conversation.id, limit=LOOKS_MAX)


def show_everywhere(
    connection: sa.Connection, account: Account, *, has_new_picture: bool = False
) -> list[LookChanged]:
    """Where it takes part, of the `merging.PARTS_MAX` that are looked at."""
    has = stored_merging.has(connection, account.session_id, limit=merging.PARTS_MAX)
    changed = []
    for person in has.people:
        conversation = stored_conversations.by_id(connection, person.conversation_id)
        if conversation is not None and person.removed_at is None:
            changed.append(_show(connection, conversation, person, account, has_new_picture))
    return changed


def hide_everywhere(connection: sa.Connection, account: Account) -> list[LookChanged]:
    return show_everywhere(connection, replace(account, hue=None, has_picture=False))


def show(
    connection: sa.Connection, conversation: Conversation, person: Participant, session: Session
) -> LookChanged | None:
    """Of whoever comes in; None where they chose nothing."""
    if not session.is_of_account:
        return None
    account = stored_accounts.of_session(connection, session.id)
    if account is None or not is_chosen(account):
        return None
    return _show(connection, conversation, person, account)


def is_chosen(account: Account) -> bool:
    """Whether its mark looks otherwise than pages choose."""
    return account.hue is not None or account.has_picture


def _show(
    connection: sa.Connection,
    conversation: Conversation,
    person: Participant,
    account: Account,
    has_new_picture: bool = False,
) -> LookChanged:
    before = stored.find(connection, conversation.id, person.user_id)
    picture = None
    if account.has_picture:
        # Nobody sees by its address that two people of two conversations are one.
        known = None if before is None or has_new_picture else before.picture
        picture = known or secrets.token_urlsafe(PICTURE_ID_BYTES)
    look = Look(person.user_id, account.hue, picture)
    if look.is_chosen:
        stored.put(connection, conversation.id, look)
    else:
        stored.erase(connection, conversation.id, look.user_id)
    return LookChanged(conversation.id, conversation.room_id, look)
