"""Signed notes and checkpoints of C2SP (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).

A checkpoint says how large a tree is and what its root is; a note is a text with signatures below
it. The only signatures made and read here are Ed25519's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from parley.proofs.tree import HASH_BYTES

SEED_BYTES = 32
_ED25519 = b"\x01"
_ID_BYTES = 4
_SIGNED = "\N{EM DASH} "


class BadNote(Exception):
    """It is no note, or not one that this key signed: why, as a sentence."""


class Key(NamedTuple):
    """Whose signature is looked for."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """What tells keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        """The one line by which people hand it on."""
        return f"{self.name}+{self.id.hex()}+{_text_of(_ED25519 + self.public)}"

    @classmethod
    def read(cls, line: str) -> Key:
        """Raises `BadNote` for what is no key, or one with a mistake in it."""
        name, _, rest = line.strip().partition("+")
        id, _, public = rest.partition("+")
        try:
            raw = bytes_of(public)
        except ValueError:
            raw = b""
        key = cls(name, raw[1:])
        if not (is_name(name) and raw[:1] == _ED25519 and len(raw) == 1 + SEED_BYTES):
            raise BadNote("This is no public key. It looks like this: name+01234567+AQIDBA…")
        if id != key.id.hex():
            raise BadNote("There is a mistake in the public key: its parts don't fit together.")
        return key


class Checkpoint(NamedTuple):
    """How large a tree is, and its root, as somebody signed it."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{_text_of(self.root)}\n"

    @classmethod
    def read(cls, text: str) -> Checkpoint:
        """Raises `BadNote`, also for what would be written otherwise."""
        lines = text.split("\n")
        try:
            origin, size, root = lines[:3]
            found = cls(origin, int(size), bytes_of(root))
        except ValueError as error:
            raise BadNote("The signed note is no checkpoint.") from error
        if str(found) != text or len(found.root) != HASH_BYTES or found.size < 0:
            raise BadNote("The signed note is no checkpoint.")
        return found


def is_name(name: str) -> bool:
    """Whether a key may be called so."""
    return bool(name) and "+" not in name and not any(each.isspace() for each in name)


class Signer:
    """Signs notes with the key that follows from a secret of `SEED_BYTES`."""

    def __init__(self, name: str, seed: bytes) -> None:
        if not is_name(name):
            raise ValueError("a key's name has neither spaces nor plus signs")
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.key = Key(name, self._private.public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """The note; `text` ends with a line break."""
        signature = self.key.id + self._private.sign(text.encode())
        return f"{text}\n{_SIGNED}{self.key.name} {_text_of(signature)}\n"


def text_signed(note: str, key: Key) -> str:
    """What the note says, once its one signature is known to be this key's. Raises `BadNote`."""
    text, blank, signatures = note.rpartition("\n\n")
    begins = f"{_SIGNED}{key.name} "
    if not blank or not signatures.startswith(begins) or not signatures.endswith("\n"):
        raise BadNote("The signed note is not signed by this key, or it is damaged.")
    try:
        signature = bytes_of(signatures[len(begins) : -1])
    except ValueError:
        signature = b""
    if signature[:_ID_BYTES] != key.id:
        raise BadNote("The signed note is not signed by this key, or it is damaged.")
    text += "\n"
    try:
        public = Ed25519PublicKey.from_public_bytes(key.public)
        public.verify(signature[_ID_BYTES:], text.encode())
    except (InvalidSignature, ValueError) as error:
        raise BadNote("The signature is wrong: the signed note was changed.") from error
    return text


def bytes_of(text: str) -> bytes:
    """What standard base64 stands for. Raises `ValueError` for what could be written otherwise."""
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if _text_of(found) != text:
        raise ValueError("not base64 as it is written")
    return found


def _text_of(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")
