"""Encrypted messages, as far as the server looks at them: shape and size (docs/encryption.md)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from parley.contract import EPOCH_RECORD_MAX_BYTES
from parley.errors import BadRequest, Encrypted, EpochOver, TooLarge

TYPE = "encrypted"
VERSION = 1
EDIT = 2
INTRODUCTION = 3
KINDS = range(1, 6)
HEADER_BYTES = 162
HASH_BYTES = 32
TAG_BYTES = 16
SIZES = frozenset((256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 49152))
INTRODUCTION_MAX_CHARS = (HEADER_BYTES + 1024 + TAG_BYTES) * 4 // 3 + 1
"""A name and a key, with room to spare."""
_EPOCH = slice(2, 6)
RECORD_HEAD_BYTES = 165
_RECORD_HISTORY_BYTES = 98
_RECORD_WRAPPED_BYTES = 97
_RECORD_SIGNATURE_BYTES = 64
_COUNT = slice(RECORD_HEAD_BYTES + _RECORD_HISTORY_BYTES, RECORD_HEAD_BYTES + 100)
_RECORD_LEAST_BYTES = _COUNT.stop + _RECORD_SIGNATURE_BYTES
_DIGEST_LABEL = b"parley-encryption-1\0digest\0"
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_NO_RECORD = "record must be one of a new key as docs/encryption.md describes them, in base64url."
_NOT_ONE = "message must be one as docs/encryption.md describes them, in base64url."


def require_new(
    text: str, *, type: str | None, client_id: str | None, names_others: bool, epoch: int
) -> None:
    """Raises `Encrypted` where somebody is about to tell the server what they say, `BadRequest`
    for what is no encrypted message, and `EpochOver` for one under another key than `epoch`'s.
    """
    if type != TYPE:
        raise Encrypted("This conversation is encrypted: only encrypted messages can be sent.")
    if client_id is None:
        raise BadRequest("An encrypted message needs the client_id it was encrypted with.")
    if names_others:
        raise Encrypted("What an encrypted message answers, and whom it means, is told within it.")
    octets = _octets(text)
    if octets[1] == EDIT:
        raise BadRequest("message is an edit: send it as one.")
    _require_epoch(octets, epoch)


def is_introduction(text: str, *, type: str | None) -> bool:
    """Whether it says who somebody is, and by its length nothing else."""
    octets = _from_base64url(text) if type == TYPE and len(text) <= INTRODUCTION_MAX_CHARS else None
    return octets is not None and octets[:2] == bytes((VERSION, INTRODUCTION))


def require_edit(text: str, *, of: str, epoch: int) -> None:
    """The same of what a message is replaced by: it has to name the one it replaces, so that
    whoever reads can still tell that nothing was left out. It is under the key there is now,
    whatever the message was under.
    """
    octets = _octets(text)
    if octets[1] != EDIT or octets[HEADER_BYTES - HASH_BYTES : HEADER_BYTES] != first_digest(of):
        raise BadRequest("message must be an edit of this one, as it was first sent.")
    _require_epoch(octets, epoch)


def first_digest(text: str) -> bytes:
    """Of a message as it was first sent, whatever it was edited to since."""
    octets = _octets(text)
    if octets[1] == EDIT:
        return octets[HEADER_BYTES - HASH_BYTES : HEADER_BYTES]
    return hashlib.sha256(_DIGEST_LABEL + octets).digest()


def left_of(text: str) -> str:
    """What is kept of a deleted message: by its digest others still know that it stood there."""
    return base64.urlsafe_b64encode(first_digest(text)).decode().rstrip("=")


def read_proof(text: str) -> bytes:
    """Thirty-two bytes, or their hash. Raises `BadRequest`."""
    octets = _from_base64url(text)
    if octets is None or len(octets) != HASH_BYTES:
        raise BadRequest("A read proof, and its hash, is 32 bytes in base64url.")
    return octets


def epoch_record(text: str) -> tuple[int, bytes]:
    """What is kept of a new key: its number, and the record itself. Who made it, and for whom, is
    for clients to check. Raises `BadRequest`, `TooLarge`.
    """
    octets = _from_base64url(text)
    if octets is not None and len(octets) > EPOCH_RECORD_MAX_BYTES:
        raise TooLarge(f"record is too long: at most {EPOCH_RECORD_MAX_BYTES:,} bytes.")
    if octets is None or len(octets) < _RECORD_LEAST_BYTES or octets[0] != VERSION:
        raise BadRequest(_NO_RECORD)
    count = int.from_bytes(octets[_COUNT], "big")
    number = int.from_bytes(octets[1:5], "big")
    if len(octets) != _RECORD_LEAST_BYTES + count * _RECORD_WRAPPED_BYTES or not number:
        raise BadRequest(_NO_RECORD)
    return number, octets


def _require_epoch(octets: bytes, epoch: int) -> None:
    if int.from_bytes(octets[_EPOCH], "big") != epoch:
        raise EpochOver(epoch)


def _octets(text: str) -> bytes:
    octets = _from_base64url(text)
    if octets is None or len(octets) - HEADER_BYTES - TAG_BYTES not in SIZES:
        raise BadRequest(_NOT_ONE)
    if octets[0] != VERSION or octets[1] not in KINDS:
        raise BadRequest(_NOT_ONE)
    return octets


def _from_base64url(text: str) -> bytes | None:
    """None for all but the one spelling that some bytes have."""
    if not _BASE64URL.fullmatch(text):
        return None
    try:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        return None
    return octets if base64.urlsafe_b64encode(octets).decode().rstrip("=") == text else None
