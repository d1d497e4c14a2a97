"""What is pushed, encrypted for one browser (RFC 8291, in the coding `aes128gcm` of RFC 8188)."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BODY_MAX_BYTES = 4_096
"""What every push service takes at least, and some at most (RFC 8030, section 7.2)."""
KEY_BYTES, AUTH_BYTES = 65, 16
_SALT_BYTES, _TAG_BYTES = 16, 16
_HEAD_BYTES = _SALT_BYTES + 4 + 1 + KEY_BYTES
_LAST = b"\x02"
"""Ends the only record there is: RFC 8291 allows no second one, and browsers drop it unsaid."""
TEXT_MAX_BYTES = BODY_MAX_BYTES - _HEAD_BYTES - len(_LAST) - _TAG_BYTES
"""So much fits."""


def public_key(key: bytes) -> ec.EllipticCurvePublicKey:
    """A browser's key: a point of P-256, uncompressed. Raises `ValueError` for what is none."""
    if len(key) != KEY_BYTES:
        raise ValueError("not an uncompressed point of P-256")
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), key)


def encrypt(
    text: bytes,
    *,
    key: bytes,
    auth: bytes,
    salt: bytes | None = None,
    ours: ec.EllipticCurvePrivateKey | None = None,
) -> bytes:
    """The body for the browser that gave `key` (`p256dh`) and `auth`.

    `salt` and `ours` are new each time; given only to compare with what others make of them.
    Raises `ValueError` for a text that is too long, and for a key that is none.
    """
    if len(text) > TEXT_MAX_BYTES:
        raise ValueError(f"more than {TEXT_MAX_BYTES} bytes")
    theirs = public_key(key)
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    ours = ours or ec.generate_private_key(ec.SECP256R1())
    public = ours.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    try:
        shared = ours.exchange(ec.ECDH(), theirs)
    except InvalidKey as error:
        raise ValueError("not a key") from error
    known = _derive(shared, auth, b"WebPush: info\0" + key + public, 32)
    content_key = _derive(known, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derive(known, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + BODY_MAX_BYTES.to_bytes(4, "big") + bytes([KEY_BYTES]) + public
    return head + AESGCM(content_key).encrypt(nonce, text + _LAST, None)


def _derive(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)
