"""Coming in where the door is not open, and what comes with it: a grant, and another token."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import door, envelopes, knocking, proof, sessions
from parley.domain.context import Context
from parley.domain.door import Found
from parley.errors import (
    BadRequest,
    ConversationNotFound,
    Locked,
    PassphraseWrong,
    ReadProofWrong,
)
from parley.records import (
    Conversation,
    KnockAnswered,
    Role,
    Session,
    SessionRenewed,
    Standing,
)
from parley.storage import grants


class Entered(Struct, frozen=True):
    """Somebody who may come in now, as `standing`."""

    conversation: Conversation
    standing: Standing
    session: Session
    token: str | None
    """What proves the session from now on; None where that is what did before."""
    proven: tuple[proof.Proven, ...] = ()
    """Whom the new token proves, in other conversations too."""


async def enter(
    context: Context,
    room_id: str,
    session: Session | None,
    passphrase: str,
    *,
    socket: str | None = None,
) -> Entered:
    """Come in by the passphrase. Raises `PassphraseWrong`, and what else keeps them out.

    Every other socket that speaks for the session than `socket` has to come back with the
    token there is then.
    """
    found = await context.database.read(door.find, room_id, session)
    if found.standing is Standing.REMOVED:
        raise ConversationNotFound
    expected = found.conversation.passphrase_hash
    if found.conversation.is_locked and found.standing is Standing.STRANGER:
        raise Locked
    if expected is None:
        raise BadRequest("This conversation has no passphrase.")
    if not await context.passphrases.is_right(passphrase, expected):
        raise PassphraseWrong
    at = context.clock()

    def work(connection: sa.Connection) -> tuple[Entered, KnockAnswered | None]:
        again = door.find(connection, room_id, session)
        if again.conversation.passphrase_hash != expected:
            raise PassphraseWrong  # changed meanwhile
        return _let_in(context, connection, again, session, at=at)

    return await entered(context, session, work, socket)


async def enter_with_key(
    context: Context,
    room_id: str,
    session: Session | None,
    read_proof: str,
    *,
    socket: str | None = None,
) -> Entered:
    """The same by what somebody has who has the key of an encrypted conversation. Raises
    `ReadProofWrong`, and what else keeps them out.
    """
    shown, at = hashlib.sha256(envelopes.read_proof(read_proof)).digest(), context.clock()

    def work(connection: sa.Connection) -> tuple[Entered, KnockAnswered | None]:
        found = door.find(connection, room_id, session)
        if found.standing is Standing.REMOVED:
            raise ConversationNotFound
        if found.conversation.is_locked and found.standing is Standing.STRANGER:
            raise Locked
        expected = found.conversation.read_proof_hash
        if expected is None:
            raise BadRequest("This conversation is not encrypted.")
        if not hmac.compare_digest(shown, expected):
            raise ReadProofWrong(found.conversation.epoch)
        return _let_in(context, connection, found, session, at=at)

    return await entered(context, session, work, socket)


def _let_in(
    context: Context,
    connection: sa.Connection,
    found: Found,
    session: Session | None,
    *,
    at: datetime,
) -> tuple[Entered, KnockAnswered | None]:
    conversation = found.conversation
    if found.standing in (Standing.STRANGER, Standing.READER):
        if conversation.is_locked:
            raise Locked
        who, token, proven = renewed(connection, session, context)
        grants.give(connection, conversation.id, who.id, Role.MEMBER, at=at)
        knock = knocking.over(connection, conversation, who)
        return Entered(conversation, Standing.MEMBER, who, token, proven), knock
    if found.standing is Standing.REMOVED or session is None:
        raise ConversationNotFound
    return Entered(conversation, found.standing, session, None), None


async def entered(
    context: Context,
    before: Session | None,
    work: Callable[[sa.Connection], tuple[Entered, KnockAnswered | None]],
    socket: str | None = None,
) -> Entered:
    def tell(result: tuple[Entered, KnockAnswered | None]) -> None:
        entered, knock = result
        proof.tell(context, entered.proven)
        if knock is not None:
            context.bus.publish(knock)
        if before is not None and entered.token is not None:
            context.bus.publish(SessionRenewed(before.id, socket, before.device_id))

    return (await context.database.write(work, tell))[0]


def renewed(
    connection: sa.Connection, session: Session | None, context: Context
) -> tuple[Session, str, tuple[proof.Proven, ...]]:
    """The session, with a token that nobody knew before, and whom that proves."""
    at = context.clock()
    if session is None:
        return (*sessions.begin(connection, at=at, in_use=True), ())
    return sessions.renew(connection, session, at=at)
