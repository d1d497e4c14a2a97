"""Encrypted messages, as far as the server looks at them: shape and size (docs/encryption.md)."""

from __future__ import annotations

import base64
import hashlib
import string
import struct

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
RECORD_HEAD_BYTES = 165
_RECORD_HISTORY_BYTES = 98
_RECORD_WRAPPED_BYTES = 97
_RECORD_SIGNATURE_BYTES = 64
_COUNT = slice(RECORD_HEAD_BYTES + _RECORD_HISTORY_BYTES, RECORD_HEAD_BYTES + 100)
_RECORD_LEAST_BYTES = _COUNT.stop + _RECORD_SIGNATURE_BYTES
_DIGEST_LABEL = b"parley-encryption-1\0digest\0"
_NO_RECORD = "record must be one of a new key as docs/encryption.md describes them, in base64url."
_ALPHABET = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_").encode()
# By what is left of the length over fours: what the last sign may be, whose unused bits are zero.
_LAST = {0: _ALPHABET, 2: _ALPHABET[::16], 3: _ALPHABET[::4]}
_LENGTHS = frozenset(-(-(HEADER_BYTES + TAG_BYTES + size) * 4 // 3) for size in SIZES)
"""Of envelopes, in base64url."""
_BEGINNING = struct.Struct(">BBI")
"""Version, kind and number of the epoch: eight signs of base64url."""
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
    kind, under = _beginning(text)
    if kind == EDIT:
        raise BadRequest("message is an edit: send it as one.")
    _require_epoch(under, epoch)


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
    _require_epoch(_beginning(text)[1], epoch)


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


def _require_epoch(number: int, epoch: int) -> None:
    if number != epoch:
        raise EpochOver(epoch)


def _octets(text: str) -> bytes:
    _beginning(text)
    return _decoded(text)


def _beginning(text: str) -> tuple[int, int]:
    """The kind, and the number of the epoch. Looks at the beginning, the length and the spelling:
    every message comes through here.

    Raises `BadRequest` for what is no envelope.
    """
    if len(text) not in _LENGTHS or not _is_base64url(text):
        raise BadRequest(_NOT_ONE)
    version, kind, epoch = _BEGINNING.unpack(base64.urlsafe_b64decode(text[:8]))
    if version != VERSION or kind not in KINDS:
        raise BadRequest(_NOT_ONE)
    return kind, epoch


def _from_base64url(text: str) -> bytes | None:
    """None for all but the one spelling that some bytes have."""
    return _decoded(text) if _is_base64url(text) else None


def _is_base64url(text: str) -> bool:
    if not text.isascii():
        return False
    octets = text.encode()
    # Whatever is left once its signs are taken out is none of them.
    if octets.translate(None, _ALPHABET) or len(octets) % 4 == 1:
        return False
    return not octets or octets[-1] in _LAST[len(octets) % 4]


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
