"""Encrypted messages, as far as the server looks at them: shape and size (docs/encryption.md)."""

from __future__ import annotations

import base64
import hashlib
import string

from parley.errors import BadRequest, Encrypted

TYPE = "encrypted"
VERSION = 1
EDIT = 2
KINDS = range(1, 6)
HEADER_BYTES = 162
HASH_BYTES = 32
TAG_BYTES = 16
SIZES = frozenset((256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 49152))
_DIGEST_LABEL = b"parley-encryption-1\0digest\0"
_ALPHABET = (string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_").encode()
# By what is left of the length over fours: what the last sign may be, whose unused bits are zero.
_LAST = {0: _ALPHABET, 2: _ALPHABET[::16], 3: _ALPHABET[::4]}
_LENGTHS = frozenset(-(-(HEADER_BYTES + TAG_BYTES + size) * 4 // 3) for size in SIZES)
"""Of envelopes, in base64url."""
_KINDS_BY_BEGINNING = {
    base64.urlsafe_b64encode(bytes((VERSION, kind, third))).decode()[:3]: kind
    for kind in KINDS
    for third in range(0, 256, 64)
}
"""Three signs are two bytes, and two bits of the next."""
_NOT_ONE = "message must be one as docs/encryption.md describes them, in base64url."


def require_new(text: str, *, type: str | None, client_id: str | None, names_others: bool) -> None:
    """Raises `Encrypted` where somebody is about to tell the server what they say, or
    `BadRequest` for what is no encrypted message.
    """
    if type != TYPE:
        raise Encrypted("This conversation is encrypted: only encrypted messages can be sent.")
    if client_id is None:
        raise BadRequest("An encrypted message needs the client_id it was encrypted with.")
    if names_others:
        raise Encrypted("What an encrypted message answers, and whom it means, is told within it.")
    if _kind(text) == EDIT:
        raise BadRequest("message is an edit: send it as one.")


def require_edit(text: str, *, of: str) -> None:
    """The same of what a message is replaced by: it has to name the one it replaces, so that
    whoever reads can still tell that nothing was left out.
    """
    octets = _octets(text)
    if octets[1] != EDIT or octets[HEADER_BYTES - HASH_BYTES : HEADER_BYTES] != first_digest(of):
        raise BadRequest("message must be an edit of this one, as it was first sent.")


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


def _octets(text: str) -> bytes:
    _kind(text)
    return _decoded(text)


def _kind(text: str) -> int:
    """Looks at the beginning, the length and the spelling: every message comes through here.

    Raises `BadRequest` for what is no envelope.
    """
    if len(text) not in _LENGTHS or not _is_base64url(text):
        raise BadRequest(_NOT_ONE)
    kind = _KINDS_BY_BEGINNING.get(text[:3])
    if kind is None:
        raise BadRequest(_NOT_ONE)
    return kind


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
