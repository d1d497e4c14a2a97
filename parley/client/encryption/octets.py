"""Bytes as the format writes them, and the two functions everything is derived with."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from parley.client.encryption.errors import Unreadable

PREFIX = b"parley-encryption-1\0"
"""Before everything that is hashed, signed or derived: so nothing made here passes elsewhere."""

NUMBER_MAX = 2**53 - 1

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def labelled(label: str, *parts: bytes) -> bytes:
    return PREFIX + label.encode() + b"\0" + b"".join(parts)


def derive(label: str, secret: bytes, context: bytes = b"", *, length: int = 32) -> bytes:
    """HKDF-SHA256 (RFC 5869) without a salt."""
    info = labelled(label, context)
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=info).derive(secret)


def sha256(label: str, *parts: bytes) -> bytes:
    return hashlib.sha256(labelled(label, *parts)).digest()


def u16(number: int) -> bytes:
    return number.to_bytes(2, "big")


def u32(number: int) -> bytes:
    return number.to_bytes(4, "big")


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def counted(text: str) -> bytes:
    """UTF-8 behind its length."""
    encoded = text.encode()
    return u16(len(encoded)) + encoded


def to_base64url(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The one spelling there is of some bytes. Raises `Unreadable` for every other."""
    if not _BASE64URL.fullmatch(text):
        raise Unreadable("malformed")
    try:
        octets = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Unreadable("malformed") from None
    if to_base64url(octets) != text:
        raise Unreadable("malformed")
    return octets


class Reader:
    """Takes pieces off the front."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.at = 0

    def take(self, length: int) -> bytes:
        """Raises `Unreadable` where there are fewer."""
        piece = self._octets[self.at : self.at + length]
        if len(piece) != length:
            raise Unreadable("malformed")
        self.at += length
        return piece

    def number(self, length: int) -> int:
        """Raises `Unreadable` too for what a browser could not count."""
        number = int.from_bytes(self.take(length), "big")
        if number > NUMBER_MAX:
            raise Unreadable("malformed")
        return number

    def rest(self) -> bytes:
        piece = self._octets[self.at :]
        self.at = len(self._octets)
        return piece
