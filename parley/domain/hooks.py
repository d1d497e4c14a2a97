"""Hooks in: other programs that speak in a conversation, by a code alone."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import access, audit, chatter, door, messages, naming, sessions, text
from parley.domain.context import Context
from parley.domain.door import Found
from parley.domain.saying import Draft, Saying, Sent
from parley.errors import BadRequest, ConversationNotFound, Encrypted, Forbidden, NotFound
from parley.records import Hook, Participant, Role, Session
from parley.storage import conversations as stored_conversations
from parley.storage import hooks as stored
from parley.storage import naming as stored_naming
from parley.storage import participants as stored_participants

CODE_BYTES = 24
HOOKS_MAX = 20
"""Of one conversation."""
_USER_ID_BYTES = 8
_NO_HOOK = "There is no hook at this address. It may have been removed: ask whoever gave it to you."
_ENCRYPTED = (
    "Hooks can't post here: the conversation is encrypted, and what a hook sends is not. "
    "A program that has the key can take part as people do."
)


class MadeHook(Struct, frozen=True):
    hook: Hook
    code: str
    """What stands in its address: told once, kept as a keyed hash."""


async def make(
    context: Context,
    room_id: str,
    session: Session | None,
    *,
    name: str,
    seal: Callable[[str], str],
) -> MadeHook:
    """For owners. Raises `Encrypted`, `NameTaken`, and `BadRequest` for one too many."""
    code, at, clean_name = secrets.token_urlsafe(CODE_BYTES), context.clock(), _named(name)

    def work(connection: sa.Connection) -> Hook:
        found = door.owned(connection, room_id, session)
        _require_legible(found)
        access.require_open(found.conversation)
        if len(stored.of(connection, found.id)) >= HOOKS_MAX:
            raise BadRequest(f"A conversation has at most {HOOKS_MAX} hooks. Remove one first.")
        person = _participant(connection, found, clean_name, at=at)
        audit.note(connection, found, "made_hook", at=at, about=clean_name)
        return stored.insert(
            connection,
            conversation_id=found.id,
            user_id=person.user_id,
            code_seal=seal(code),
            name=clean_name,
            at=at,
        )

    return MadeHook(await context.database.write(work), code)


async def of(context: Context, room_id: str, session: Session | None) -> tuple[Hook, ...]:
    """For owners, the newest first."""

    def query(connection: sa.Connection) -> tuple[Hook, ...]:
        return stored.of(connection, door.owned(connection, room_id, session).id)

    return await context.database.read(query)


async def remove(context: Context, room_id: str, session: Session | None, hook_id: int) -> None:
    """Its code leads nowhere from then on; what was said by it stays. Raises `NotFound`."""
    at = context.clock()

    def work(connection: sa.Connection) -> None:
        found = door.owned(connection, room_id, session)
        hook = stored.remove(connection, found.id, hook_id)
        if hook is None:
            raise NotFound("No such hook, or it has already been removed.")
        audit.note(connection, found, "removed_hook", at=at, about=hook.name)

    await context.database.write(work)


async def behind(context: Context, code_seal: str) -> Hook:
    """Raises `NotFound` for a code that leads nowhere."""
    hook = await context.database.read(stored.by_code, code_seal)
    if hook is None:
        raise NotFound(_NO_HOOK)
    return hook


async def say(context: Context, hook: Hook, draft: Draft) -> Sent:
    """Raises `NotFound`, `ConversationIsOver`, `Encrypted`, and what is wrong with the text. The
    same client_id by the same hook stores once, and gives the first result.
    """
    said, at = messages.checked(draft), context.clock()

    def work(connection: sa.Connection) -> Sent:
        conversation = stored_conversations.by_id(connection, hook.conversation_id)
        if conversation is None:
            raise NotFound(_NO_HOOK)
        if conversation.is_encrypted:
            raise Encrypted(_ENCRYPTED)
        person = stored_participants.by_user(connection, hook.conversation_id, hook.user_id)
        if person is None or person.removed_at is not None:
            raise NotFound(_NO_HOOK)
        try:
            sent = Saying(context, person, said)(connection)
        except ConversationNotFound:
            raise NotFound(_NO_HOOK) from None
        if not sent.duplicate:
            stored.use(connection, hook.id, at=at)
        return sent

    saying = context.database.write(
        work, lambda sent: messages.tell(context, sent), conversation=hook.conversation_id
    )
    return await chatter.noting(context, saying)


def _named(name: str) -> str:
    clean = text.claimed_name(name)
    if not clean:
        raise BadRequest("Give the hook a name: it stands beside what it says.")
    return clean


def _require_legible(found: Found) -> None:
    if found.conversation.is_encrypted:
        raise Encrypted(_ENCRYPTED)


def _participant(
    connection: sa.Connection, found: Found, name: str, *, at: datetime
) -> Participant:
    """Who it is there: on no socket, in no list of people, and nobody else can be it, as nobody
    gets the token of its session.
    """
    user_id = f"hook-{secrets.token_hex(_USER_ID_BYTES)}"
    session, _ = sessions.begin(connection, at=at, in_use=True)
    claim = naming.claim(connection, found.id, name, before=None, is_owner=False, at=at)
    if not (claim.is_alone or _is_of_programs(connection, found, claim)):
        raise Forbidden("Someone here has this name, or one like it. Choose another for the hook.")
    person = stored_participants.insert(
        connection,
        conversation_id=found.id,
        user_id=user_id,
        username=name,
        session_id=session.id,
        role=Role.BOT,
        at=at,
        visits=0,
        name_key=claim.key,
        named_at=claim.since,
        unproven_from=None,
    )
    return stored_participants.change(connection, person, left_at=at, left_for_good=True)


def _is_of_programs(connection: sa.Connection, found: Found, claim: naming.Claim) -> bool:
    """Whether nobody else has such a name, as where a hook is made again."""
    holders = stored_naming.holders(connection, found.id, claim.key)
    return bool(holders) and all(each.role is Role.BOT for each in holders)
