"""Recovery codes: a way in on paper. Each is good once; making new ones ends those before."""

from __future__ import annotations

import hashlib
import secrets

import sqlalchemy as sa
from msgspec import Struct

from parley.domain import accounts, text
from parley.domain.accounts import Entered, Where
from parley.domain.context import Context
from parley.errors import SignInFailed
from parley.records import Session
from parley.storage import accounts as stored

CODES = 10
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32: no letter that looks like another or like a digit."""
CODE_CHARS = 16
"""80 bits: nobody guesses one, however many there are, so a fast hash is enough."""
GROUP = 4
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", "-": "", " ": ""})


class Started(Struct, frozen=True):
    entered: Entered
    codes: tuple[str, ...]


async def start(context: Context, session: Session | None, where: Where, name: str) -> Started:
    """An account for whom this session is, and the codes by which it is found again: they are told
    once. Raises `SignedInAlready`, `TooLarge` for a name.
    """
    codes, clean, at = _make(), text.label(name), context.clock()

    def work(connection: sa.Connection) -> Entered:
        entered = accounts.begin(connection, session, where, clean, at=at)
        stored.put_codes(connection, entered.account.id, map(_hash, codes), at=at)
        return entered

    entered = await context.database.write(
        work, lambda entered: accounts.tell_entered(context, entered)
    )
    return Started(entered, codes)


async def make(context: Context, session: Session | None) -> tuple[str, ...]:
    """New ones; those before are good no more. Raises `AccountRequired`, `ConfirmationRequired`."""
    codes, at = _make(), context.clock()

    def work(connection: sa.Connection) -> None:
        account, device = accounts.signed_in(connection, session)
        accounts.require_confirmed(device, at)
        stored.put_codes(connection, account.id, map(_hash, codes), at=at)

    await context.database.write(work)
    return codes


async def sign_in(
    context: Context, session: Session | None, where: Where, code: str, *, bring: bool
) -> Entered:
    """By a code, which is used up by it; where they are signed in already, that confirms it.

    Raises `SignInFailed`, `SignedInAlready`, `BadRequest` for too much to bring along.
    """
    code_hash, at = _hash(code), context.clock()

    def work(connection: sa.Connection) -> Entered:
        account_id = stored.use_code(connection, code_hash, at=at)
        account = None if account_id is None else stored.by_id(connection, account_id)
        if account is None:
            raise SignInFailed
        return accounts.enter(context, connection, account, session, where, bring=bring, at=at)

    return await context.database.write(
        work, lambda entered: accounts.tell_entered(context, entered)
    )


def _make() -> tuple[str, ...]:
    return tuple(_code() for _ in range(CODES))


def _code() -> str:
    chars = "".join(secrets.choice(ALPHABET) for _ in range(CODE_CHARS))
    return "-".join(chars[at : at + GROUP] for at in range(0, CODE_CHARS, GROUP))


def _hash(code: str) -> bytes:
    plain = code.strip().lower().translate(_READ_AS)
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()
