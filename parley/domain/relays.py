"""STUN and TURN servers, by which browsers in a call find a way to each other.

TURN servers take credentials that this server makes, as `draft-uberti-behave-turn-rest-00` has it
and coturn does with `use-auth-secret`: the username is when they expire and who they are for, the
credential an HMAC of it by a secret that both know. So nothing is stored, and nobody keeps one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from msgspec import Struct

from parley.config import Config
from parley.domain import access, door
from parley.domain.context import Context
from parley.errors import CallsOff, NotJoined, TurnUnusable
from parley.records import Offered, RelayKey, Session

LASTS = timedelta(hours=2)
"""What began by then goes on."""
SECRET_MAX_BYTES = 4_096
_PURPOSE = "turn"
_TAG_CHARS = 16


class Relays(Struct, frozen=True):
    """Those of this server."""

    stun: tuple[str, ...]
    turn: tuple[str, ...]
    secret: str
    is_relay_only: bool


def relays_of(config: Config) -> Relays | None:
    """None where there are no calls. Raises `TurnUnusable`."""
    if not config.calls:
        return None
    secret = config.turn_secret
    if config.turn_secret_file is not None:
        if secret:
            raise TurnUnusable("Give --turn-secret or --turn-secret-file, not both.")
        secret = _read(config.turn_secret_file)
    if config.turn and not secret:
        raise TurnUnusable("--turn needs --turn-secret-file: coturn's static-auth-secret.")
    if secret and not config.turn:
        raise TurnUnusable("--turn-secret needs --turn, the address of a TURN server.")
    if config.calls_relayed == "on" and not config.turn:
        raise TurnUnusable("--calls-relayed on needs --turn, the address of a TURN server.")
    is_relay_only = config.calls_relayed == "on" or (
        config.calls_relayed == "auto" and bool(config.turn)
    )
    return Relays(config.stun, config.turn, secret, is_relay_only)


async def offered(
    context: Context, relays: Relays, room_id: str, session: Session | None
) -> Offered:
    """For whoever may call there. Raises `NotJoined`, `CallsOff`, `ReadOnly`,
    `ConversationIsOver`.
    """

    def query(connection: sa.Connection) -> tuple[int, str]:
        found = door.readable(connection, room_id, session)
        if found.person is None:
            raise NotJoined
        access.require_posting(found.conversation, found.person)
        if not found.conversation.has_calls:
            raise CallsOff
        return found.id, found.person.user_id

    conversation_id, user_id = await context.database.read(query)
    key = None
    if relays.turn:
        expires_at = context.clock() + LASTS
        # The TURN server may tell two people apart, and not who they are.
        who = context.tag(_PURPOSE, f"{conversation_id} {user_id}")[:_TAG_CHARS]
        key = key_for(relays.secret, who, expires_at)
    return Offered(relays.stun, relays.turn, key, relays.is_relay_only)


def key_for(secret: str, who: str, expires_at: datetime) -> RelayKey:
    """What a TURN server with this secret takes of somebody, until then."""
    username = f"{int(expires_at.timestamp())}:{who}"
    digest = hmac.digest(secret.encode(), username.encode(), hashlib.sha1)
    return RelayKey(username, base64.b64encode(digest).decode(), expires_at)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            text = file.read(SECRET_MAX_BYTES + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise TurnUnusable(f"The secret in {path} cannot be read: {reason}.") from error
    secret = text.strip("\r\n")
    if not secret or len(text) > SECRET_MAX_BYTES or "\n" in secret:
        raise TurnUnusable(f"{path} should hold the secret of the TURN server, on one line.")
    return secret
