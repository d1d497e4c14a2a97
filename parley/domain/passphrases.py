"""Passphrases: kept as Argon2id hashes, checked a few at a time."""

from __future__ import annotations

import asyncio
import unicodedata

import argon2

from parley.contract import PASSPHRASE_MAX_CHARS
from parley.domain.turns import in_turn
from parley.errors import BadRequest

AT_ONCE = 2
"""Checks at a time: each takes a core for some 30 ms, and 19 MiB."""


class Passphrases:
    """Hashes and checks in threads, off the event loop."""

    def __init__(self) -> None:
        # The figures OWASP's cheat sheet on storing passwords names for Argon2id.
        self._hasher = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def hash(self, passphrase: str) -> str:
        clean = _clean(passphrase)
        return await in_turn(self._turns, lambda: asyncio.to_thread(self._hasher.hash, clean))

    async def is_right(self, passphrase: str, hash: str) -> bool:
        clean = _clean(passphrase)
        return await in_turn(self._turns, lambda: asyncio.to_thread(self._verify, clean, hash))

    def _verify(self, passphrase: str, hash: str) -> bool:
        try:
            return self._hasher.verify(hash, passphrase)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False


def _clean(passphrase: str) -> str:
    """The same whatever the keyboard made of it."""
    clean = unicodedata.normalize("NFKC", passphrase).strip()
    if not clean or len(clean) > PASSPHRASE_MAX_CHARS:
        raise BadRequest(f"A passphrase must have 1 to {PASSPHRASE_MAX_CHARS} characters.")
    try:
        clean.encode()
    except UnicodeEncodeError:
        raise BadRequest("passphrase must not contain unpaired surrogates.") from None
    return clean
