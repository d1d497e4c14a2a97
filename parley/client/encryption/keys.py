"""The link's key, its passphrase, and what an epoch has of them."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from urllib.parse import parse_qsl

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from parley.client.encryption.errors import Unreadable
from parley.client.encryption.octets import derive, from_base64url, to_base64url, u32

KEY_BYTES = 32
PERSON_ID_BYTES = 16
ITERATIONS = 600_000
"""Of PBKDF2-HMAC-SHA256: what OWASP's cheat sheet on storing passwords asks for."""
ITERATIONS_MAX = 10_000_000
FRAGMENT_MAX_CHARS = 1_000
# As some programs write them that pass a link on.
_AMPERSANDS = re.compile("&amp;|%26(?:amp(?:;|%3b))?", re.IGNORECASE)
_EQUALS = re.compile("%3d", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class LinkKey:
    """What stands behind the `#` of a link."""

    key: bytes
    iterations: int = 0
    """Of the passphrase that belongs to it; 0 where it has none."""
    owner: bytes = b""
    """The id of the person who began the conversation, where the link says it."""

    @classmethod
    def generate(cls, *, with_passphrase: bool = False, owner: bytes = b"") -> LinkKey:
        return cls(secrets.token_bytes(KEY_BYTES), ITERATIONS if with_passphrase else 0, owner)

    @classmethod
    def parse(cls, fragment: str) -> LinkKey:
        """Raises `Unreadable` for what is no key."""
        fields: dict[str, str] = {}
        told = fragment.removeprefix("#")[:FRAGMENT_MAX_CHARS]
        for name, value in parse_qsl(_EQUALS.sub("=", _AMPERSANDS.sub("&", told))):
            fields.setdefault(name, value)
        key = from_base64url(fields.get("k", ""))
        owner = from_base64url(fields.get("o", ""))
        rounds = fields.get("p", "0")
        if len(key) != KEY_BYTES or len(owner) not in (0, PERSON_ID_BYTES):
            raise Unreadable("malformed")
        if not (rounds.isascii() and rounds.isdigit() and len(rounds) <= 8):
            raise Unreadable("malformed")
        iterations = int(rounds)
        # A link that asked for fewer would have its passphrase told to the server by the proof.
        if iterations and not ITERATIONS <= iterations <= ITERATIONS_MAX:
            raise Unreadable("malformed")
        return cls(key, iterations, owner)

    def fragment(self) -> str:
        passphrase = f"&p={self.iterations}" if self.iterations else ""
        owner = f"&o={to_base64url(self.owner)}" if self.owner else ""
        return f"k={to_base64url(self.key)}{passphrase}{owner}"

    def stretched(self, passphrase: str) -> bytes:
        """What the passphrase adds to the key: takes about a third of a second."""
        salt = derive("passphrase salt", self.key, length=16)
        kdf = PBKDF2HMAC(
            algorithm=hashes.SHA256(), length=KEY_BYTES, salt=salt, iterations=self.iterations
        )
        return kdf.derive(unicodedata.normalize("NFKC", passphrase).encode())


@dataclass(frozen=True, slots=True, repr=False)
class Epoch:
    """One key's time. Everything said in it is encrypted under what is derived from `secret`."""

    number: int
    key: bytes
    """The link's."""
    stretched: bytes
    """The passphrase's part; empty where there is none."""
    secret: bytes

    @classmethod
    def derive(cls, key: bytes, *, stretched: bytes = b"", number: int = 0) -> Epoch:
        return cls(number, key, stretched, derive("epoch", key + stretched, u32(number)))

    @property
    def proof(self) -> bytes:
        """What the server is shown by whoever wants to read."""
        return derive("read proof", self.secret)

    @property
    def proof_hash(self) -> bytes:
        """What the server keeps of it."""
        return hashlib.sha256(self.proof).digest()

    @property
    def room(self) -> bytes:
        """The room's tag, of its first epoch: it stays what it is in all later ones."""
        if self.number:
            raise ValueError("Only the first epoch has the room's tag; later ones are told it.")
        return derive("room", self.secret, length=16)

    @property
    def commitment(self) -> bytes:
        return derive("epoch commitment", self.secret)
